import Fitting
import Tables

/// What a reader must know before believing a fit, in sentences.
struct FitWarnings {
    let problem: FitProblem
    let estimate: FitEstimate
    let uncertainty: FitUncertainty
    let intervals: FitIntervals
    let options: ScalingLawOptions

    private var names: [String] { problem.law.parameters.map(\.name) }
    private var level: String { "level \(significant(options.level))" }

    /// In the order: the points, the search, the parameters one by one, their trade-offs.
    func all(correlations: [ScalingLawFit.Correlation]) -> [String] {
        options.cautions + problem.points.cautions + problem.law.cautions(on: problem.x) + repeats + unidentified
            + onBounds + fewPoints + undetermined + precision + openSides + tradeOffs(correlations) + dependence
            + intervals.notes + criteria
    }

    private var unidentified: [String] {
        problem.unknown.map(\.reason)
            + estimate.idle.map { "\(names[$0]) is not identified: the fitted curve does not depend on it" }
    }

    /// The half-life of repeated samples rests on the points beyond the first epoch alone.
    private var repeats: [String] {
        let columns = problem.law.columns.map(\.name)
        guard let tau = problem.estimated.first(where: { names[$0] == "tau" }),
            let seen = columns.firstIndex(of: "samples seen"), let size = columns.firstIndex(of: "samples per epoch")
        else { return [] }
        let epochs = zip(problem.x.columns[seen], problem.x.columns[size]).map { $0 / $1 }.filter { $0 > 1 + 1e-9 }
        let longest = epochs.max() ?? 0
        var found: [String] = []
        if epochs.count < 3 { found.append("only \(counted(epochs.count, "point")) beyond the first epoch") }
        if longest < 3 { found.append("repeats end after \(significant(longest, digits: 3)) epochs") }
        if found.isEmpty { return [] }
        return ["too few repeats for \(names[tau]): " + found.joined(separator: ", and ")]
    }

    private var onBounds: [String] {
        let held = estimate.sides.indices.filter { estimate.sides[$0] != nil }
        var result = held.map { j -> String in
            let side = estimate.sides[j] ?? .lower
            let end = side == .lower ? "lower" : "upper"
            let remark = problem.law.remark(j, on: side).map { $0 + "; " } ?? ""
            return "\(names[j]) is on its \(end) bound \(significant(problem.bounds[j][side])): " + remark
                + "it has no standard error"
        }
        let known = listed(held.map { names[$0] })
        if !held.isEmpty && !estimate.free.isEmpty {
            result.append(
                "standard errors of \(listed(estimate.free.map { names[$0] })) take \(known) as known: "
                    + "they may be too small")
        }
        return result
    }

    private var fewPoints: [String] {
        switch uncertainty.degrees {
        case ...0: ["too few points: as many as parameters, so nothing is known about the errors"]
        case 1...2: ["too few points: \(uncertainty.degrees) more than parameters"]
        default: []
        }
    }

    private var undetermined: [String] {
        uncertainty.undetermined.map { group in
            "the data do not determine \(listed(group.map { names[$0] }))" + (group.count > 1 ? " separately" : "")
        }
    }

    private var precision: [String] {
        estimate.free.compactMap { j in
            guard let error = uncertainty.error(j), error > 0.5 * abs(estimate.parameters[j]) else { return nil }
            return "\(names[j]) is hardly determined: standard error \(significant(error, digits: 3)) "
                + "for a value of \(significant(estimate.parameters[j], digits: 3))"
        }
    }

    private var openSides: [String] {
        problem.estimated.flatMap { j -> [String] in
            func sentence(_ word: String, _ end: Double) -> String {
                let reached = end.isFinite ? ": its interval reaches the bound \(significant(end))" : ""
                return "\(names[j]) is not bounded \(word) at \(level)" + reached
            }
            return (intervals.openBelow.contains(j) ? [sentence("below", problem.bounds[j].lower)] : [])
                + (intervals.openAbove.contains(j) ? [sentence("above", problem.bounds[j].upper)] : [])
        }
    }

    private func tradeOffs(_ correlations: [ScalingLawFit.Correlation]) -> [String] {
        let pairs = correlations.filter { abs($0.value) > Identifiability.tradeOff }
            .map { "\($0.first) and \($0.second) trade off (correlation \($0.text)): compare predictions, not either" }
        let (condition, together) = (uncertainty.conditionNumber, uncertainty.weakest)
        let isWeak = condition.isFinite && condition > Identifiability.illConditioned
        // Groups that are fitted together do not say which.
        guard isWeak, together.count > 1, together.count > 2 || pairs.isEmpty else { return pairs }
        return pairs + [
            "\(listed(together.map { names[$0] })) can change together with little effect on the curve "
                + "(condition number \(significant(condition, digits: 2)))"
        ]
    }

    /// Neighbouring residuals that resemble each other, where nothing takes care of it.
    private var dependence: [String] {
        guard problem.points.clusters == nil, !problem.isShared.contains(true) else { return [] }
        let (points, free, p) = (problem.points, estimate.free, names.count)
        let slopes = estimate.model.jacobian(estimate.parameters)
        let curve = problem.loss.isLogarithmic ? estimate.model.values(estimate.parameters) : []
        // Repeats stand in the order of their y, which makes neighbours alike: those of one x are averaged. A fit to
        // the means, weighted by their number, is the fit to the points.
        var (residuals, jacobian) = ([Double](), [Double]())
        var first = 0
        for i in 1..<points.count + 1 {
            guard i == points.count || points.x.columns.contains(where: { $0[i] != $0[first] }) else { continue }
            let repeats = first..<i
            func mean(_ value: (Int) -> Double) -> Double {
                let sum = repeats.reduce(0) { $0 + value($1) * (points.weights?[$1].squareRoot() ?? 1) }
                return sum / Double(repeats.count).squareRoot()
            }
            residuals.append(mean { estimate.solution.residuals[$0] })
            jacobian += free.map { j in mean { slopes[$0 * p + j] / (curve.isEmpty ? 1 : curve[$0]) } }
            first = i
        }
        let found = residualAutocorrelation(residuals, jacobian: jacobian, parameterCount: free.count)
        return [found?.warning].compactMap(\.self)
    }

    private var criteria: [String] {
        if problem.loss.isRobust { return ["no AICc and BIC: a Huber loss is not a likelihood of normal errors"] }
        if uncertainty.joint == nil { return [] }
        return ["parameters are shared: AICc, BIC and the degrees of freedom are those of all groups together"]
    }
}

extension ScalingLawFit.Correlation {
    /// Six decimals, cut and not rounded: 0.9999996 is not 1.
    var text: String {
        let cut = (abs(value) * 1e6).rounded(.down)
        let digits = String(Int(cut.isFinite ? cut : 0))
        let padded = String(repeating: "0", count: max(0, 7 - digits.count)) + digits
        return (value < 0 ? "-" : "+") + padded.dropLast(6) + "." + padded.suffix(6)
    }
}
