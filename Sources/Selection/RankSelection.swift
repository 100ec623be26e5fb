import Randomness

/// The number that decides between samples of equal score: it depends on the sample's id and not on its row.
struct Lots: Sendable {
    let identity: String
    let seed: Int
    var purpose = "ties"

    func draw(_ id: Int64) -> UInt64 {
        var stream = stream(id)
        return stream.next()
    }

    func stream(_ id: Int64) -> RandomStream {
        RandomStream(identity, seed: seed, purpose: purpose, index: Int(id))
    }
}

/// Chooses from each group the rows whose ranks lie in a range.
///
/// Lots are drawn only for rows whose keys are equal at a border of the range. Memory beyond the answer: 4 bytes per row
/// inside the borders, 12 per contested row, and 8 per key that `RankBorders` keeps.
struct RankSelection {
    let ids: [Int64]
    let lots: Lots
    /// Of the groups that are chosen from.
    let sizes: [Int]
    let ranges: [Range<Int>]

    /// By (key, lot, id); the rows are ascending.
    ///
    /// - Parameter group: of a row: its place in `sizes`, or one behind them for a row that is left out.
    /// - Returns: the rows, and how many of them lots decided.
    @inline(__always)
    func rows(group: (_ row: Int) -> Int, key: (_ row: Int) -> UInt64) -> (rows: [Int], tied: Int) {
        var sure: [UInt32] = []
        sure.reserveCapacity(ranges.reduce(0) { $0 + $1.count })
        let contest = Contest(
            count: ids.count, sizes: sizes + [0], ranges: ranges + [0..<0], group: group, key: key,
            sure: { sure.append(UInt32($0)) })
        guard !contest.entries.isEmpty else { return (sure.map { Int($0) }, 0) }
        drawLots(
            count: contest.entries.count, sizes: contest.sizes, ranges: contest.ranges,
            row: { contest.row($0) }, group: { contest.group($0, within: group) }, chosen: &sure)
        sure.sort()
        return (sure.map { Int($0) }, contest.ranges.reduce(0) { $0 + $1.count })
    }

    /// By (lot, id) alone; the rows are ascending.
    @inline(__always)
    func drawnRows(group: (_ row: Int) -> Int) -> [Int] {
        var chosen: [UInt32] = []
        chosen.reserveCapacity(ranges.reduce(0) { $0 + $1.count })
        drawLots(
            count: ids.count, sizes: sizes + [0], ranges: ranges + [0..<0], row: { $0 }, group: group, chosen: &chosen)
        chosen.sort()
        return chosen.map { Int($0) }
    }

    @inline(__always)
    private func drawLots(
        count: Int, sizes: [Int], ranges: [Range<Int>], row: (_ index: Int) -> Int, group: (_ index: Int) -> Int,
        chosen: inout [UInt32]
    ) {
        var drawn: [UInt64] = []
        drawn.reserveCapacity(count)
        for index in 0..<count { drawn.append(lots.draw(ids[row(index)])) }
        let contest = Contest(
            count: count, sizes: sizes, ranges: ranges, group: group, key: { drawn[$0] },
            sure: { chosen.append(UInt32(row($0))) })
        // Equal lots: two of 64 bits, or a repeated id.
        var equal: [Int: [Int]] = [:]
        for index in contest.entries.indices {
            equal[contest.group(index, within: group), default: []].append(row(contest.row(index)))
        }
        for (group, rows) in equal {
            let order = rows.sorted { (ids[$0], $0) < (ids[$1], $1) }
            chosen += order[contest.ranges[group]].map { UInt32($0) }
        }
    }
}

/// What keys alone do not decide: equal keys at a border of the range.
private struct Contest {
    /// Two groups for each one before: the rows at its lower border and at its upper one.
    var sizes: [Int]
    var ranges: [Range<Int>]
    /// 2 · index + (1 at the upper border).
    var entries: [UInt32] = []

    /// - Parameter sure: called for each index that the keys put inside, ascending.
    @inline(__always)
    init(
        count: Int, sizes before: [Int], ranges wanted: [Range<Int>], group: (_ index: Int) -> Int,
        key: (_ index: Int) -> UInt64, sure: (_ index: Int) -> Void
    ) {
        precondition(count < 1 << 31, "\(count) samples: more than 2³¹ cannot be chosen from at once")
        sizes = .init(repeating: 0, count: 2 * before.count)
        ranges = .init(repeating: 0..<0, count: 2 * before.count)
        let borders = RankBorders(count: count, sizes: before, ranges: wanted, group: group, key: key)
        var inside: [UInt32] = []
        inside.reserveCapacity(wanted.reduce(0) { $0 + $1.count })
        for index in 0..<count {
            let (group, key) = (group(index), key(index))
            guard key <= borders.high[group], key >= borders.low[group] else { continue }
            inside.append(UInt32(index))
            if key == borders.low[group] {
                sizes[2 * group] += 1
            } else if key == borders.high[group] {
                sizes[2 * group + 1] += 1
            }
        }
        let contested = contested(borders)
        entries.reserveCapacity(sizes.indices.reduce(0) { $0 + (contested[$1] ? sizes[$1] : 0) })
        for index in inside {
            let (group, key) = (group(Int(index)), key(Int(index)))
            let side = key == borders.low[group] ? 0 : key == borders.high[group] ? 1 : 2
            if side < 2, contested[2 * group + side] {
                entries.append(2 * index + UInt32(side))
            } else {
                sure(Int(index))
            }
        }
    }

    /// Whether lots must decide at a border; sets the ranges there.
    private mutating func contested(_ borders: RankBorders) -> [Bool] {
        var contested = [Bool](repeating: false, count: sizes.count)
        for group in borders.low.indices where borders.low[group] <= borders.high[group] {
            let (skipped, taken) = (borders.skipped[group], borders.taken[group])
            let (lower, upper) = (2 * group, 2 * group + 1)
            if borders.low[group] == borders.high[group] {
                ranges[lower] = skipped..<taken
                contested[lower] = taken - skipped < sizes[lower]
            } else {
                ranges[lower] = skipped..<sizes[lower]
                contested[lower] = skipped > 0
                ranges[upper] = 0..<taken
                contested[upper] = taken < sizes[upper]
            }
        }
        for side in ranges.indices where !contested[side] { ranges[side] = 0..<0 }
        return contested
    }

    @inline(__always)
    func row(_ entry: Int) -> Int { Int(entries[entry] >> 1) }

    @inline(__always)
    func group(_ entry: Int, within group: (_ row: Int) -> Int) -> Int {
        2 * group(row(entry)) + Int(entries[entry] & 1)
    }
}
