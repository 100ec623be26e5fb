internal import CKernels

/// The error vector's norm, ‖softmax(z) − onehot(y)‖₂, of one block of logits.
///
/// - Parameters:
///   - block: logits before softmax, [n, C], row after row.
///   - labels: [n]
///   - position, firstRow: for the error message.
/// - Throws: `ScoringError.nonFinite` for a row with a NaN or an infinity, `.labelOutOfRange`.
/// - Source: Paul et al. 2021, "Deep Learning on a Data Diet".
public func el2n(
    block: UnsafeBufferPointer<Float>, labels: ArraySlice<Int32>, classes: Int, position: Int, firstRow: Int,
    into values: inout [Float]
) throws(ScoringError) {
    precondition(block.count == labels.count * classes, "\(block.count) logits for \(labels.count) × \(classes)")
    precondition(
        firstRow >= 0 && firstRow + labels.count <= values.count,
        "rows \(firstRow)..<\(firstRow + labels.count) of \(values.count) samples")
    for (row, label) in labels.enumerated() where label < 0 || Int(label) >= classes {
        throw .labelOutOfRange(row: firstRow + row, label: Int(label), classes: classes)
    }
    let count = labels.count
    guard count > 0, let logits = block.baseAddress else { return }
    values.withUnsafeMutableBufferPointer { out in
        labels.withUnsafeBufferPointer { y in
            guard let target = out.baseAddress, let y = y.baseAddress else { return }
            ck_el2n(logits, y, count, classes, target + firstRow)
        }
    }
    for row in firstRow..<firstRow + count where !values[row].isFinite {
        throw .nonFinite(position: position, row: row)
    }
}

/// EL2N: the mean over checkpoints of ‖softmax(z) − onehot(y)‖₂. High is hard.
public struct EL2N: Sendable {
    public static let definition = "mean over the checkpoints of ||softmax(z) - onehot(y)||_2"

    private var sums: [Double]
    private var positions: [Int] = []

    public init(sampleCount: Int) { sums = [Double](repeating: 0, count: sampleCount) }

    /// Adds one checkpoint's norms, [N].
    public mutating func add(_ norms: [Float], position: Int) {
        precondition(norms.count == sums.count, "\(norms.count) norms for \(sums.count) samples")
        for (row, norm) in norms.enumerated() { sums[row] += Double(norm) }
        positions.append(position)
    }

    public func result() throws(ScoringError) -> Score {
        guard !positions.isEmpty else { throw .noCheckpoints }
        let count = Double(positions.count)
        return Score(
            values: sums.map { $0 / count }, method: "el2n", variant: "mean", direction: .highIsHard,
            definition: Self.definition, positions: positions)
    }
}
