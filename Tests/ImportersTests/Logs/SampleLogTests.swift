import Records
import Tables
import Testing

@testable import Importers

@Suite struct SampleLogTests {
    private let ranks = ["tables/samples-rank0.csv", "tables/samples-rank1.csv"].map(LogFixtures.path)

    @Test func shuffledRowsAreScatteredByID() throws {
        let wanted = try #require(try LogFixtures.expected("tables.json")["samples"])
        let runs = try Importer.csv.read(ranks, .testing())
        let run = try runs.run("samples")
        #expect(runs.count == 1 && run.epochs == [1, 2, 3] && run.description.classes == 3)
        #expect(run.samples?.ids.map { JSON.integer(Int($0)) } == wanted["id"]?.items)
        #expect(run.samples?.labels.map { JSON.integer(Int($0)) } == wanted["label"]?.items)
        #expect(run.arrays.map(\.object) == ["/scores/target_probability", "/scores/correct", "/logits"])
        #expect(run.arrays.map(\.shape) == [[3, 7], [3, 7], [3, 7, 3]])
        #expect(try run.values("/logits") == wanted["logits"]?.flattened)
        #expect(try run.values("/scores/correct") == wanted["correct"]?.flattened)
        #expect(run.notes(with: "3 rows repeated a sample within a checkpoint: the first counts.") == 1)
        #expect(run.notes(with: "Columns left out: host.") == 1 && run.sources.count == 2)
    }

    /// The padding's probability is 1 higher than the sample's own: the order of the ranks decides which is first.
    @Test func repeatsCountAsTheUserSays() throws {
        let expected = try LogFixtures.expected("tables.json")
        let wanted = try #require(expected["samples"]?["target_probability"]?.flattened)
        let padded = (expected["padded"]?.items ?? []).compactMap(\.int)
        let first = try Importer.csv.read(ranks, .testing())[0].values("/scores/target_probability")
        #expect(first == wanted)
        let mean = try Importer.csv.read(ranks, .testing { $0.duplicates = .mean })[0]
            .values("/scores/target_probability")
        for (i, value) in mean.enumerated() {
            let isPadded = padded[i / 7] == i % 7
            // Two single-precision additions below 4: within 2⁻²².
            #expect(abs(value - wanted[i] - (isPadded ? 0.5 : 0)) < 0x1p-22)
        }
        let error = #expect(throws: ImportError.self) {
            try Importer.csv.read(ranks, .testing { $0.duplicates = .fail })
        }
        #expect(error?.reason.contains("occurs again in epoch 1; --duplicates first or mean would accept it") == true)
        #expect(error?.place?.hasPrefix("line ") == true && error?.path == ranks[1])
    }

    @Test func trainingDynamicsAreReadFromAFilePerEpoch() throws {
        let wanted = try #require(try LogFixtures.expected("tables.json")["cartography"])
        let runs = try Importer.jsonl.read([LogFixtures.path("tables/cartography")], .testing())
        let run = try runs.run("dynamics")
        #expect(run.epochs == [1, 2, 3] && run.samples?.ids == [0, 1, 2, 3, 4, 5, 6])
        #expect(run.samples?.names.map { JSON($0) } == wanted["name"])
        #expect(run.samples?.labels.map { JSON.integer(Int($0)) } == wanted["label"]?.items)
        #expect(try run.values("/logits") == wanted["logits"]?.flattened)
        #expect(run.notes(with: "Epochs are counted from 0 in the files; 1 is added") == 1)
    }

    /// Rows in any order, in blocks of any size, mean the same.
    @Test func orderAndBlocksDoNotMatter() throws {
        let folder = try TemporaryFolder()
        var lines = (0..<400).map { "\($0 % 4 + 1),\($0 / 4),\($0 / 4 % 5),\(Double($0 * 37 % 101) / 101)" }
        let header = "epoch,sample_id,label,el2n\n"
        let a = try Importer.csv.read([folder.write("a.csv", header + lines.joined(separator: "\n"))], .testing())[0]
        var generator = SplitMix(state: 4)
        lines.shuffle(using: &generator)
        let b = try Importer.csv.read(
            [folder.write("b.csv", header + lines.joined(separator: "\n") + "\n")], .testing())[0]
        #expect(a.samples == b.samples && a.epochs == b.epochs)
        #expect(try a.values("/scores/el2n") == b.values("/scores/el2n"))
        let path = try folder.write("c.csv", header + lines.joined(separator: "\r\n\r\n"))
        for size in [1, 7, 64, 1 << 20] {
            var blocks = try TableBlocks(path, isJSON: false, blockSize: size)
            var rows = 0
            while let block = try blocks.next() {
                for row in 0..<block.table.rowCount {
                    let cells = lines[rows].split(separator: ",")
                    #expect(try block.texts("sample_id")[row] == cells[1])
                    #expect(block.line(row) == 2 + 2 * rows)
                    rows += 1
                }
            }
            #expect(rows == 400, "blocks of \(size)")
        }
    }

    @Test(arguments: [
        ("1,0,1,0.5\n2,0,2,0.5\n", "line 3, column 'label': sample 0 has the label 2 here and 1 before"),
        ("1,0,1,0.5\n1,1,1,0.5\n2,1,1,0.5\n", "sample 0 is missing in epoch 2, though epoch 1 has it"),
        ("1,0,-1,0.5\n", "line 2, column 'label': -1 is no class: an integer from 0 is needed"),
        ("1,0,1.5,0.5\n", "line 2, column 'label': 1.5 is no class"),
        (
            "1,0,1,0.5\n1,1,1,\n",
            "line 3, column 'el2n': the value is empty or NaN where a number is needed: sample 1, epoch 1"
        ),
        ("1,0,1,1e60\n", "line 2, column 'el2n': the value is 1e+60, which single precision does not hold,"),
        ("1,0,1,word\n", "line 2, byte 7: 'word' in column 'el2n' is not a number"),
        ("1,0.5,1,0.5\n", "line 2, column 'sample_id': 0.5 is no sample id: an integer is needed"),
        (",0,1,0.5\n", "line 2, column 'epoch': NaN is not a number of epochs"),
        ("1,9007199254740993,1,0.5\n", "line 2, column 'sample_id': 9007199254740993 is beyond 2^53"),
    ])
    func faultsNameTheirPlace(rows: String, message: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("t.csv", "epoch,sample_id,label,el2n\n" + rows)
        let error = #expect(throws: ImportError.self) { try Importer.csv.read([path], .testing()) }
        #expect(error?.description.hasPrefix("\(path): \(message)") == true, "\(String(describing: error))")
    }

    @Test(arguments: [
        (
            #"{"epoch": 1, "id": 1, "label": 0, "logits": [1, NaN]}"#,
            "logit 1 is empty, NaN or infinite where a number is needed: sample 1, epoch 1, class 1"
        ),
        (#"{"epoch": 1, "id": 1, "label": 0, "logits": [1, 1e400]}"#, "1e400 is too large for a double"),
        (#"{"epoch": 1, "id": 1, "label": 0, "logits": 7}"#, "'7' is no array of logits"),
        (#"{"epoch": 1, "id": 1, "label": 2, "logits": [1, 2]}"#, "sample 1 has the label 2, expected 0…1"),
        (#"{"epoch": 1, "id": 1, "label": 0, "el2n": 1e400}"#, "1e400 is too large for a double"),
    ])
    func badLogitsAreNamed(line: String, message: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("t.jsonl", line + "\n")
        let error = #expect(throws: ImportError.self) { try Importer.jsonl.read([path], .testing()) }
        #expect(error?.reason.hasPrefix(message) == true, "\(String(describing: error))")
    }

    /// An epoch per row would need a value of every sample at each: memory is not taken for what no file can hold.
    @Test func epochsThatAreNoneAreNoticed() throws {
        let folder = try TemporaryFolder()
        let rows = (0..<20_000).map { "\(1_700_000_000 + $0),\($0),1,0.5" }
        let path = try folder.write("t.csv", "epoch,sample_id,label,el2n\n" + rows.joined(separator: "\n"))
        let error = #expect(throws: ImportError.self) { try Importer.csv.read([path], .testing()) }
        #expect(error?.reason.hasSuffix("is this the column of epochs?") == true)
    }

    @Test func probabilitiesAreNoLogits() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("t.csv", "epoch,id,label,prob_0,prob_1\n1,0,1,0.2,0.8\n1,1,0,0.5,0.5\n")
        let error = #expect(throws: ImportError.self) { try Importer.csv.read([path], .testing()) }
        #expect(error?.reason.hasPrefix("probabilities of each class ('prob_0', …) are not read, logits are") == true)
    }

    @Test func columnsMayBeMapped() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("epoch_4.csv", "nr,y,p\n5,0,0.25\n2,1,0.75\n")
        let run = try Importer.csv.read(
            [path], .testing { $0.map = ["id": "nr", "target_probability": "p"] })[0]
        #expect(run.epochs == [4] && run.samples?.ids == [2, 5] && run.samples?.labels == [1, 0])
        #expect(try run.values("/scores/target_probability") == [0.75, 0.25])
    }

    @Test func namesOfFilesTellEpochsAndRuns() {
        #expect(SampleFileName("/x/dynamics_epoch_12.jsonl").epoch == 12)
        #expect(SampleFileName("/x/dynamics_epoch_12.jsonl").run == "/x/dynamics")
        #expect(SampleFileName("/x/epoch=3-rank1.csv").epoch == 3 && SampleFileName("/x/epoch=3-rank1.csv").run == "/x")
        #expect(SampleFileName("/x/seed1.csv").epoch == nil && SampleFileName("/x/seed1.csv").run == "/x/seed1")
    }
}
