import Fitting
import Foundation
import Tables

extension ScalingLawAnalysis {
    /// The form `assay-fit`, version 1.
    public func json() -> JSON {
        .object(["format": "assay-fit", "version": 1, "fits": .array(fits.map { $0.json() })])
    }

    /// One row per fit and parameter, with the fit's n.
    public func table() -> Table {
        let all = fits.flatMap { fit -> [(fit: ScalingLawFit, parameter: ScalingLawFit.Parameter?)] in
            fit.isRefused ? [(fit, nil)] : fit.parameters.map { (fit, $0) }
        }
        let groupColumns = fits.first?.group.map(\.column) ?? []
        var columns = groupColumns.enumerated().map { index, name in Column(name, all.map { $0.fit.group[index].value })
        }
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

    /// What the terminal shows: for each fit data, statistics, parameters, correlations and warnings.
    public func text() -> String { fits.map { $0.text() }.joined(separator: "\n") }
}

extension ScalingLawFit {
    public func json() -> JSON {
        var members: [String: JSON] = [
            "law": .string(law), "n": .integer(n),
            "n0": .exact(unit),
            "interval": .string(interval.rawValue),
            "level": .number(level), "termination": .string(termination.word),
            "termination_message": .string(termination.description), "warnings": JSON(warnings),
            "degrees_of_freedom": .integer(degreesOfFreedom),
        ]
        members["group"] = .object(Dictionary(group.map { ($0.column, .string($0.value)) }) { first, _ in first })
        members["parameters"] = .object(
            Dictionary(
                parameters.map { p in
                    (
                        p.name,
                        .object([
                            "value": Self.json(p.value), "standard_error": JSON(p.standardError), "low": JSON(p.low),
                            "high": JSON(p.high),
                        ])
                    )
                }
            ) { first, _ in first })
        members["derived"] = .object(Dictionary(derived.map { ($0.name, Self.json($0.value)) }) { first, _ in first })
        members["correlations"] = .object(
            Dictionary(correlations.map { ("\($0.first),\($0.second)", .number($0.value)) }) { first, _ in first })
        for (key, value) in [
            ("rss", rss), ("rmse", rmse), ("r_squared", rSquared), ("aicc", aicc), ("bic", bic),
            ("condition_number", conditionNumber),
        ] { members[key] = Self.json(value) }
        members["starts"] = .integer(starts)
        members["starts_at_best"] = .integer(startsAtBest)
        return .object(members)
    }

    private static func json(_ x: Double) -> JSON { x.isFinite ? .number(x) : .null }

    /// The fit for a reader, in the manner of lmfit's report.
    public func text() -> String {
        var lines = ["[\(title)]  \(law): y = \(model.formula), N0 = \(significant(unit))"]
        func line(_ title: String, _ value: String) {
            lines.append("  " + title.padding(toLength: 22, withPad: " ", startingAt: 0) + value)
        }
        if isRefused {
            lines.append("  \(termination.description)")
            return lines.joined(separator: "\n") + "\n"
        }
        line("result", termination.description)
        line("points", "n = \(n), \(degreesOfFreedom) degrees of freedom")
        line("residuals", "rss \(significant(rss)), rmse \(significant(rmse)), R² \(significant(rSquared, digits: 6))")
        line("information", "AICc \(Self.number(aicc)), BIC \(Self.number(bic)) (σ counted)")
        line("starts", "\(startsAtBest) of \(starts) reached this minimum")
        line(
            "parameters",
            interval == .none
                ? "± standard error" : "± standard error, \(significant(level * 100)) % interval (asymptotic)")
        for p in parameters { lines.append("    " + Self.row(p)) }
        for d in derived { lines.append("    \(d.name) = \(Self.number(d.value)) (derived)") }
        // As lmfit does, only what is worth reading.
        let shown = correlations.filter { abs($0.value) > 0.1 }.sorted { abs($0.value) > abs($1.value) }
        if !shown.isEmpty {
            let list = shown.map { "(\($0.first), \($0.second)) \(String(format: "%+.4f", $0.value))" }
            line("correlations", list.joined(separator: ", "))
        }
        for warning in warnings { line("warning", warning) }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func row(_ p: Parameter) -> String {
        if p.isFixed { return "\(p.name) = \(number(p.value)) (fixed)" }
        if p.value.isNaN { return "\(p.name) not identified" }
        var text = "\(p.name) = \(number(p.value))"
        if let error = p.standardError {
            text += " ± \(significant(error, digits: 3))"
            if p.value != 0 { text += " (\(significant(100 * error / abs(p.value), digits: 3)) %)" }
        }
        if let low = p.low, let high = p.high { text += "  [\(number(low)), \(number(high))]" }
        if let bound = p.bound { text += " (on its \(bound == .lower ? "lower" : "upper") bound)" }
        return text
    }

    private static func number(_ x: Double) -> String { x.isNaN ? "–" : significant(x, digits: 6) }
}
