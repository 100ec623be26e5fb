import Foundation
import Tables

/// Which of several laws to believe, group by group: information criteria, and errors on points that were not fitted.
public struct ScalingLawChoice: Sendable, Equatable {
    public struct Row: Sendable, Equatable {
        public let law: String
        public let n: Int
        /// Parameters estimated, σ not counted.
        public let k: Int
        public let rmse: Double
        public let aicc: Double
        /// Above the lowest of the group.
        public let deltaAICc: Double
        /// Akaike's weight, exp(−Δ/2) as a share of the group's sum.
        public let weight: Double
        public let bic: Double
        public let deltaBIC: Double
        public let errors: ScalingLawFit.PredictionErrors
    }

    public struct Group: Sendable, Equatable {
        public let title: String
        public let values: [String]
        /// In the order of the laws.
        public let rows: [Row]
        /// Which law is best by each criterion, and where the data cannot tell.
        public let verdicts: [String]
    }

    public let groupColumns: [String]
    public let groups: [Group]

    init(_ analysis: ScalingLawAnalysis) {
        groupColumns = analysis.rows.columns.group
        groups = analysis.groups.indices.map { place in
            Group(Array(analysis.fits(ofGroup: place)), areComparable: analysis.criteriaAreComparable(inGroup: place))
        }
    }
}

extension ScalingLawAnalysis {
    /// nil with a single law, unless something of it was predicted.
    public var choice: ScalingLawChoice? {
        let hasErrors = options.holdout != nil || Self.crossValidates(options, laws)
        return laws.count > 1 || hasErrors ? ScalingLawChoice(self) : nil
    }

    /// Whether the criteria of all laws are of the same points: those of a law that shares parameters are of all groups
    /// that share them.
    fileprivate func criteriaAreComparable(inGroup place: Int) -> Bool {
        let sharing = laws.indices.compactMap { law -> [Int]? in
            let fits = groups.indices.map { self.fits[$0 * laws.count + law] }
            let together = groups.indices.filter { fits[$0].sharesParameters }
            return fits[place].isRefused ? nil : together.contains(place) ? together : [place]
        }
        return Set(sharing).count < 2
    }
}

extension ScalingLawFit {
    fileprivate var sharesParameters: Bool { !isRefused && parameters.contains(where: \.isShared) }
}

extension ScalingLawChoice.Group {
    init(_ fits: [ScalingLawFit], areComparable: Bool) {
        title = fits.first?.title ?? ""
        values = fits.first?.group.map(\.value) ?? []
        let lowest = areComparable ? Self.lowest(fits.map(\.aicc)) : .nan
        let lowestBIC = areComparable ? Self.lowest(fits.map(\.bic)) : .nan
        let shares = fits.map { $0.aicc.isFinite ? exp(-($0.aicc - lowest) / 2) : .nan }
        let sum = shares.filter { !$0.isNaN }.reduce(0, +)
        rows = zip(fits, shares).map { fit, share in
            .init(
                law: fit.law, n: fit.n, k: fit.estimated, rmse: fit.rmse, aicc: fit.aicc,
                deltaAICc: fit.aicc - lowest, weight: share / sum, bic: fit.bic, deltaBIC: fit.bic - lowestBIC,
                errors: fit.predictionErrors)
        }
        let refusal = areComparable ? [] : [Self.incomparable(fits.filter(\.sharesParameters).map(\.law))]
        verdicts = fits.count > 1 ? refusal + Self.verdicts(rows) : []
    }

    private static func incomparable(_ sharing: [String]) -> String {
        "no choice by AICc or BIC: those of \(listed(sharing)) are of all groups that share parameters, not of the same "
            + "points as the others"
    }

    private static func lowest(_ values: [Double]) -> Double { values.filter { $0.isFinite }.min() ?? .nan }

    private static func verdicts(_ rows: [ScalingLawChoice.Row]) -> [String] {
        var result: [String] = []
        let near = rows.filter { $0.deltaAICc < 2 }
        if near.count == 1 {
            let next = rows.map(\.deltaAICc).filter { $0 >= 2 }.min()
            let ahead = next.map { ", \(significant($0, digits: 3)) below the next" } ?? ""
            result.append("AICc: \(near[0].law)\(ahead)")
        } else if near.count > 1 {
            result.append("AICc cannot tell between \(listed(near.map(\.law))) (differences below 2)")
        }
        if let best = rows.first(where: { $0.deltaBIC == 0 }) { result.append("BIC: \(best.law)") }
        let criteria: [(String, (ScalingLawChoice.Row) -> LogError?)] = [
            ("leave-one-out error", \.errors.leaveOneOut), ("error at the last fifth of x", \.errors.future),
            ("error at the rows held out", \.errors.holdout),
        ]
        for (name, error) in criteria {
            let defined = rows.compactMap { row in error(row).map { (row.law, $0) } }.filter { !$0.1.rmsle.isNaN }
            guard let best = defined.min(by: { $0.1.rmsle < $1.1.rmsle }) else { continue }
            let value = significant(best.1.rmsle, digits: 3)
            result.append("\(name): \(best.0) (RMSLE \(value), n = \(best.1.n))")
        }
        return result
    }
}

extension ScalingLawChoice {
    private var all: [(group: Group, row: Row)] { groups.flatMap { group in group.rows.map { (group, $0) } } }

    /// One row per group and law.
    public func table() -> Table {
        let all = all
        var columns = groupColumns.enumerated().map { at, name in Column(name, all.map { $0.group.values[at] }) }
        columns.append(Column("law", all.map(\.row.law)))
        columns.append(Column("n", all.map(\.row.n)))
        columns.append(Column("k", all.map(\.row.k)))
        let numbers: [(String, (Row) -> Double)] = [
            ("rmse", \.rmse), ("aicc", \.aicc), ("delta_aicc", \.deltaAICc), ("weight", \.weight), ("bic", \.bic),
            ("delta_bic", \.deltaBIC), ("loo_rmsle", { $0.errors.leaveOneOut?.rmsle ?? .nan }),
            ("future_rmsle", { $0.errors.future?.rmsle ?? .nan }),
            ("holdout_rmsle", { $0.errors.holdout?.rmsle ?? .nan }),
        ]
        for (name, value) in numbers { columns.append(Column(name, all.map { value($0.row) })) }
        columns.append(Column("holdout_n", all.map { $0.row.errors.holdout?.n ?? 0 }))
        return Table(columns)
    }

    /// The rows of `table()`, and the verdicts.
    public func json() -> JSON {
        .array(
            groups.map { group in
                [
                    "group": ScalingLawFit.object(zip(groupColumns, group.values).map { ($0, .string($1)) }),
                    "laws": .array(group.rows.map { $0.json() }), "verdicts": JSON(group.verdicts),
                ]
            })
    }

    /// The table, without columns that say nothing, and the verdicts of each group.
    public func text() -> String {
        let table = table()
        let columns = table.columns.filter { column in
            switch column.values {
            case .numbers(let v): !v.allSatisfy(\.isNaN)
            case .integers(let v): column.name != "holdout_n" || v.contains { $0 > 0 }
            case .texts: true
            }
        }
        let verdicts = groups.flatMap { group in group.verdicts.map { "  [\(group.title)]  \($0)\n" } }
        return "choice among laws\n" + Table(columns).formatted(.table) + verdicts.joined()
    }
}

extension ScalingLawChoice.Row {
    func json() -> JSON {
        let errors = errors
        func number(_ x: Double?) -> JSON { x.map(ScalingLawFit.json) ?? .null }
        return [
            "law": .string(law), "n": .integer(n), "k": .integer(k), "rmse": number(rmse), "aicc": number(aicc),
            "delta_aicc": number(deltaAICc), "weight": number(weight), "bic": number(bic),
            "delta_bic": number(deltaBIC), "loo_rmsle": number(errors.leaveOneOut?.rmsle),
            "future_rmsle": number(errors.future?.rmsle), "future_n": JSON(errors.future?.n),
            "holdout_rmsle": number(errors.holdout?.rmsle), "holdout_n": JSON(errors.holdout?.n),
        ]
    }
}
