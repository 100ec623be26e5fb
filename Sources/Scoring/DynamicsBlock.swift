internal import CKernels

/// The reduced records of a block of samples at the checkpoints that a plan reads, and the scores made of them.
///
/// A block is filled again and again: `begin` with the labels of the next rows, then `add` for every position of the
/// plan in ascending order, then `scores`. Nothing is allocated after the first block of full size, whatever N; a thread
/// has its own. The scores of a row do not depend on which block it came in.
///
/// ```swift
/// let plan = try ScorePlan([ScoreRequest("el2n"), ScoreRequest("aum")], checkpoints: 90, classes: 1000)
/// var block = DynamicsBlock(plan, source: try plan.source(hasLogits: true, stored: []), rows: 256)
/// try block.begin(labels: labels, firstRow: 0)
/// for position in plan.positions { try block.add(logits: read(position), isHalf: true, position: position) }
/// let el2n = block.scores(of: 0)
/// ```
public struct DynamicsBlock: Sendable {
    public let plan: ScorePlan
    public let source: ScoreSource
    /// The most rows that it holds.
    public let capacity: Int
    /// The rows that it holds now.
    public private(set) var count = 0
    /// The data set's row that its first one is.
    public private(set) var firstRow = 0

    /// The slot of `values` that holds column c of the plan at a position, [columns, K]; −1 where it is not needed.
    let slots: [Int]
    /// [slots, capacity]
    var values: [Float]
    /// Which slots the present rows have filled.
    var filled: [Bool]
    var labels: [Int32]
    /// ln(p + 10⁻⁸) at the checkpoint before, [capacity rounded up to 16, stride], and where that was; empty where no steps are needed.
    var logarithms: [Float]
    var logarithmsPosition: Int?
    /// [16, stride]
    var scratch: [Float]
    /// By column: the soft labels at its temperature, [capacity, C]; empty where it has none.
    var targets: [[Float]]
    var hasTargets = false
    /// √(1 + ‖h‖²), [capacity]
    var gradientFactors: [Double]
    var hasFeatures = false

    /// - Parameters:
    ///   - source: what will be added, from `plan.source`.
    ///   - rows: the most rows of a block.
    public init(_ plan: ScorePlan, source: ScoreSource, rows capacity: Int) {
        precondition(capacity > 0, "a block of \(capacity) rows")
        self.plan = plan
        self.source = source
        self.capacity = capacity
        var slots = [Int](repeating: -1, count: plan.columns.count * plan.checkpoints)
        var next = 0
        for (column, needed) in plan.columns.enumerated() {
            for position in needed.positions {
                slots[column * plan.checkpoints + position] = next
                next += 1
            }
        }
        self.slots = slots
        values = [Float](repeating: 0, count: next * capacity)
        filled = [Bool](repeating: false, count: next)
        labels = [Int32](repeating: 0, count: capacity)
        let stride = (plan.classes + 15) / 16 * 16
        let stepped = source == .logits && plan.records.contains(.step)
        logarithms = stepped ? [Float](repeating: 0, count: (capacity + 15) / 16 * 16 * stride) : []
        scratch = [Float](repeating: 0, count: stepped || plan.needsTargets ? 16 * stride : 0)
        targets = plan.columns.map { column in
            column.key.temperature == nil ? [] : [Float](repeating: 0, count: capacity * plan.classes)
        }
        gradientFactors = [Double](repeating: 0, count: plan.needsFeatures ? capacity : 0)
    }

    /// Begins with other rows.
    ///
    /// - Parameters:
    ///   - labels: [n], n ≤ capacity
    ///   - firstRow: the data set's row that the first one is, for messages.
    /// - Throws: `ScoringError.labelOutOfRange`.
    public mutating func begin(labels: UnsafeBufferPointer<Int32>, firstRow: Int) throws(ScoringError) {
        precondition(labels.count <= capacity, "\(labels.count) rows in a block of \(capacity)")
        let bad = ck_first_bad_label(labels.baseAddress, labels.count, Int32(plan.classes))
        if bad < labels.count {
            throw .labelOutOfRange(row: firstRow + bad, label: Int(labels[bad]), classes: plan.classes)
        }
        count = labels.count
        self.firstRow = firstRow
        self.labels.withUnsafeMutableBufferPointer { _ = $0.update(fromContentsOf: labels) }
        for slot in filled.indices { filled[slot] = false }
        logarithmsPosition = nil
        hasTargets = false
        hasFeatures = false
    }

    /// The slot of a plan's column at a position; nil where it is not needed.
    func slot(_ column: Int, _ position: Int) -> Int? {
        guard position >= 0, position < plan.checkpoints else { return nil }
        let slot = slots[column * plan.checkpoints + position]
        return slot < 0 ? nil : slot
    }
}
