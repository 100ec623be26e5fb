/// Which end of the order is kept.
public enum KeepRule: Sendable, Equatable {
    case easiest, hardest, highest, lowest
    /// As many as the size says, from a place counted from the hardest.
    case window(from: WindowStart)
    /// In seeded order, whatever the scores.
    case random

    /// From a fraction 0…1 of each class, counted from the hardest; clipped so that the window fits.
    public static func window(start fraction: Double) -> KeepRule { .window(from: .fraction(fraction)) }
}

/// Where a window starts, counted from the hardest sample of each class; without balance, of all samples.
public enum WindowStart: Sendable, Equatable {
    /// A fraction 0…1 of the class, rounded to the nearest, halves up; clipped so that the window fits: 1 is the easiest
    /// end.
    case fraction(Double)
    /// A multiple β ≥ 0 of the number kept, rounded down: at IPC 50, β = 0.9 starts at rank 45. Source: SelMatch (Lee &
    /// Chung 2024), whose released code counts so.
    case multipleOfKept(Double)
    /// A rank from 0.
    case rank(Int)

    /// - Throws: `SelectionError.windowBeyondEnd` where a window that starts at a rank does not fit.
    func position(kept: Int, of count: Int, label: Int?) throws(SelectionError) -> Int {
        let start: Int
        switch self {
        case .fraction(let fraction): return min(max(0, Int((fraction * Double(count)).rounded())), count - kept)
        case .multipleOfKept(let multiple):
            let product = (multiple * Double(kept)).rounded(.down)
            start = product < 0x1p62 ? Int(product) : .max
        case .rank(let rank): start = rank
        }
        guard start <= count - kept else {
            throw .windowBeyondEnd(label: label, count: count, start: start, needed: kept)
        }
        return start
    }
}

/// How many are kept.
public enum SubsetSize: Sendable, Equatable {
    /// Images per class; without balance, so many times the number of classes in all.
    case ipc(Int)
    /// A fraction of each class; without balance, of all. Rounded to the nearest, halves up.
    case fraction(Double)

    func check() {
        switch self {
        case .ipc(let ipc): precondition(ipc >= 0, "\(ipc) images per class")
        case .fraction(let fraction): precondition(fraction >= 0 && fraction <= 1, "a fraction of \(fraction)")
        }
    }

    /// How many of each group are kept.
    ///
    /// - Throws: `classTooSmall` or `tooFewSamples`.
    func counts(of groups: ClassGroups) throws(SelectionError) -> [Int] {
        check()
        var counts: [Int] = []
        counts.reserveCapacity(groups.sizes.count)
        for (label, size) in groups.sizes.enumerated() {
            let count: Int
            switch self {
            case .ipc(let ipc):
                let (all, overflow) = ipc.multipliedReportingOverflow(by: groups.classes)
                count = groups.balanced ? ipc : overflow ? .max : all
            case .fraction(let fraction): count = Int((fraction * Double(size)).rounded())
            }
            guard count <= size else {
                if groups.balanced { throw .classTooSmall(label: label, count: size, needed: count) }
                throw .tooFewSamples(count: size, needed: count)
            }
            counts.append(count)
        }
        return counts
    }
}

/// The rows that were chosen.
public struct Subset: Sendable, Equatable {
    /// Ascending.
    public var rows: [Int]
    /// The share of the subset that seeded order decided among equal scores, 0…1.
    public var tieShare: Double

    public init(rows: [Int], tieShare: Double) {
        self.rows = rows
        self.tieShare = tieShare
    }
}
