import LinearAlgebra

/// A coreset: rows in the order in which they were chosen, class after class where each is chosen from by itself.
public struct Coreset: Sendable, Equatable {
    public var rows: [Int]
    /// What each chosen sample stands for, where the rule has weights.
    public var weights: [Double]?
    /// The objective after each pick, within the class where each is chosen from by itself (`CoresetRule.table`).
    public var trace: [Double]?
    /// Whether another sample was exactly as good: the lower id was taken.
    public var ties: [Bool]

    /// The rows, ascending, and the share of them that were picked in a tie.
    public var subset: Subset {
        Subset(
            rows: rows.sorted(),
            tieShare: rows.isEmpty ? 0 : Double(ties.count(where: { $0 })) / Double(rows.count))
    }
}

/// What one class, or the whole, gives; indices count its samples.
struct CoresetPicks {
    var picks: [Int] = []
    var weights: [Double]?
    var trace: [Double]?
    var ties: [Bool] = []
}

/// The samples of one class, or all.
struct CoresetGroup {
    let features: FeatureMatrix
    let errors: FeatureMatrix?
    let labels: [Int32]
    let ids: [Int64]

    var count: Int { ids.count }
}

/// The largest of the values offered; of equal ones that of the lowest id.
struct Best {
    private(set) var value = -Double.infinity
    private(set) var index = -1
    /// Another sample has the same value.
    private(set) var isTied = false
    private var id = Int64.max

    @inline(__always)
    mutating func offer(_ value: Double, _ index: Int, ids: UnsafeBufferPointer<Int64>) {
        if value < self.value { return }
        replace(value, index, ids[index])
    }

    private mutating func replace(_ value: Double, _ index: Int, _ id: Int64) {
        if index == self.index { return }
        isTied = value == self.value && self.index >= 0
        guard !isTied || id < self.id else { return }
        self.value = value
        self.index = index
        self.id = id
    }
}

extension [Int] {
    /// Those of the largest values: so many, and others as large as the last of them.
    func largest(_ count: Int, by value: (Int) -> Double) -> [Int] {
        guard self.count > count else { return self }
        var keys = map { ~UInt64(ordering: value($0)) }
        let border = keys.withUnsafeMutableBufferPointer { keys in
            keys.select(count - 1)
            return keys[count - 1]
        }
        return filter { ~UInt64(ordering: value($0)) <= border }
    }
}
