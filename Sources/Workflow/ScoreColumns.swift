import HDF5
import Tables

/// What a file of scores holds of each sample, checked for range; N samples.
struct ScoreColumns: Sendable {
    /// [N]
    var ids: [Int64]
    /// [N]
    var labels: [Int32]
    /// [N]
    var scores: [Double]
    /// [N], where the file has them.
    var names: [String]?

    private static let idRange: ClosedRange<Int64> = -(1 << 53)...(1 << 53)
    private static let labelRange: ClosedRange<Int64> = 0...10_000_000

    private static func text(_ range: ClosedRange<Int64>) -> String {
        range == idRange ? "±2^53, where a double skips integers" : "\(range.lowerBound)…\(range.upperBound)"
    }

    /// Takes the columns out of a table, one after the other: a million samples stand in memory once.
    ///
    /// Throws `WorkflowError` that names the line, `TableError` where a column is missing.
    init(_ table: inout Table, path: String) throws {
        labels = try Self.whole("label", of: &table, path, Self.labelRange) { Int32($0) }
        ids = try Self.whole("sample_id", of: &table, path, Self.idRange) { $0 }
        scores = try table.numbers("score")
        names = table.has("name") ? try table.texts("name") : nil
        table.columns = []
    }

    private static func whole<Number>(
        _ name: String, of table: inout Table, _ path: String, _ range: ClosedRange<Int64>, _ convert: (Int64) -> Number
    ) throws -> [Number] {
        let column = try table.column(name)
        let values: [Number]
        if case .integers(let integers) = column.values {
            values = try integers.enumerated().map { row, value in
                guard range.contains(Int64(value)) else {
                    throw WorkflowError.badData(
                        "\(path):\(table.line(ofRow: row)): \(name) \(value) is beyond \(Self.text(range))")
                }
                return convert(Int64(value))
            }
        } else {
            values = try table.numbers(name).enumerated().map { row, number in
                guard let value = Int64(exactly: number) else {
                    throw WorkflowError.badData("\(path):\(table.line(ofRow: row)): \(name) must be a whole number")
                }
                guard range.contains(value) else {
                    throw WorkflowError.badData(
                        "\(path):\(table.line(ofRow: row)): \(name) \(value) is beyond \(Self.text(range))")
                }
                return convert(value)
            }
        }
        table.columns.removeAll { $0.name == name }
        return values
    }

    /// Reads `/sample_id`, `/label`, `/score` and, where it is there, `/name`, [N] each.
    ///
    /// Throws `WorkflowError` that names the dataset and the sample, `HDF5Error`.
    init(_ file: borrowing HDF5File, path: String) throws {
        let datasets = try file.children(of: "/")
        if let lacking = ["sample_id", "label", "score"].first(where: { !datasets.contains($0) }) {
            throw WorkflowError.badData("\(path): not a score file: /\(lacking) is missing")
        }
        var lengths: [Int] = []
        for name in ["sample_id", "label", "score", "name"] where datasets.contains(name) {
            let shape = try file.dataset(name).shape
            guard shape.count == 1 else {
                throw WorkflowError.badData(
                    "\(path): /\(name) must be one value per sample, and its shape is \(shape)")
            }
            lengths.append(shape[0])
        }
        guard lengths.allSatisfy({ $0 == lengths[0] }) else {
            throw WorkflowError.badData(
                "\(path): its datasets have \(lengths.map(String.init).joined(separator: ", ")) rows")
        }
        ids = try Self.whole(file.dataset("sample_id"), path, Self.idRange) { $0 }
        labels = try Self.whole(file.dataset("label"), path, Self.labelRange) { Int32($0) }
        scores = try file.dataset("score").read()
        names = datasets.contains("name") ? try file.dataset("name").readStrings() : nil
    }

    /// Block by block, so that the wide numbers of the file never stand in memory beside the narrow ones.
    private static func whole<Number>(
        _ dataset: consuming HDF5Dataset, _ path: String, _ range: ClosedRange<Int64>, _ convert: (Int64) -> Number
    ) throws -> [Number] {
        let (count, block) = (dataset.shape[0], 1 << 15)
        var values: [Number] = []
        values.reserveCapacity(count)
        var integers = [Int64](repeating: 0, count: min(count, block))
        var numbers = [Double](repeating: 0, count: dataset.info.type.isInteger ? 0 : min(count, block))
        for start in stride(from: 0, to: count, by: block) {
            let size = min(block, count - start)
            if dataset.info.type.isInteger {
                try integers.withUnsafeMutableBufferPointer {
                    try dataset.read(into: .init(rebasing: $0[..<size]), start: [start], count: [size])
                }
            } else {
                try numbers.withUnsafeMutableBufferPointer {
                    try dataset.read(into: .init(rebasing: $0[..<size]), start: [start], count: [size])
                }
                for row in 0..<size {
                    guard let value = Int64(exactly: numbers[row]) else {
                        throw WorkflowError.badData(
                            "\(path), /\(dataset.object), sample \(start + row): it must be a whole number")
                    }
                    integers[row] = value
                }
            }
            for row in 0..<size {
                guard range.contains(integers[row]) else {
                    throw WorkflowError.badData(
                        "\(path), /\(dataset.object), sample \(start + row): \(integers[row]) is beyond \(Self.text(range))"
                    )
                }
                values.append(convert(integers[row]))
            }
        }
        return values
    }
}
