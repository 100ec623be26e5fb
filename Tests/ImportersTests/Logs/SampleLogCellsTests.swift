import Foundation
import Testing

@testable import Importers

/// Values of samples that do not fit into memory come back from the disk as they were.
@Suite struct SampleLogCellsTests {
    private static let (layers, samples, widths) = (4, 2100, [1, 9, 1])
    private static let stride = widths.reduce(0, +)

    /// The rows of all samples at all checkpoints, in an order of checkpoints, of samples or in none.
    private static func rows(_ order: String) -> [(layer: Int, position: Int)] {
        var all = (0..<layers).flatMap { layer in (0..<samples).map { (layer, $0) } }
        var generator = SplitMix(state: 11)
        switch order {
        case "samples": all.sort { ($0.1, $0.0) < ($1.1, $1.0) }
        case "none": all.shuffle(using: &generator)
        default: break
        }
        return all
    }

    private static func row(_ layer: Int, _ position: Int, plus: Float = 0) -> [UInt32] {
        (0..<stride).map { (Float(layer * 100_000 + position * stride + $0) + plus).bitPattern }
    }

    /// - Parameter most: bytes of an object that are held at once; fewer than it has means row by row from the file.
    @Test(arguments: ["checkpoints", "samples", "none"], [(1, 0), (900, 0), (1 << 14, 1 << 25), (1 << 21, 0)])
    func valuesSurviveTheDisk(order: String, sizes: (batch: Int, most: Int)) throws {
        var spill = SampleLogSpill(path: "x.csv", folder: nil, batchWords: sizes.batch)
        for layer in 0..<Self.layers { #expect(spill.addLayer(widths: Self.widths) == layer) }
        for (layer, position) in Self.rows(order) {
            try spill.append(layer: layer, position: position, Self.row(layer, position))
        }
        // A second row of some: the mean of a value and itself + 2 is 1 more.
        for position in Swift.stride(from: 0, to: Self.samples, by: 7) {
            try spill.append(layer: 3, position: position, Self.row(3, position, plus: 2))
        }
        // Both take the last batch to the same place of the file.
        var copy = spill
        let all = [
            false: try spill.cells(means: false, mostHeld: sizes.most),
            true: try copy.cells(means: true, mostHeld: sizes.most),
        ]
        let first = try #require(all[false])
        for layer in 0..<Self.layers {
            let counts = try first.counts(layer: layer, samples: Self.samples)
            #expect(counts == (0..<Self.samples).map { layer == 3 && $0 % 7 == 0 ? 2 : 1 })
        }
        var positions = (0..<Int32(Self.samples)).map { $0 }
        for isReversed in [false, true] {
            if isReversed { positions.reverse() }
            for (layer, object, means) in [(0, 1, false), (3, 1, true), (3, 1, false), (3, 0, true), (2, 2, true)] {
                let cells = try #require(all[means])
                let values = try cells.values(
                    layer: layer, object: object, positions: positions[1000..<2000], samples: Self.samples)
                let columns = [0..<1, 1..<10, 10..<11][object]
                let expected = positions[1000..<2000].flatMap { position in
                    Self.row(layer, Int(position), plus: means && layer == 3 && position % 7 == 0 ? 1 : 0)[columns]
                }
                #expect(values.map(\.bitPattern) == expected)
            }
        }
    }

    /// The sign of zero and every other bit are kept.
    @Test func bitsAreKept() throws {
        var spill = SampleLogSpill(path: "x.csv", folder: nil, batchWords: 4)
        let layer = spill.addLayer(widths: [1])
        let values: [Float] = [-0.0, .leastNonzeroMagnitude, -.greatestFiniteMagnitude, 0]
        for (position, value) in values.enumerated() {
            try spill.append(layer: layer, position: position, [value.bitPattern])
        }
        let read = try spill.cells(means: true).values(
            layer: layer, object: 0, positions: [0, 1, 2, 3], samples: 4)
        #expect(read.map(\.bitPattern) == values.map(\.bitPattern))
    }

    /// A repeat is found with what was logged beside it, wherever the batch ended.
    @Test(arguments: [1, 7, 1 << 21])
    func repeatsAreFound(batch: Int) throws {
        var spill = SampleLogSpill(path: "x.csv", folder: nil, batchWords: batch)
        for _ in 0..<2 { _ = spill.addLayer(widths: [1, 2]) }
        for (line, (layer, position)) in [(0, 0), (1, 0), (0, 1), (1, 1), (1, 0), (1, 1)].enumerated() {
            try spill.append(layer: layer, position: position, [0, 5, UInt32(line)])
        }
        let cells = try spill.cells(means: false)
        #expect(try cells.firstRepeat(layer: 0, object: 1, samples: 2) == nil)
        let found = try #require(try cells.firstRepeat(layer: 1, object: 1, samples: 2))
        #expect(found.position == 0 && found.words == [5, 4])
    }

    /// The scratch file has no name, so that no way out leaves it behind.
    @Test func nothingIsLeftBehind() throws {
        let folder = try TemporaryFolder()
        var spill = SampleLogSpill(path: "x.csv", folder: folder.path, batchWords: 1)
        let layer = spill.addLayer(widths: [1])
        try spill.append(layer: layer, position: 0, [1])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        #expect(try spill.cells(means: false).counts(layer: 0, samples: 1) == [1])
    }

    @Test func aScratchFileNeedsItsFolder() throws {
        var spill = SampleLogSpill(path: "x.csv", folder: "/nowhere/at/all", batchWords: 1)
        let layer = spill.addLayer(widths: [1])
        let error = #expect(throws: ImportError.self) { try spill.append(layer: layer, position: 0, [1]) }
        #expect(
            error?.description
                == "x.csv: no scratch file can be made in /nowhere/at/all: No such file or directory")
        #expect(error?.exitCode == 74)
    }
}
