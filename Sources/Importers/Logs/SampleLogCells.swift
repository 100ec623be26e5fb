import Synchronization

/// What per-sample logs say of each sample at each checkpoint, read back from where `SampleLogSpill` put it.
///
/// Memory: that of one object at one checkpoint where it has few values, 8 bytes per sample otherwise.
final class SampleLogCells: Sendable {
    /// What is known of the values of one object at one layer.
    private struct Loaded: Sendable {
        var layer: Int
        var object: Int
        var contents: Contents
    }

    private enum Contents: Sendable {
        /// Values of all samples, [N, width].
        case values([Float])
        /// The first row of each sample, [N], and its further ones where the mean counts.
        case rows([Int32], further: [Int32: [Int32]])
    }

    private let source: ByteSource
    private let widths: [[Int]]
    private let extents: [[SampleLogSpill.Extent]]
    private let means: Bool
    private let mostHeld: Int
    private let loaded = Mutex<Loaded?>(nil)

    init(source: ByteSource, widths: [[Int]], extents: [[SampleLogSpill.Extent]], means: Bool, mostHeld: Int) {
        self.source = source
        self.widths = widths
        self.extents = extents
        self.means = means
        self.mostHeld = mostHeld
    }

    /// How often each of `samples` was logged at a layer, [N].
    func counts(layer: Int, samples: Int) throws(ImportError) -> [Int32] {
        var counts = [Int32](repeating: 0, count: samples)
        for extent in extents[layer] {
            for position in try words(at: extent.offset, count: extent.count) { counts[Int(position)] += 1 }
        }
        return counts
    }

    /// The first row of a layer that repeats a sample: its sample's position, and its words of an object.
    func firstRepeat(
        layer: Int, object: Int, samples: Int
    ) throws(ImportError) -> (position: Int, words: [UInt32])? {
        var isThere = [Bool](repeating: false, count: samples)
        for extent in extents[layer] {
            for (row, position) in try words(at: extent.offset, count: extent.count).enumerated() {
                if isThere[Int(position)] {
                    let offset = offset(of: row, layer, object, extent)
                    return (Int(position), try words(at: offset, count: widths[layer][object]))
                }
                isThere[Int(position)] = true
            }
        }
        return nil
    }

    /// Values of an object at a layer, [positions, width], of N samples that are all there: those of their first rows,
    /// or the means of all.
    func values(
        layer: Int, object: Int, positions: ArraySlice<Int32>, samples: Int
    ) throws(ImportError) -> [Float] {
        let contents = try contents(layer, object, samples)
        let width = widths[layer][object]
        var block: [Float] = []
        block.reserveCapacity(positions.count * width)
        switch contents {
        case .values(let values):
            for position in positions {
                let start = Int(position) * width
                for i in start..<start + width { block.append(values[i]) }
            }
        case .rows(let first, let further):
            var ahead = positions
            while let position = ahead.popFirst() {
                let row = Int(first[Int(position)])
                // Neighbours in the file are read together.
                var count = 1
                while let next = ahead.first, Int(first[Int(next)]) == row + count, further.isEmpty {
                    count += 1
                    ahead.removeFirst()
                }
                var values = try floats(layer, object, rows: row..<row + count)
                if let others = further[position] {
                    for other in others {
                        for (i, value) in try floats(layer, object, rows: Int(other)..<Int(other) + 1).enumerated() {
                            values[i] += value
                        }
                    }
                    for i in values.indices { values[i] /= Float(others.count + 1) }
                }
                block += values
            }
        }
        return block
    }

    // MARK: One object at one layer

    private func contents(_ layer: Int, _ object: Int, _ samples: Int) throws(ImportError) -> Contents {
        let known = loaded.withLock { (loaded) -> Contents? in
            if let held = loaded, held.layer == layer, held.object == object { return held.contents }
            // Let go of before the next one is read.
            loaded = nil
            return nil
        }
        if let known { return known }
        let width = widths[layer][object]
        let isNarrow = width == 1 || samples * width * 4 <= mostHeld
        let contents = isNarrow ? try dense(layer, object, samples) : try rows(layer, samples)
        loaded.withLock { $0 = Loaded(layer: layer, object: object, contents: contents) }
        return contents
    }

    private func dense(_ layer: Int, _ object: Int, _ samples: Int) throws(ImportError) -> Contents {
        let width = widths[layer][object]
        var values = [Float](repeating: 0, count: samples * width)
        var counts = [Int32](repeating: 0, count: samples)
        for extent in extents[layer] {
            let positions = try words(at: extent.offset, count: extent.count)
            let added = try words(at: offset(of: 0, layer, object, extent), count: extent.count * width)
            for (row, position) in positions.enumerated() {
                let position = Int(position)
                counts[position] += 1
                let isFirst = counts[position] == 1
                guard isFirst || means else { continue }
                for i in 0..<width {
                    let value = Float(bitPattern: added[row * width + i])
                    // Not 0 + value, which is 0 where the value is -0.
                    values[position * width + i] = isFirst ? value : values[position * width + i] + value
                }
            }
        }
        if means {
            for (position, count) in counts.enumerated() where count > 1 {
                for i in position * width..<(position + 1) * width { values[i] /= Float(count) }
            }
        }
        return .values(values)
    }

    private func rows(_ layer: Int, _ samples: Int) throws(ImportError) -> Contents {
        var first = [Int32](repeating: -1, count: samples)
        var further: [Int32: [Int32]] = [:]
        var row: Int32 = 0
        for extent in extents[layer] {
            for position in try words(at: extent.offset, count: extent.count) {
                if first[Int(position)] < 0 {
                    first[Int(position)] = row
                } else if means {
                    further[Int32(position), default: []].append(row)
                }
                row += 1
            }
        }
        return .rows(first, further: further)
    }

    // MARK: The file

    /// The values of an object in some rows of a layer, [rows, width].
    private func floats(_ layer: Int, _ object: Int, rows: Range<Int>) throws(ImportError) -> [Float] {
        let all = extents[layer]
        // The last extent that does not begin behind the first row.
        var (low, high) = (0, all.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if all[middle].first <= rows.lowerBound { low = middle } else { high = middle }
        }
        let width = widths[layer][object]
        var values: [Float] = []
        for extent in all[low...] where extent.first < rows.upperBound {
            let part = rows.clamped(to: extent.rows)
            let offset = offset(of: part.lowerBound - extent.first, layer, object, extent)
            values += try words(at: offset, count: part.count * width).map { Float(bitPattern: $0) }
            if extent.rows.upperBound >= rows.upperBound { break }
        }
        return values
    }

    /// Where the values of an object begin in a row of an extent.
    private func offset(of row: Int, _ layer: Int, _ object: Int, _ extent: SampleLogSpill.Extent) -> Int {
        let columns = 1 + widths[layer][..<object].reduce(0, +)
        return extent.offset + 4 * (extent.count * columns + row * widths[layer][object])
    }

    private func words(at offset: Int, count: Int) throws(ImportError) -> [UInt32] {
        var problem: ImportError?
        let words = [UInt32](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(ImportError) {
                try source.read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
                filled = count
            } catch { problem = error }
        }
        if let problem { throw problem }
        return words
    }
}
