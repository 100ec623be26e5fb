import Fitting
import Foundation
import Tables

extension ScalingLawFit {
    /// A fit's part of the form `assay-fit`.
    /// - Parameter residuals: with the residual of every row.
    public func json(residuals withResiduals: Bool = false) -> JSON {
        var members: [String: JSON] = [
            "law": .string(law), "formula": .string(model.formula), "n": .integer(n),
            "n0": unit.map(JSON.exact) ?? .null,
            "interval": .string(interval.rawValue), "interval_method": .string(intervalMethod),
            "level": .number(level), "loss": .string(loss.name), "weighted": .bool(isWeighted),
            "termination": .string(termination.word), "termination_message": .string(termination.description),
            "warnings": JSON(warnings), "degrees_of_freedom": .integer(degreesOfFreedom),
            "starts": .integer(starts), "starts_at_best": .integer(startsAtBest),
        ]
        members["group"] = Self.object(group.map { ($0.column, .string($0.value)) })
        members["parameters"] = Self.object(parameters.map { ($0.name, $0.json()) })
        members["derived"] = Self.object(derived.map { ($0.name, Self.json($0.value)) })
        members["derived_intervals"] = Self.object(
            derived.map { ($0.name, ["low": JSON($0.low), "high": JSON($0.high)]) })
        members["correlations"] = Self.object(correlations.map { ("\($0.first),\($0.second)", .number($0.value)) })
        members["prediction_errors"] = predictionErrors.json()
        for (key, value) in [
            ("objective", objective), ("rss", rss), ("rmse", rmse), ("r_squared", rSquared), ("aicc", aicc),
            ("bic", bic), ("condition_number", conditionNumber),
        ] { members[key] = Self.json(value) }
        if withResiduals {
            members["rows"] = .array(rows.map(JSON.integer))
            members["residuals"] = .array(residuals.map(JSON.number))
        }
        return .object(members)
    }

    /// Of keys that stand twice the first counts.
    static func object(_ members: [(String, JSON)]) -> JSON {
        .object(Dictionary(members, uniquingKeysWith: { first, _ in first }))
    }

    static func json(_ x: Double) -> JSON { x.isFinite ? .number(x) : .null }

    /// The fit for a reader, in the order of lmfit's report: data, statistics, parameters, correlations, warnings.
    public func text() -> String {
        let unit = unit.map { ", N0 = \(significant($0))" } ?? ""
        var lines = ["[\(title)]  \(law): y = \(model.formula)\(unit)"]
        if law == model.formula { lines[0] = "[\(title)]  y = \(law)\(unit)" }
        if isRefused { return lines[0] + "\n  \(termination.description)\n" }
        func line(_ title: String, _ value: String) {
            lines.append("  " + title.padding(toLength: 16, withPad: " ", startingAt: 0) + value)
        }
        line("points", "n = \(n), \(degreesOfFreedom) degrees of freedom" + (isWeighted ? ", weighted" : ""))
        line("result", termination.description)
        if loss != .squares { line("loss", "\(loss.name), sum \(Self.number(objective))") }
        let space = loss.isLogarithmic ? " (of ln y)" : ""
        line("residuals", "rss \(Self.number(rss)), rmse \(Self.number(rmse)), R² \(Self.number(rSquared))" + space)
        line("information", "AICc \(Self.number(aicc)), BIC \(Self.number(bic)) (σ counted)")
        line("starts", "\(startsAtBest) of \(starts) reached this minimum")
        for (title, error) in predictionErrors.named {
            line(title, "RMSLE \(Self.number(error.rmsle)) (n = \(error.n))")
        }
        lines += parameterLines
        // As lmfit does, only what is worth reading.
        let shown = correlations.filter { abs($0.value) > 0.1 }.sorted { abs($0.value) > abs($1.value) }
        if !shown.isEmpty {
            line("correlations", shown.map { "(\($0.first), \($0.second)) \($0.text)" }.joined(separator: ", "))
        }
        for warning in warnings { line("warning", warning) }
        return lines.joined(separator: "\n") + "\n"
    }

    private var parameterLines: [String] {
        let interval = intervalMethod.isEmpty ? "" : ", \(significant(level * 100)) % interval (\(intervalMethod))"
        let width = (parameters.map(\.name.count) + derived.map(\.name.count)).max() ?? 0
        func name(_ text: String) -> String { text.padding(toLength: width, withPad: " ", startingAt: 0) }
        return ["  parameters      ± standard error" + interval]
            + parameters.map { "    \(name($0.name)) \(row($0))" }
            + derived.map { quantity in
                let ends = Self.ends(
                    quantity.low, quantity.high, ofInterval: quantity.low != nil || quantity.high != nil)
                return "    \(name(quantity.name)) = \(Self.number(quantity.value))\(ends) (derived)"
            }
    }

    private func row(_ p: Parameter) -> String {
        if p.isFixed { return "= \(Self.number(p.value)) (fixed)" }
        if p.value.isNaN { return "  not identified" }
        var text = "= \(Self.number(p.value))"
        if let error = p.standardError {
            text += " ± \(significant(error, digits: 3))"
            if p.value != 0 { text += " (\(significant(100 * error / abs(p.value), digits: 3)) %)" }
        }
        text += Self.ends(p.low, p.high, ofInterval: !intervalMethod.isEmpty && (p.bound == nil || p.low != p.high))
        if let bound = p.bound { text += " (on its \(bound == .lower ? "lower" : "upper") bound)" }
        return p.isShared ? text + " (shared)" : text
    }

    /// `  [3.9, –]`: a dash where the interval is open.
    private static func ends(_ low: Double?, _ high: Double?, ofInterval hasOne: Bool) -> String {
        hasOne ? "  [\(low.map(number) ?? "–"), \(high.map(number) ?? "–")]" : ""
    }

    static func number(_ x: Double) -> String { x.isNaN ? "–" : significant(x, digits: 6) }
}

extension ScalingLawFit.Parameter {
    func json() -> JSON {
        [
            "value": ScalingLawFit.json(value), "standard_error": JSON(standardError), "low": JSON(low),
            "high": JSON(high), "fixed": .bool(isFixed), "shared": .bool(isShared),
            "bound": JSON(bound.map { $0 == .lower ? "lower" : "upper" }),
        ]
    }
}

extension ScalingLawFit.PredictionErrors {
    var named: [(title: String, error: LogError)] {
        [("leave-one-out", leaveOneOut), ("last fifth", future), ("held out", holdout)]
            .compactMap { title, error in error.map { (title, $0) } }
    }

    func json() -> JSON {
        func json(_ error: LogError?) -> JSON {
            error.map { ["rmsle": ScalingLawFit.json($0.rmsle), "n": .integer($0.n)] } ?? .null
        }
        return ["leave_one_out": json(leaveOneOut), "future": json(future), "holdout": json(holdout)]
    }
}
