import Tables
import Testing

@testable import Importers

/// `--epoch-base` and `--steps-per-epoch` mean the same wherever numbers come from.
@Suite struct EpochCountTests {
    /// Steps 49, 99 and 149 of 50 to an epoch, the first step being 0, end epochs 1, 2 and 3.
    @Test func stepsFromZeroMeanOneThing() throws {
        let folder = try TemporaryFolder()
        let metrics = try folder.write("metrics.csv", "step,val_loss\n49,3\n99,2\n149,1\n")
        let rows = [49, 99, 149].flatMap { step in [0, 1].map { "\(step),\($0),0,0.5" } }
        let samples = try folder.write(
            "samples.csv", "step,sample_id,label,el2n\n" + rows.joined(separator: "\n") + "\n")
        let arrays = ["steps", "labels.npy"].map { ArrayFixtures.folder + "/files/" + $0 }
        for (importer, paths) in [(Importer.csv, [metrics]), (.csv, [samples]), (.npy, arrays)] {
            for (base, expected) in [(0, [1, 2, 3]), (1, [0.98, 1.98, 2.98])] {
                let run = try #require(
                    try importer.read(
                        paths,
                        .testing { ($0.epochBase, $0.stepsPerEpoch, $0.batchSize, $0.id) = (base, 50, 4, "x") }
                    ).first)
                #expect(run.epochs == expected, "\(paths)")
                #expect(run.notes.contains { $0.contains("divided by 50 steps per epoch") }, "\(run.notes)")
                if run.samples == nil || run.arrays.first?.object == "/logits" {
                    #expect(run.samplesSeen == (base == 0 ? [200, 400, 600] : [196, 396, 596]))
                }
            }
        }
    }

    @Test(arguments: [
        (0, nil, 0.0, 1.0), (1, nil, 0, 0), (1, nil, 2.5, 2.5), (0, 100, 99, 1), (1, 100, 50, 0.5), (0, 100, 0, 0.01),
    ])
    func numbersBecomeEpochs(base: Int, steps: Double?, number: Double, epoch: Double) {
        #expect(EpochCount(base: base, stepsPerEpoch: steps).epochs(number) == epoch)
    }

    /// Files that begin at 1 are not counted from 0.
    @Test(arguments: [(0, "1", true), (0, "0", false), (1, "1", false)])
    func aDoubtfulBaseIsSaid(base: Int, first: String, isDoubtful: Bool) throws {
        let folder = try TemporaryFolder()
        let log = try folder.write("m.csv", "epoch,val_loss\n\(first),3\n5,2\n")
        let samples = try folder.write("s.csv", "epoch,sample_id,label,el2n\n\(first),0,0,0.5\n5,0,0,0.4\n")
        for path in [log, samples] {
            let run = try #require(
                try Importer.csv.read([path], .testing { ($0.epochBase, $0.id) = (base, "x") }).first)
            #expect(run.warnings.contains { $0.contains("makes it the second") } == isDoubtful, "\(run.warnings)")
        }
        let count = EpochCount(base: 0, stepsPerEpoch: 50)
        #expect(count.doubt(first: count.epochs(1)) != nil && count.doubt(first: count.epochs(49)) == nil)
    }

    /// An id that was given, and one that a file's name gives.
    @Test func noFormatTakesANameOfTheStores() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("a.csv", "epoch,loss\n1,2\n")
        for id in ["a.partial", "a.h5/b", "a//b", ".a", "../a"] {
            let error = #expect(throws: ImportError.self) { try Importer.csv.read([path], .testing { $0.id = id }) }
            #expect(error?.path == path && error?.reason.contains("give another one with --id") == true)
        }
    }
}
