import Foundation
import Records
import Testing

@testable import RunStore

/// Rows read around HDF5, or through it, against what the whole-checkpoint reader gives.
@Suite struct RecordReaderTests {
    private func values(_ reader: RecordReader, _ checkpoint: Int, _ rows: Range<Int>) throws -> [Float] {
        try reader.floats(checkpoint: checkpoint, rows: rows)
    }

    private func compare(_ run: RunFile) throws {
        let logits = try RecordReader(run, object: "/logits")
        let (total, columns) = (try #require(run.sampleCount), logits.columns)
        for checkpoint in 0..<run.checkpointCount {
            let expected = try run.logits(checkpoint: checkpoint).values
            for rows in [0..<total, 0..<1, total - 1..<total, total / 3..<(2 * total / 3 + 1)] {
                let found = try values(logits, checkpoint, rows)
                #expect(found == Array(expected[rows.lowerBound * columns..<rows.upperBound * columns]))
            }
        }
    }

    @Test(arguments: StoredPrecision.allCases)
    func sealedAndUnfinishedRunsGiveTheSameRows(precision: StoredPrecision) throws {
        let scratch = try Scratch()
        let path = scratch.path + "/run.h5"
        var writer = try RunWriter(path: path, header: Example.header(precision: precision), resuming: false)
        for index in 0..<3 { try writer.append(Example.checkpoint(index, last: index == 2), state: nil) }
        try compare(try RunFile(path: scratch.path + "/run.partial"))
        try writer.seal()
        let run = try RunFile(path: path)
        try compare(run)
        let scores = try RecordReader(run, object: "/scores/el2n")
        #expect(try values(scores, 2, 3..<9) == Array(try run.score("el2n", checkpoint: 2)[3..<9]))
        let targets = try RecordReader(run, object: "/targets")
        #expect(try values(targets, 0, 3..<9) == Array(try run.targets().values[15..<45]))
        let features = try RecordReader(run, object: "/features")
        #expect(try values(features, 0, 36..<37) == [72, 73])
        let samples = try SampleReader(run)
        #expect(try samples.read(4..<6, withNames: true).names == ["bild-4-ä", "bild-5-ä"])
        #expect(try samples.read(4..<6).ids == [12, 15])
    }

    /// Each layout that others write: in one piece, in chunks that cut rows, columns or checkpoints, packed, of another
    /// width or byte order, behind a user block.
    @Test(arguments: [
        "dtype='<f4'", "dtype='<f2'", "dtype='<f4', chunks=(1, 7, 5)", "dtype='<f2', chunks=(2, 10, 5)",
        "dtype='<f4', chunks=(1, 9, 2)", "dtype='<f4', chunks=(1, 8, 5), compression='gzip'", "dtype='>f4'",
        "dtype='<f8'", "dtype='<i2'", "dtype='<f2', chunks=(1, 8, 5), shuffle=True",
    ])
    func foreignLayoutsGiveTheSameRows(layout: String) throws {
        let scratch = try Scratch()
        for block in [0, 512] {
            let path = scratch.path + "/foreign\(block).h5"
            try python(
                """
                import h5py, numpy as np, sys
                with h5py.File(sys.argv[1], "w", userblock_size=\(block)) as f:
                    f.attrs.update({"format": "assay-run", "version": 1, "id": "x"})
                    f["samples/id"], f["samples/label"] = np.arange(37), np.arange(37) % 5
                    f["checkpoints/epoch"] = [1.0, 2.0, 3.0]
                    values = (np.arange(3 * 37 * 5) * 7 % 97 - 48).reshape(3, 37, 5)
                    f.create_dataset("logits", data=values, \(layout))
                """, path)
            let run = try RunFile(path: path)
            try compare(run)
            let first = try values(try RecordReader(run, object: "/logits"), 0, 0..<1)
            #expect(first == [-48, -41, -34, -27, -20])
        }
    }

    @Test func aFileCutAfterOpeningIsNamed() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/run.h5"
        try Example.write(path)
        let reader = try RecordReader(try RunFile(path: path), object: "/logits")
        try #require(truncate(path, 4096) == 0)
        #expect(throws: RunStoreError.self) { _ = try values(reader, 3, 0..<37) }
    }
}
