internal import CKernels
import LinearAlgebra

/// What lazy greedy will probably choose next: picks that a sweep over all similarities then confirms or refutes.
///
/// A gain is a sum over all targets of max(0, s − covered). Its best quadratic in s, by least squares for targets of about
/// the same coverage, has a sum that costs d² per candidate; a sample of targets adds what the quadratic leaves. The
/// candidates that this puts first become members, whose gains are exact, and the best member is the next pick.
struct CoverageForecast {
    private let blocks: SimilarityBlocks
    private let ids: [Int64]
    private var covered: [Float]
    private var isOpen: [Bool]
    /// Sampled targets, their places in the sample, and their similarities to all candidates, [m, N].
    private let sample: [Int]
    private var similarities: [Float]
    private var placeInSample: [Int32]
    /// Pairs above the coverage of each sampled target, [m].
    private var above: [Int]
    /// Sums of quadratics, and Σ max(0, s − covered) over the sample, [N].
    private var forms: [Double] = []
    private var sampled: [Double] = []
    private var raisedSinceFit = 0
    private var members: [UInt32] = []
    private var gains: [Double] = []
    private static let (side, height, share) = (512, 112, 0.7)

    /// - Parameter isOpen: Who may be chosen.
    init(_ blocks: SimilarityBlocks, ids: [Int64], covered: [Float], isOpen: [Bool], sampleSize: Int) {
        self.blocks = blocks
        self.ids = ids
        self.covered = covered
        self.isOpen = isOpen
        let (count, size) = (blocks.count, min(sampleSize, blocks.count))
        sample = (0..<size).map { $0 * count / size }
        placeInSample = .init(repeating: -1, count: count)
        for (place, target) in sample.enumerated() { placeInSample[target] = Int32(place) }
        similarities = .init(inLargePages: size * count)
        above = .init(repeating: 0, count: size)
        let left = blocks.tall(sample.map { UInt32($0) })
        var products = [Float](repeating: 0, count: left.padded * Self.side)
        var scratch: [Float] = []
        for start in stride(from: 0, to: count, by: Self.side) {
            let right = blocks.wide(start..<min(count, start + Self.side))
            products.withUnsafeMutableBufferPointer { blocks.fill(left, right, into: $0, scratch: &scratch) }
            similarities.withUnsafeMutableBufferPointer { similarities in
                products.withUnsafeBufferPointer { products in
                    for place in 0..<size {
                        let line = products[place * right.padded..<place * right.padded + right.indices.count]
                        _ = similarities[(place * count + start)...].update(fromContentsOf: line)
                    }
                }
            }
        }
        for place in 0..<size { above[place] = countAbove(place) }
    }

    /// How many pairs are above the coverage, about.
    var pairs: Double { Double(above.reduce(0, +)) * weight }

    private var weight: Double { Double(blocks.count) / Double(sample.count) }

    private func countAbove(_ place: Int) -> Int {
        let threshold = covered[sample[place]]
        return similarities.withUnsafeBufferPointer { similarities in
            var count = 0
            for value in UnsafeBufferPointer(rebasing: similarities[place * blocks.count..<(place + 1) * blocks.count])
            {
                count &+= value > threshold ? 1 : 0
            }
            return count
        }
    }

    /// The next picks: so many, or fewer if then no more pairs are above the coverage than `limit`.
    ///
    /// - Parameter rounding: How far gains may be off.
    mutating func stages(_ count: Int, limit: Double, rounding: Double, rows: inout SimilarityRows) -> CoverageStages {
        var stages = CoverageStages()
        while stages.picks.count < count, pairs > limit {
            if forms.isEmpty || 3 * raisedSinceFit > blocks.count { fit() }
            // The first picks change most, and what they change is least known.
            join(promising(members.isEmpty ? Self.side : stages.picks.count < 16 ? 192 : 64))
            guard let best = bestMember(rounding: rounding) else { break }
            let index = Int(members[best])
            let row = rows.row(index) { self.best(SimilarityRows.abreast) }
            var (targets, before, after): ([UInt32], [Float], [Float]) = ([], [], [])
            for target in covered.indices where row[target] > covered[target] {
                targets.append(UInt32(target))
                before.append(covered[target])
                after.append(row[target])
            }
            raise(targets, before, after)
            isOpen[index] = false
            members.remove(at: best)
            gains.remove(at: best)
            stages.append(index, targets: targets, levels: after)
        }
        return stages
    }

    /// Leaves the best members, once they are many.
    private mutating func prune() {
        guard members.count > 2 * Self.side else { return }
        let kept = Array(gains.indices).largest(Self.side) { gains[$0] }
        members = kept.map { members[$0] }
        gains = kept.map { gains[$0] }
    }

    /// Of the best members, within rounding, the one of the lowest id.
    private func bestMember(rounding: Double) -> Int? {
        guard let best = gains.max() else { return nil }
        let floor = best - abs(best) * 0x1p-18 - rounding
        return gains.indices.filter { gains[$0] >= floor }.min { ids[Int(members[$0])] < ids[Int(members[$1])] }
    }

    private func best(_ count: Int) -> [Int] {
        Array(gains.indices).largest(count) { gains[$0] }.map { Int(members[$0]) }
    }

    /// Candidates of the largest forecast gains that are no members.
    private func promising(_ count: Int) -> [UInt32] {
        var isCandidate = isOpen
        for member in members { isCandidate[Int(member)] = false }
        let factor = Self.share * weight
        return isCandidate.indices.filter { isCandidate[$0] }.largest(count) {
            forms[$0] + factor * sampled[$0]
        }.prefix(4 * count).map { UInt32($0) }
    }

    /// Their gains, from all targets.
    private mutating func join(_ new: [UInt32]) {
        for start in stride(from: 0, to: new.count, by: Self.side) {
            let part = Array(new[start..<min(new.count, start + Self.side)])
            let right = blocks.wide(part)
            var own = [Double](repeating: 0, count: part.count)
            var products = [Float](repeating: 0, count: Self.height * right.padded)
            var scratch: [Float] = []
            for top in stride(from: 0, to: blocks.count, by: Self.height) {
                let targets = top..<min(blocks.count, top + Self.height)
                products.withUnsafeMutableBufferPointer {
                    blocks.fill(blocks.tall(targets), right, into: $0, scratch: &scratch)
                }
                ck_add_gains(products, right.padded, targets.count, part.count, Array(covered[targets]), &own)
            }
            members += part
            gains += own
        }
        prune()
    }

    /// The coverage of these targets rises.
    private mutating func raise(_ targets: [UInt32], _ before: [Float], _ after: [Float]) {
        raisedSinceFit += targets.count
        for (i, target) in targets.enumerated() { covered[Int(target)] = after[i] }
        var lost = [Double](repeating: 0, count: blocks.count)
        for (i, target) in targets.enumerated() where placeInSample[Int(target)] >= 0 {
            let place = Int(placeInSample[Int(target)])
            similarities.withUnsafeBufferPointer {
                guard let base = $0.baseAddress else { return }
                ck_add_losses(
                    base + place * blocks.count, blocks.count, 1, blocks.count, [before[i]], [after[i]], &lost)
            }
            above[place] = countAbove(place)
        }
        for index in lost.indices { sampled[index] -= lost[index] }
        let parts = stride(from: 0, to: members.count, by: Self.side).map { start in
            blocks.wide(Array(members[start..<min(members.count, start + Self.side)]))
        }
        var products = [Float](repeating: 0, count: Self.height * Self.side)
        var scratch: [Float] = []
        for top in stride(from: 0, to: targets.count, by: Self.height) {
            let part = top..<min(targets.count, top + Self.height)
            let left = blocks.tall(Array(targets[part]))
            for (number, right) in parts.enumerated() {
                var own = [Double](repeating: 0, count: right.indices.count)
                products.withUnsafeMutableBufferPointer { blocks.fill(left, right, into: $0, scratch: &scratch) }
                ck_add_losses(
                    products, right.padded, part.count, own.count, Array(before[part]), Array(after[part]), &own)
                for j in own.indices { gains[number * Self.side + j] -= own[j] }
            }
        }
    }

    /// Quadratics for the present coverage.
    private mutating func fit() {
        raisedSinceFit = 0
        sampled = .init(repeating: 0, count: blocks.count)
        ck_add_gains(
            similarities, blocks.count, sample.count, blocks.count, sample.map { covered[$0] }, &sampled)
        let order = covered.sorted()
        let borders = (1..<8).map { order[$0 * order.count / 8] }
        func bin(_ target: Int) -> Int { borders.count { $0 <= covered[target] } }
        var sums = [Moments](repeating: Moments(), count: 8)
        let step = max(1, blocks.count / 512)
        for (place, target) in sample.enumerated() {
            let own = bin(target)
            for other in stride(from: 0, to: blocks.count, by: step) {
                let value = similarities[place * blocks.count + other]
                sums[own].add(Double(value), Double(max(0, value - covered[target])))
            }
        }
        let quadratics = sums.map(\.quadratic)
        // The sample counts for itself to that share: of its targets the quadratics count as much less.
        var (linear, square) = ([Float](), [Float]())
        for target in 0..<blocks.count {
            let share = placeInSample[target] < 0 ? 1 : 1 - Self.share * weight
            let quadratic = quadratics[bin(target)]
            linear.append(Float(share * quadratic.linear))
            square.append(Float(share * quadratic.square))
        }
        forms = blocks.sumsOfQuadratics(linear: linear, square: square)
    }
}
