import Foundation

/// What the data cannot tell about a fit's parameters, in sentences.
public enum Identifiability {
    /// Parameters more correlated than this trade off against each other.
    public static let tradeOff = 0.99
    /// Parameters can hardly be told apart beyond this condition number (columns scaled); two of them reach it at a
    /// correlation of 0.999 998.
    public static let illConditioned = 1e3

    /// - Parameters:
    ///   - names: of the free parameters, in the order of `uncertainty`.
    ///   - values: their estimates.
    ///   - held: parameters on a bound: name, side and the bound's value.
    ///   - degreesOfFreedom: points less estimated parameters.
    public static func warnings(
        names: [String], values: [Double], uncertainty: ParameterUncertainty,
        held: [(name: String, side: Bounds.Side, bound: Double)] = [], degreesOfFreedom: Int
    ) -> [String] {
        let free = names.indices.filter { !uncertainty.undetermined[$0] }
        var result = held.map { name, side, bound in
            "\(name) is on its \(side == .lower ? "lower" : "upper") bound \(number(bound)): "
                + "an asymptotic interval would be invalid"
        }
        if !held.isEmpty && !names.isEmpty {
            result.append(
                "standard errors of \(listed(names)) take \(listed(held.map(\.name))) as known: they may be too small")
        }
        if degreesOfFreedom <= 0 {
            result.append("as many parameters as points: nothing is known about the errors")
        }
        result += undetermined(names, uncertainty)
        result += tradeOffs(names, uncertainty)
        result += hardlyDetermined(free, names, values, uncertainty)
        if !names.isEmpty && isEmptyOfMeaning(free, values, uncertainty) {
            result.append("these data determine none of \(listed(names)): the fit is one of many")
        }
        return result
    }

    private static func undetermined(_ names: [String], _ uncertainty: ParameterUncertainty) -> [String] {
        uncertainty.undeterminedGroups.map { group in
            "the data do not determine \(listed(group.map { names[$0] }))" + (group.count > 1 ? " separately" : "")
        }
    }

    private static func tradeOffs(_ names: [String], _ uncertainty: ParameterUncertainty) -> [String] {
        var result: [String] = []
        for a in names.indices {
            for b in names.indices where b > a {
                let r = uncertainty.correlation(a, b)
                guard abs(r) > tradeOff else { continue }
                result.append(
                    "\(names[a]) and \(names[b]) trade off (correlation \(correlation(r))): neither means much alone")
            }
        }
        let (condition, together) = (uncertainty.conditionNumber, uncertainty.weakest)
        if condition > illConditioned && condition.isFinite && (together.count > 2 || result.isEmpty) {
            result.append(
                "\(listed(together.map { names[$0] })) can change together with little effect on the curve "
                    + "(condition number \(number(condition, digits: 2)))")
        }
        return result
    }

    private static func hardlyDetermined(
        _ free: [Int], _ names: [String], _ values: [Double], _ uncertainty: ParameterUncertainty
    ) -> [String] {
        free.compactMap { j in
            let error = uncertainty.standardErrors[j]
            guard error > 0.5 * abs(values[j]), error > 0 else { return nil }
            return
                "\(names[j]) is hardly determined: standard error \(number(error)) for a value of \(number(values[j]))"
        }
    }

    /// Whether no parameter is as large as its standard error.
    private static func isEmptyOfMeaning(
        _ free: [Int], _ values: [Double], _ uncertainty: ParameterUncertainty
    ) -> Bool {
        free.allSatisfy { uncertainty.standardErrors[$0] > abs(values[$0]) }
    }

    /// Digits cut, not rounded: a correlation of 0.999 999 6 is not 1.
    static func correlation(_ r: Double) -> String {
        let cut = (abs(r) * 1e6).rounded(.down) / 1e6
        return (r < 0 ? "−" : "") + String(format: "%.6f", cut)
    }

    static func listed(_ names: [String]) -> String {
        guard let last = names.last, names.count > 1 else { return names.first ?? "" }
        return names.dropLast().joined(separator: ", ") + " and " + last
    }

    private static func number(_ value: Double, digits: Int = 3) -> String { String(format: "%.\(digits)g", value) }
}
