import Fitting
import Foundation
import Tables

extension ScalingLawAnalysis {
    /// The form `assay-fit`, version 1.
    ///
    /// - Parameter residuals: with the residual of every row.
    public func json(
        predictions: ScalingLawPredictions? = nil, comparison: ScalingLawComparison? = nil, residuals: Bool = false
    ) -> JSON {
        let fits = JSON.array(fits.indices.map { json(ofFit: $0, predictions, residuals) })
        return ScalingLawFit.object(members(predictions, comparison) + [("fits", fits)])
    }

    /// The text of `json()`, handed on piece by piece: of thousands of fits only one is held as JSON at a time.
    public func writeJSON(
        predictions: ScalingLawPredictions? = nil, comparison: ScalingLawComparison? = nil, residuals: Bool = false,
        to write: (String) -> Void
    ) {
        let others = Dictionary(members(predictions, comparison), uniquingKeysWith: { first, _ in first })
        for (index, name) in (Array(others.keys) + ["fits"]).sorted().enumerated() {
            write("\(index == 0 ? "{" : ",")\n  \"\(name)\": ")
            if let value = others[name] {
                write(value.text(atDepth: 1))
                continue
            }
            for i in fits.indices {
                write((i == 0 ? "[" : ",") + "\n    " + json(ofFit: i, predictions, residuals).text(atDepth: 2))
            }
            write("\n  ]")
        }
        write("\n}\n")
    }

    /// Everything but the fits.
    private func members(
        _ predictions: ScalingLawPredictions?, _ comparison: ScalingLawComparison?
    ) -> [(String, JSON)] {
        var result: [(String, JSON)] = [
            ("format", "assay-fit"), ("version", 1),
            ("left_out", .array(leftOut.map { ["reason": .string($0.reason), "rows": .integer($0.places.count)] })),
        ]
        if let choice { result.append(("choice", choice.json())) }
        if let predictions, let values = predictions.json() { result.append(("predictions", values)) }
        if let comparison { result.append(("comparison", comparison.json())) }
        return result
    }

    private func json(ofFit index: Int, _ predictions: ScalingLawPredictions?, _ residuals: Bool) -> JSON {
        let plain = fits[index].json(residuals: residuals)
        guard case .object(var members) = plain else { return plain }
        if let predictions { members.merge(predictions.json(ofFit: index)) { first, _ in first } }
        if let size = samplesPerEpoch(ofFit: index) { members["samples_per_epoch"] = .exact(size) }
        return .object(members)
    }

    /// S of a group's pool, where a Goyal law was fitted to one: what a mixture of pools needs to know.
    private func samplesPerEpoch(ofFit index: Int) -> Double? {
        guard laws[index % laws.count] is GoyalLaw, let first = fits[index].rows.first else { return nil }
        let sizes = data.rows.x[1]
        return fits[index].rows.allSatisfy { sizes[$0] == sizes[first] } ? sizes[first] : nil
    }

    /// One row per fit and parameter, with the fit's n.
    public func table() -> Table {
        let all = fits.flatMap { fit -> [(fit: ScalingLawFit, parameter: ScalingLawFit.Parameter?)] in
            fit.isRefused ? [(fit, nil)] : fit.parameters.map { (fit, $0) }
        }
        var columns = Self.groupColumns(all.map(\.fit))
        columns.append(Column("law", all.map(\.fit.law)))
        columns.append(Column("parameter", all.map { $0.parameter?.name ?? "" }))
        columns.append(Column("value", all.map { $0.parameter?.value ?? .nan }))
        columns.append(Column("standard_error", all.map { $0.parameter?.standardError ?? .nan }))
        columns.append(Column("low", all.map { $0.parameter?.low ?? .nan }))
        columns.append(Column("high", all.map { $0.parameter?.high ?? .nan }))
        columns.append(Column("n", all.map(\.fit.n)))
        columns.append(Column("rss", all.map(\.fit.rss)))
        columns.append(Column("termination", all.map(\.fit.termination.word)))
        return Table(columns)
    }

    static func groupColumns(_ fits: [ScalingLawFit]) -> [Column] {
        (fits.first?.group ?? []).enumerated().map { index, group in
            Column(group.column, fits.map { $0.group[index].value })
        }
    }
}
