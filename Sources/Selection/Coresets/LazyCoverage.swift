internal import CKernels

/// Greedy facility location, in the way that the number of samples allows.
///
/// Few similarities (of a class, usually) are stored, and a gain is computed from its row.
///
/// Else, after the first pick, a forecast of the next ones (cosines only) goes into one sweep over all similarities, which
/// finds every gain before each of them, and so confirms them or says at which the forecast went wrong. The sweep also
/// lists the pairs above the coverage, once they are few: gains are then updated from the lists and no product is needed.
///
/// Where forecasts fail and until the lists fit, greedy is lazy. A pick changes the coverage of few samples, and a gain
/// falls only by what those samples lose. So every pick leaves a list of them, in segments; a gain is an upper bound that
/// counts the segments applied to it, and the next ones are applied only while the bound reaches the best of the round, to
/// many candidates in one matrix product.
///
/// Memory beyond the features: the limits, 40 bytes per sample, 16 per listed change and 30 MB for blocks.
struct LazyCoverage {
    private let blocks: SimilarityBlocks
    private let ids: [Int64]
    private let limits: Limits
    /// Largest similarity to a chosen sample, less the offset, [N].
    private var covered: [Float]
    /// Which pick that is, [N].
    private(set) var nearest: [Int32]
    /// Upper bound of each gain; −∞ for those chosen, [N].
    private var bounds: [Double]
    private var applied: [Int32]
    private var segments: [Segment] = []
    private var products: [Float]
    private var scratch: [Float] = []
    /// All similarities, where they are few.
    private let stored: StoredSimilarities?
    /// The pairs above the coverage, once they are few: bounds are then gains.
    private var pairs: PairLists?
    /// Pairs of a forecast that a sweep refuted late.
    private var spare: Spare?
    private var rows: SimilarityRows
    private var result = CoresetPicks(trace: [])
    /// No sweep has refuted a forecast early; and the number of picks from which another sweep is worth a try.
    private var isForecast: Bool
    private var nextSweep = 1
    private static let blockSize = 1024
    /// What `applied` is compared with: the changes so far.
    private var changes: Int { stored == nil ? segments.count : picks }
    private var picks: Int { result.picks.count }
    /// How far gains may be off.
    private var rounding: Double

    /// What may be kept, beyond the features.
    struct Limits: Sendable {
        /// 256 MB: the similarities of 8,192 samples.
        var stored = 1 << 26
        /// 224 MB at 8 bytes.
        var pairs = 28 << 20
        /// 200 MB: similarities of a sample of targets, which a forecast needs.
        var sampled = 50_000_000
        /// 128 MB: features packed for the left side of products; larger ones are packed block by block.
        var packed = 1 << 25
        /// 64 MB: gains before the picks of a forecast.
        var gains = 1 << 23
    }

    /// Samples whose coverage one pick raised.
    private struct Segment {
        let targets: [UInt32]
        let before: [Float]
        let after: [Float]
    }

    /// Lists that lack pairs of those samples whose coverage is below the threshold.
    private struct Spare {
        let lists: PairLists
        /// [N]
        let thresholds: [Float]
        /// After so many picks the forecast ones will not come any more.
        let until: Int
    }

    init(_ blocks: SimilarityBlocks, ids: [Int64], limits: Limits) {
        let isStored = blocks.count * blocks.count <= limits.stored
        var blocks = blocks
        if !isStored, blocks.count * blocks.x.columns <= limits.packed { blocks.packTall() }
        self.blocks = blocks
        self.ids = ids
        self.limits = limits
        covered = .init(repeating: Float(-blocks.offset), count: blocks.count)
        nearest = .init(repeating: 0, count: blocks.count)
        applied = .init(repeating: 0, count: blocks.count)
        let side = min(Self.blockSize, blocks.count) + 32
        products = .init(repeating: 0, count: side * side)
        bounds = []
        rounding = 0x1p-22 * blocks.offset
        rows = SimilarityRows(blocks)
        isForecast = blocks.kind == .cosine
        stored = isStored ? StoredSimilarities(blocks) : nil
    }

    /// The trace is Σ_j of the largest similarity.
    mutating func run(_ count: Int) -> CoresetPicks {
        bounds = blocks.linearSums() ?? allGains()
        while picks < count {
            cover(by: next())
            guard stored == nil, pairs == nil, picks < count else { continue }
            if spare != nil { mend() } else if picks >= nextSweep { sweep(upTo: count) }
        }
        return result
    }

    private mutating func allGains() -> [Double] {
        if let stored { return (0..<blocks.count).map { stored.gain($0, over: covered) } }
        return CoverageSweep(blocks, covered: covered, stages: CoverageStages(), listing: 0).gains
    }

    /// Forecasts picks, computes all gains before and after each, takes those that are confirmed, and lists pairs.
    ///
    /// After the first pick without a forecast, too: all samples count it, and half the products do.
    private mutating func sweep(upTo count: Int) {
        let isFirst = picks == 1
        var stages = CoverageStages()
        let size = min(1024, limits.sampled / blocks.count)
        var fits = false
        if size >= min(64, blocks.count) {
            var forecast = CoverageForecast(
                blocks, ids: ids, covered: covered, isOpen: bounds.map { $0 > -.infinity },
                sampleSize: isForecast ? size : min(size, 256))
            if isForecast {
                stages = forecast.stages(
                    min(count - picks, max(8, limits.gains / blocks.count)), limit: 0.85 * Double(limits.pairs),
                    rounding: rounding, rows: &rows)
            }
            fits = forecast.pairs <= 0.85 * Double(limits.pairs)
        }
        guard fits || isFirst || !stages.picks.isEmpty else { return nextSweep = picks + picks / 2 }
        let sweep = CoverageSweep(blocks, covered: covered, stages: stages, listing: fits ? limits.pairs : 0)
        let begin = picks
        for stage in 0...stages.picks.count {
            let line = sweep.gains[stage * blocks.count..<(stage + 1) * blocks.count]
            for (index, gain) in zip(bounds.indices, line) where bounds[index] > -.infinity { bounds[index] = gain }
            segments = []
            for index in applied.indices { applied[index] = 0 }
            if picks == 1 { rounding += 0x1p-23 * (bounds.max() ?? 0) }  // what later gains are differences of
            guard stage < stages.picks.count else { break }
            let best = next()
            guard best.index == stages.picks[stage] else {
                isForecast = stage >= 8
                nextSweep = isForecast ? picks : picks + picks / 2
                if isForecast, let lists = sweep.pairs {
                    spare = Spare(lists: lists, thresholds: sweep.final, until: picks + stages.picks.count - stage)
                }
                return
            }
            cover(by: best)
        }
        if let lists = sweep.pairs { take(lists) }
        nextSweep = stages.picks.isEmpty || picks - begin < 8 ? picks + picks / 2 : picks
    }

    /// From here on gains follow from lists.
    private mutating func take(_ lists: PairLists) {
        // Summed from what will be subtracted: nothing is left where nothing is covered less.
        for (index, gain) in lists.gains(over: covered).enumerated() where bounds[index] > -.infinity {
            bounds[index] = gain
        }
        pairs = lists
        segments = []
        for index in applied.indices { applied[index] = 0 }
    }

    /// Most picks of a forecast that went wrong come all the same, in another order. Once they did, few samples are
    /// covered less than the lists took for granted, and listing those costs a fraction of a sweep.
    private mutating func mend() {
        guard let (thresholds, until) = spare.map({ ($0.thresholds, $0.until) }) else { return }
        let short = covered.indices.filter { covered[$0] < thresholds[$0] }.map { UInt32($0) }
        guard 16 * short.count <= blocks.count || picks >= until else { return }
        // Taken out rather than copied: lists are large.
        guard var lists = spare.take()?.lists, 2 * short.count <= blocks.count else { return }
        for target in covered.indices { lists.trim(target, above: covered[target]) }
        lists.list(short, of: blocks, above: covered)
        if !lists.isFull { take(lists) }
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
            if isFirst || stored != nil { stale = stale.largest(32) { bounds[$0] } }
            isFirst = false
            refresh(stale, above: floor)
        }
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
        if let stored {
            for index in candidates {
                bounds[index] = stored.gain(index, over: covered)
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
        let left = blocks.tall(segment.targets)
        for start in stride(from: 0, to: rows.count, by: Self.blockSize) {
            let part = rows[start..<min(rows.count, start + Self.blockSize)]
            let right = blocks.wide(part.map { UInt32($0) })
            var losses = [Double](repeating: 0, count: part.count)
            products.withUnsafeMutableBufferPointer { blocks.fill(left, right, into: $0, scratch: &scratch) }
            ck_add_losses(
                products, right.padded, segment.targets.count, part.count, segment.before, segment.after, &losses)
            for (index, loss) in zip(part, losses) { bounds[index] -= loss }
        }
    }

    /// Chooses a sample: raises the coverage and lists whose.
    private mutating func cover(by best: (index: Int, isTied: Bool)) {
        let row = similarities(of: best.index)
        bounds[best.index] = -.infinity
        var targets: [Int] = []
        var before: [Float] = []
        var after: [Float] = []
        for target in covered.indices {
            let value = row[target]
            guard value > covered[target] else { continue }
            if pairs != nil {
                pairs?.raise(target, from: covered[target], to: value, gains: &bounds)
            } else if stored == nil {
                targets.append(target)
                before.append(covered[target])
                after.append(value)
            }
            covered[target] = value
            nearest[target] = Int32(picks)
        }
        for start in stride(from: 0, to: targets.count, by: Self.blockSize) {
            let part = start..<min(targets.count, start + Self.blockSize)
            segments.append(
                Segment(
                    targets: targets[part].map { UInt32($0) }, before: Array(before[part]), after: Array(after[part])))
        }
        result.picks.append(best.index)
        result.ties.append(best.isTied)
        result.trace?.append(covered.reduce(0.0) { $0 + Double($1) } + Double(blocks.count) * blocks.offset)
    }

    private mutating func similarities(of index: Int) -> [Float] {
        if let stored { return stored.row(index) }
        let bounds = bounds
        return rows.row(index) {
            bounds.indices.filter { bounds[$0] > -.infinity }.largest(SimilarityRows.abreast) { bounds[$0] }
        }
    }
}
