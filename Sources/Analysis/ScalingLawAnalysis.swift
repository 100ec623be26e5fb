import Dispatch
import Fitting
import Tables

/// The fits of laws to the groups of a table: what `assay fit` answers.
public struct ScalingLawAnalysis: Sendable {
    /// Rows that were left out, and why.
    public struct LeftOut: Sendable, Equatable {
        public let reason: String
        /// `line 9`, or the row's name.
        public let places: [String]
    }

    public let laws: [any ScalingLaw]
    public let options: ScalingLawOptions
    /// Group by group, in the order of their first row; within a group in the order of the laws.
    public let fits: [ScalingLawFit]
    public let leftOut: [LeftOut]
    public let source: String?

    let data: FitData
    var rows: FitRows { data.rows }
    let groups: [FitGroup]

    /// Fits `laws` to each group of `table`.
    ///
    /// - Parameters:
    ///   - x: the laws' x columns, in their order. Among several laws one that takes fewer columns takes the first of
    ///     these; a row that one law leaves out is left out for all.
    ///   - y: a column or an expression in columns; an error is in 0…1.
    ///   - group: the columns whose values tell groups apart; none = all rows are one group.
    ///   - weights: w in Σ w ρ(r); not negative. A row of weight 0 is left out.
    ///   - cluster: the column that tells which rows depend on each other, as seeds or runs.
    ///   - rowNames: a column that names rows in messages better than their line does, as a run's id.
    /// - Throws: `ScalingLawError` for a wrong question or rows outside the laws' domain, `TableError` for columns that
    ///   are missing or hold text. A group that cannot be fitted is refused in its own result.
    public init(
        of table: Table, laws: [any ScalingLaw], x: [String], y: String, group: [String] = [], weights: String? = nil,
        cluster: String? = nil, rowNames: String? = nil, options: ScalingLawOptions = .init()
    ) throws {
        try options.check(laws, grouped: !group.isEmpty, clustered: cluster != nil)
        try Self.checkColumns(x, laws)
        let columns = FitColumns(x: x, y: y, group: group, weights: weights, cluster: cluster, rowNames: rowNames)
        let rows = try FitRows(of: table, columns: columns, laws: laws, options: options)
        let groups = try table.groups(by: group).map { key, indices in
            FitGroup(key: key.map { (column: $0.0, value: $0.1) }, indices: indices, of: rows)
        }
        let data = FitData(rows)
        try Self.checkStart(groups, data, laws, options)
        self.laws = laws
        self.options = options
        self.data = data
        self.groups = groups
        leftOut = rows.leftOut
        source = table.source
        fits = Self.fits(groups, data, laws, options)
    }

    /// Fits one law.
    public init(
        of table: Table, law: any ScalingLaw, x: [String], y: String, group: [String] = [],
        rowNames: String? = nil, options: ScalingLawOptions = .init()
    ) throws {
        try self.init(of: table, laws: [law], x: x, y: y, group: group, rowNames: rowNames, options: options)
    }

    public static func checkColumns(_ x: [String], _ laws: [any ScalingLaw]) throws(ScalingLawError) {
        guard !laws.isEmpty else { throw .option("--law names no law") }
        let most = laws.map(\.columns.count).max() ?? 0
        for law in laws {
            let needed = law.columns.count
            if needed > x.count || (needed == most && needed < x.count) {
                throw .columnCount(law: law.name, needed: law.columns.map(\.name), given: x.count)
            }
        }
        for law in laws where laws.count(where: { $0.name == law.name }) > 1 {
            throw .option("--law \(law.name) stands twice")
        }
    }

    private static func checkStart(
        _ groups: [FitGroup], _ data: FitData, _ laws: [any ScalingLaw], _ options: ScalingLawOptions
    ) throws(ScalingLawError) {
        if options.start.isEmpty { return }
        for law in laws {
            for group in groups {
                let points = group.points(data, options).fitted
                guard let i = FitProblem(law, points, options).pointWithoutValue(options) else { continue }
                let start = law.parameters.map { parameter in
                    let value = options.held(parameter.name) ?? options.start[parameter.name] ?? .nan
                    return "\(parameter.name) = \(significant(value))"
                }
                throw .startNotFinite(
                    law: law.name, start: start.joined(separator: ", "), place: data.rows.place(points.rows[i]))
            }
        }
    }

    /// A column that is an error by its name: `test_error`, `err`, `top1-err`.
    public static func isError(_ column: String) -> Bool {
        let words = column.lowercased().split { !$0.isLetter }
        return column.lowercased().contains("error") || words.contains("err")
    }

    public var isEveryGroupRefused: Bool { fits.allSatisfy(\.isRefused) }
    public var isEveryFitConverged: Bool { fits.allSatisfy(\.termination.isConverged) }

    /// The fits of one group, in the order of the laws.
    func fits(ofGroup index: Int) -> ArraySlice<ScalingLawFit> {
        fits[index * laws.count..<(index + 1) * laws.count]
    }

    /// Leave-one-out and leave-future-out errors are worth their time where there is a choice.
    static func crossValidates(_ options: ScalingLawOptions, _ laws: [any ScalingLaw]) -> Bool {
        options.crossValidates ?? (laws.count > 1)
    }
}

extension ScalingLawAnalysis: Equatable {
    public static func == (a: ScalingLawAnalysis, b: ScalingLawAnalysis) -> Bool {
        a.fits == b.fits && a.leftOut == b.leftOut && a.options == b.options
    }
}

/// The rows of one group.
struct FitGroup: Sendable {
    let key: [(column: String, value: String)]
    /// Kept rows of the table, ascending.
    let rows: [Int]

    init(key: [(column: String, value: String)], indices: [Int], of data: FitRows) {
        self.key = key
        rows = indices.allSatisfy { data.isKept[$0] } ? indices : indices.filter { data.isKept[$0] }
    }

    /// The points that are fitted, and those that are held out.
    func points(_ data: FitData, _ options: ScalingLawOptions) -> (fitted: GroupPoints, heldOut: GroupPoints?) {
        switch options.holdout {
        case nil: return (GroupPoints(rows, of: data, key: key), nil)
        case .condition:
            let isHeldOut = data.rows.isHeldOut ?? []
            return (
                GroupPoints(rows.filter { !isHeldOut[$0] }, of: data, key: key),
                GroupPoints(rows.filter { isHeldOut[$0] }, of: data, key: key)
            )
        case .largest(let share):
            let all = GroupPoints(rows, of: data, key: key)
            let parts = all.splitByX(last: share)
            return (
                GroupPoints(parts.first.map { all.rows[$0] }, of: data, key: key),
                GroupPoints(parts.last.map { all.rows[$0] }, of: data, key: key)
            )
        }
    }
}
