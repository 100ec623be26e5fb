import Fitting
import Tables

/// What the fits of an analysis predict for the rows of another table, matched by the group columns.
public struct ScalingLawPredictions: Sendable, Equatable {
    /// The part of one fit: its group's rows.
    public struct Part: Sendable, Equatable {
        /// Rows of the new table, counted from 0.
        public let rows: [Int]
        /// Their x columns, all that were asked for.
        public let x: LawPoints
        public let predictions: [ScalingLawFit.Prediction]
    }

    /// In the order of the analysis's fits.
    public let parts: [Part]
    /// Rows for which there is no prediction, and why.
    public let leftOut: [ScalingLawAnalysis.LeftOut]
    private let laws: [String]
    private let columns: [Column]
    private let rowCount: Int

    /// - Throws: `TableError` for columns that are missing or hold text, `ScalingLawError` for rows outside the laws'
    ///   domain.
    public init(_ analysis: ScalingLawAnalysis, for table: Table) throws {
        let names = analysis.rows.columns
        let x = try names.x.map { try table.numbers($0) }
        let texts = try names.group.map { try table.texts($0) }
        let groups = Dictionary(
            analysis.groups.enumerated().map { ($1.key.map(\.value), $0) }, uniquingKeysWith: { first, _ in first })
        var members = [[Int]](repeating: [], count: analysis.groups.count)
        var unmatched: [Int] = []
        var outside: [(reason: String, rows: [Int])] = []
        for row in 0..<table.rowCount {
            guard let group = groups[texts.map { $0[row] }] else {
                unmatched.append(row)
                continue
            }
            if let reason = try Self.reason(x.map { $0[row] }, row, analysis, table) {
                if outside.last?.reason == reason {
                    outside[outside.count - 1].rows.append(row)
                } else {
                    outside.append((reason, [row]))
                }
            } else {
                members[group].append(row)
            }
        }
        parts = analysis.fits.enumerated().map { index, fit in
            let rows = members[index / analysis.laws.count]
            let points = LawPoints(x.map { column in rows.map { column[$0] } })
            return Part(rows: rows, x: points, predictions: fit.predictions(at: points))
        }
        if !unmatched.isEmpty { outside.append(("no group of the fitted table matches", unmatched)) }
        leftOut = outside.map { reason, rows in
            .init(reason: reason, places: rows.map { "line \(table.line(ofRow: $0))" })
        }
        laws = analysis.laws.map(\.name)
        columns = table.columns
        rowCount = table.rowCount
    }

    /// Why a row cannot be predicted; nil where it can.
    private static func reason(
        _ x: [Double], _ row: Int, _ analysis: ScalingLawAnalysis, _ table: Table
    ) throws -> String? {
        if let empty = x.firstIndex(where: \.isNaN) { return "\(analysis.rows.columns.x[empty]) is empty" }
        for law in analysis.laws {
            switch law.check(Array(x.prefix(law.columns.count))) {
            case .fine: continue
            case .leftOut(let reason): return reason
            case .invalid(let problem):
                let source = table.source.map { $0 == "-" ? "standard input" : $0 } ?? "table"
                throw ScalingLawError.invalidPoint(place: "\(source):\(table.line(ofRow: row))", problem: problem)
            }
        }
        return nil
    }

    /// The predictions of one law in the order of the new table's rows; nil where there is none.
    public func inRowOrder(law index: Int = 0) -> [ScalingLawFit.Prediction?] {
        var result = [ScalingLawFit.Prediction?](repeating: nil, count: rowCount)
        for part in stride(from: index, to: parts.count, by: laws.count) {
            for (row, prediction) in zip(parts[part].rows, parts[part].predictions) where prediction.value.isFinite {
                result[row] = prediction
            }
        }
        return result
    }

    /// The new table's rows, once per law, with `law`, `predicted` and the ends of both intervals.
    public func table() -> Table {
        let reserved = ["law", "predicted", "low", "high", "prediction_low", "prediction_high"]
        let kept = Table(columns.filter { !reserved.contains($0.name) })
        let rows = laws.indices.flatMap { _ in 0..<rowCount }
        let values = laws.indices.flatMap { inRowOrder(law: $0) }
        var result = kept.rows(rows).columns
        result.append(Column("law", laws.flatMap { [String](repeating: $0, count: rowCount) }))
        result.append(Column("predicted", values.map { $0?.value ?? .nan }))
        result.append(Column("low", values.map { $0?.low ?? .nan }))
        result.append(Column("high", values.map { $0?.high ?? .nan }))
        result.append(Column("prediction_low", values.map { $0?.predictionLow ?? .nan }))
        result.append(Column("prediction_high", values.map { $0?.predictionHigh ?? .nan }))
        return Table(result)
    }

    /// The numbers in the order of the new table's rows; nil with several laws.
    func json() -> JSON? {
        laws.count == 1 ? .array(inRowOrder().map { $0.map { ScalingLawFit.json($0.value) } ?? .null }) : nil
    }

    func json(ofFit index: Int) -> [String: JSON] {
        let part = parts[index]
        return [
            "predictions": .array(part.predictions.map { ScalingLawFit.json($0.value) }),
            "prediction_rows": .array(part.rows.map(JSON.integer)),
            "prediction_intervals": .array(
                part.predictions.map {
                    [
                        "low": JSON($0.low), "high": JSON($0.high), "prediction_low": JSON($0.predictionLow),
                        "prediction_high": JSON($0.predictionHigh),
                    ]
                }),
        ]
    }
}
