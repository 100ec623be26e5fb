import LinearAlgebra

/// Lazy greedy facility location.
///
/// A pick changes the coverage of few samples, and a gain falls only by what those samples lose. So every pick leaves a list
/// of them, in segments; a gain is an upper bound that counts the segments applied to it, and the next ones are applied
/// only while the bound reaches the best of the round, to many candidates in one matrix product. Memory beyond the features:
/// about 40 bytes per sample, 16 per listed change and 30 MB for blocks.
///
/// Up to `storedLimit` similarities (a class, usually) are kept instead, and a gain is computed from its row.
struct LazyCoverage {
    private let blocks: SimilarityBlocks
    private let ids: [Int64]
    /// Largest similarity to a chosen sample, less the offset, [N].
    private var covered: [Float]
    /// Which pick that is, [N].
    private(set) var nearest: [Int32]
    /// Upper bound of each gain; −∞ for those chosen, [N].
    private var bounds: [Double]
    private var applied: [Int32]
    private var segments: [Segment] = []
    private var products: [Float]
    private var scratch: [Float]
    /// All similarities less the offset, [N, N], where they are few; empty otherwise.
    private var stored: [Float] = []
    private static let blockSize = 1024
    /// 256 MB: 8,192 samples.
    static let storedLimit = 1 << 26
    /// What `applied` is compared with: the changes so far.
    private var changes: Int { stored.isEmpty ? segments.count : picks }
    private var picks = 0
    /// How far gains may be off.
    private var rounding: Double

    /// Samples whose coverage one pick raised.
    fileprivate struct Segment {
        let targets: [Int]
        let before: [Float]
        let after: [Float]
    }

    init(_ blocks: SimilarityBlocks, ids: [Int64], storedLimit: Int) {
        self.blocks = blocks
        self.ids = ids
        covered = .init(repeating: Float(-blocks.offset), count: blocks.count)
        nearest = .init(repeating: 0, count: blocks.count)
        applied = .init(repeating: 0, count: blocks.count)
        let side = min(Self.blockSize, blocks.count)
        products = .init(repeating: 0, count: side * side)
        scratch = .init(repeating: 0, count: blocks.kind == .cosine ? 0 : side * side)
        bounds = []
        rounding = 0x1p-22 * blocks.offset
        if blocks.count * blocks.count <= storedLimit { store() }
    }

    private mutating func store() {
        let (count, size) = (blocks.count, Self.blockSize)
        stored = .init(repeating: 0, count: count * count)
        let parts = stride(from: 0, to: count, by: size).map { blocks.block(Array($0..<min(count, $0 + size))) }
        for a in parts {
            for b in parts where b.indices[0] >= a.indices[0] {
                products.withUnsafeMutableBufferPointer { blocks.fill(a, b, into: $0, scratch: &scratch) }
                for (i, row) in a.indices.enumerated() {
                    for (j, column) in b.indices.enumerated() {
                        let value = products[i * b.indices.count + j]
                        stored[row * count + column] = value
                        stored[column * count + row] = value
                    }
                }
            }
        }
    }

    /// Σ_j max(0, s(j, x) − covered_j) from a stored row.
    private mutating func storedGain(_ index: Int) -> Double {
        let line = index * blocks.count..<(index + 1) * blocks.count
        if scratch.count < blocks.count { scratch = .init(repeating: 0, count: blocks.count) }
        return stored.withUnsafeMutableBufferPointer { stored in
            covered.withUnsafeBufferPointer { covered in
                UnsafeMutableBufferPointer(rebasing: stored[line]).excess(over: covered, scratch: &scratch)
            }
        }
    }

    /// The trace is Σ_j of the largest similarity.
    mutating func run(_ count: Int) -> CoresetPicks {
        var result = CoresetPicks(trace: [])
        bounds = blocks.linearSums() ?? allGains()
        while result.picks.count < count {
            let best = next()
            cover(by: best.index, place: result.picks.count)
            // All samples count the first pick: one symmetric pass costs half of what segments would.
            if stored.isEmpty, result.picks.isEmpty, count > 1 {
                segments = []
                let chosen = bounds[best.index]
                bounds = allGains()
                bounds[best.index] = chosen
                rounding += 0x1p-23 * (bounds.max() ?? 0)  // what later gains are differences of
            }
            result.picks.append(best.index)
            result.ties.append(best.isTied)
            result.trace?.append(
                covered.reduce(0.0) { $0 + Double($1) } + Double(blocks.count) * blocks.offset)
        }
        return result
    }

    /// The sample of the largest gain. Rounding makes equal gains differ (twins; two samples that cover each other alone):
    /// those within 2⁻¹⁸ of the best, and what sums of single precision may be off, count as tied with it.
    private mutating func next() -> (index: Int, isTied: Bool) {
        var isFirst = true
        while true {
            var best = -Double.infinity
            for index in bounds.indices where Int(applied[index]) == changes { best = max(best, bounds[index]) }
            let floor = best - abs(best) * 0x1p-18 - rounding
            var stale = bounds.indices.filter {
                Int(applied[$0]) < changes && bounds[$0] >= floor && bounds[$0] > -.infinity
            }
            if stale.isEmpty { return lowestId(above: floor) }
            // The most promising few first: they give the others a floor.
            if isFirst || !stored.isEmpty { stale = most(32, of: stale) }
            isFirst = false
            refresh(stale, above: floor)
        }
    }

    /// The samples of the largest bounds.
    private func most(_ count: Int, of samples: [Int]) -> [Int] {
        guard samples.count > count else { return samples }
        var keys = samples.map { ~UInt64(ordering: bounds[$0]) }
        let border = keys.withUnsafeMutableBufferPointer { keys in
            keys.select(count - 1)
            return keys[count - 1]
        }
        return samples.filter { ~UInt64(ordering: bounds[$0]) <= border }
    }

    private func lowestId(above floor: Double) -> (index: Int, isTied: Bool) {
        var found = (index: -1, isTied: false)
        for index in bounds.indices where bounds[index] >= floor && bounds[index] > -.infinity {
            if found.index >= 0 { found.isTied = true }
            if found.index < 0 || ids[index] < ids[found.index] { found.index = index }
        }
        return found
    }

    /// Applies segments to candidates until none is left or their bounds fall below `floor`.
    private mutating func refresh(_ candidates: [Int], above floor: Double) {
        guard stored.isEmpty else {
            for index in candidates {
                bounds[index] = storedGain(index)
                applied[index] = Int32(changes)
            }
            return
        }
        var waiting: [Int: [Int]] = [:]  // by how many segments are applied
        for index in candidates { waiting[Int(applied[index]), default: []].append(index) }
        for segment in (waiting.keys.min() ?? segments.count)..<segments.count {
            guard let rows = waiting.removeValue(forKey: segment) else { continue }
            apply(segments[segment], to: rows)
            for index in rows {
                applied[index] = Int32(segment + 1)
                if bounds[index] >= floor { waiting[segment + 1, default: []].append(index) }
            }
        }
    }

    private mutating func apply(_ segment: Segment, to rows: [Int]) {
        let targets = segment.targets
        guard rows.count >= 8 else {
            var values = [Float](repeating: 0, count: targets.count)
            for index in rows {
                for (place, target) in targets.enumerated() { values[place] = blocks.value(index, target) }
                values.withUnsafeMutableBufferPointer { bounds[index] -= segment.loss($0) }
            }
            return
        }
        let block = blocks.block(targets)
        for start in stride(from: 0, to: rows.count, by: Self.blockSize) {
            let part = Array(rows[start..<min(rows.count, start + Self.blockSize)])
            products.withUnsafeMutableBufferPointer { products in
                blocks.fill(blocks.block(part), block, into: products, scratch: &scratch)
                for (place, index) in part.enumerated() {
                    let line = place * targets.count..<(place + 1) * targets.count
                    bounds[index] -= segment.loss(.init(rebasing: products[line]))
                }
            }
        }
    }

    /// Chooses a sample: raises the coverage and lists whose.
    private mutating func cover(by index: Int, place: Int) {
        bounds[index] = -.infinity
        picks += 1
        var targets: [Int] = []
        var before: [Float] = []
        var after: [Float] = []
        for target in covered.indices {
            let value = stored.isEmpty ? blocks.value(target, index) : stored[index * covered.count + target]
            guard value > covered[target] else { continue }
            if stored.isEmpty {
                targets.append(target)
                before.append(covered[target])
                after.append(value)
            }
            covered[target] = value
            nearest[target] = Int32(place)
        }
        for start in stride(from: 0, to: targets.count, by: Self.blockSize) {
            let part = start..<min(targets.count, start + Self.blockSize)
            segments.append(
                Segment(targets: Array(targets[part]), before: Array(before[part]), after: Array(after[part])))
        }
    }

    /// Σ_j max(0, s(j, x) − covered_j) for all x: every block serves for its transpose, too.
    private mutating func allGains() -> [Double] {
        guard stored.isEmpty else { return (0..<blocks.count).map { storedGain($0) } }
        var gains = [Double](repeating: 0, count: blocks.count)
        let size = Self.blockSize
        var line = [Float](repeating: 0, count: size)
        for top in stride(from: 0, to: blocks.count, by: size) {
            let a = blocks.block(Array(top..<min(blocks.count, top + size)))
            for left in stride(from: top, to: blocks.count, by: size) {
                let b = left == top ? a : blocks.block(Array(left..<min(blocks.count, left + size)))
                var below = [Float](repeating: 0, count: b.indices.count)
                products.withUnsafeMutableBufferPointer { products in
                    blocks.fill(a, b, into: products, scratch: &scratch)
                    covered.withUnsafeBufferPointer { covered in
                        for i in a.indices.indices {
                            let row = UnsafeMutableBufferPointer(
                                rebasing: products[i * b.indices.count..<(i + 1) * b.indices.count])
                            if left > top { row.addExcess(over: covered[top + i], to: &below) }
                            gains[top + i] += row.excess(
                                over: UnsafeBufferPointer(rebasing: covered[left..<left + row.count]), scratch: &line)
                        }
                    }
                }
                if left > top { for j in below.indices { gains[left + j] += Double(below[j]) } }
            }
        }
        return gains
    }
}

extension LazyCoverage.Segment {
    /// How much the gain of a candidate with these similarities falls; overwrites them.
    fileprivate func loss(_ values: UnsafeMutableBufferPointer<Float>) -> Double {
        before.withUnsafeBufferPointer { before in
            after.withUnsafeBufferPointer { after in
                for j in values.indices { values[j] = max(0, values[j] - before[j]) - max(0, values[j] - after[j]) }
            }
        }
        return FloatRows.sumOfAbsolutes(UnsafeBufferPointer(values))
    }
}

extension UnsafeMutableBufferPointer<Float> {
    /// Adds max(0, value − threshold) to each sum.
    fileprivate func addExcess(over threshold: Float, to sums: inout [Float]) {
        sums.withUnsafeMutableBufferPointer { sums in
            for j in indices { sums[j] += Swift.max(0, self[j] - threshold) }
        }
    }

    /// Σ_j max(0, value_j − threshold_j).
    fileprivate func excess(over thresholds: UnsafeBufferPointer<Float>, scratch: inout [Float]) -> Double {
        scratch.withUnsafeMutableBufferPointer { scratch in
            for j in indices { scratch[j] = Swift.max(0, self[j] - thresholds[j]) }
            return FloatRows.sumOfAbsolutes(UnsafeBufferPointer(rebasing: UnsafeBufferPointer(scratch)[..<count]))
        }
    }
}
