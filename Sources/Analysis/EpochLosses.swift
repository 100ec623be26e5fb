import Statistics
import Tables

/// An objective that was evaluated from several expert epochs: columns `tm@0`, `tm@5`, …
public struct EpochLosses: Sendable, Equatable {
    public var name: String
    /// Ascending.
    public var epochs: [Double]
    /// In the order of the epochs.
    public var columns: [String]

    /// The objectives with at least two such columns, in the order of their first.
    public static func among(_ columns: [String]) -> [EpochLosses] {
        var names = [String]()
        var found = [String: [(epoch: Double, column: String)]]()
        for column in columns {
            let parts = column.split(separator: "@", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, let epoch = Double(parts[1]), epoch.isFinite else { continue }
            let name = String(parts[0])
            if found[name] == nil { names.append(name) }
            found[name, default: []].append((epoch, column))
        }
        return names.compactMap { name in
            let members = (found[name] ?? []).sorted { $0.epoch < $1.epoch }
            return members.count < 2
                ? nil : EpochLosses(name: name, epochs: members.map(\.epoch), columns: members.map(\.column))
        }
    }

    /// The mean over the epochs, as a column of the objective's name; NaN where an epoch is missing.
    public func average(in table: Table) throws(TableError) -> Column {
        var values = [[Double]]()
        for column in columns { values.append(try table.numbers(column)) }
        return Column(name, (0..<table.rowCount).map { row in mean(values.map { $0[row] }) })
    }
}
