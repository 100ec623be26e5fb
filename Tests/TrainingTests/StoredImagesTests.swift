import Testing

@testable import Training

/// Images that are only looked at: as bytes they give the bits that their floats give.
@Suite struct StoredImagesTests {
    private static func jobs(_ network: NetworkSpec) -> (floats: TrainingJob, bytes: TrainingJob) {
        var job = smallJob(network)
        let table = generated("table", count: 512, -2, 2)
        // More than one block of 32 evaluation blocks (256 images of a ConvNet), and a rest.
        let count = 613
        let bytes = generated("pixels", count: count * job.shape.count, 0, 255.9).map { UInt8($0) }
        let plane = job.shape.height * job.shape.width
        let floats = bytes.enumerated().map { at, byte in table[256 * (at / plane % 2) + Int(byte)] }
        let labels = (0..<count).map { Int32($0 % 4) }
        job.recordsFeatures = true
        var other = job
        job.evaluation = [EvaluationSet(name: "test", images: floats, labels: labels)]
        job.recorded = .floats(floats)
        other.evaluation = [EvaluationSet(name: "test", images: .bytes(bytes, table: table), labels: labels)]
        other.recorded = .bytes(bytes, table: table)
        return (job, other)
    }

    @Test(arguments: [NetworkSpec.mlp(hidden: [5]), .convnet(depth: 2, width: 4)], [1, 3])
    func bytesAreTheirFloats(network: NetworkSpec, threads: Int) throws {
        var (floats, bytes) = Self.jobs(network)
        bytes.threads = threads
        floats.checkpoints = [40, 500]
        bytes.checkpoints = [40, 500]
        let (a, b) = (try run(floats), try run(bytes))
        #expect(a.map(\.checkpoint) == b.map(\.checkpoint))
        #expect(a.last?.checkpoint.logits?.rows == 613 && a.last?.checkpoint.features?.rows == 613)
        #expect(a.last?.checkpoint.test?.logits == a.last?.checkpoint.logits)
    }

    /// What is recorded does not act on what is trained.
    @Test func recordingOthersChangesNoWeight() throws {
        let plain = try run(smallJob(.mlp(hidden: [5])))
        var job = Self.jobs(.mlp(hidden: [5])).bytes
        job.evaluation = smallJob(.mlp(hidden: [5])).evaluation
        let recorded = try run(job)
        #expect(plain.map(\.state) == recorded.map(\.state))
    }

    @Test func contradictionsAreRefused() throws {
        let faults: [(String, (inout TrainingJob) -> Void)] = [
            ("a table of 3 values", { $0.recorded = .bytes([1], table: [1, 2, 3]) }),
            ("1 pixels are no images", { $0.recorded = .floats([1]) }),
            ("0 pixels are no images", { $0.recorded = .floats([]) }),
            ("the training pass has no logits of images", { $0.recordedPass = .both }),
        ]
        for (wording, damage) in faults {
            var job = Self.jobs(.mlp(hidden: [5])).floats
            damage(&job)
            do {
                _ = try Trainer(job)
                Issue.record("accepted: \(wording)")
            } catch {
                #expect("\(error)".contains(wording), "\(error)")
            }
        }
    }
}
