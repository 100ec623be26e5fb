import Analysis
import Fitting
import Studies

extension FitChoice {
    /// The laws as values.
    func scalingLaws() throws(ScalingLawError) -> [any ScalingLaw] {
        try ScalingLaws.laws(laws, columns: x, unit: n0, isError: ScalingLawAnalysis.isError(y))
    }

    /// What could never be fitted, whatever the runs say.
    func problem(of analysis: AnalysisChoice) -> String? {
        do {
            let laws = try scalingLaws()
            let options = try options(level: analysis.level)
            try options.check(laws, grouped: !analysis.per.isEmpty, clustered: cluster != nil || checkpoints)
            try ScalingLawAnalysis.checkColumns(x, laws)
        } catch {
            return "\(error)"
        }
        return nil
    }

    /// The options as values.
    func options(level: Double) throws(ScalingLawError) -> ScalingLawOptions {
        var options = ScalingLawOptions()
        options.start = start
        options.fixed = fixed
        options.bounds = bounds.mapValues { Bounds($0[0], $0[1]) }
        options.shared = shared
        options.loss =
            switch loss {
            case "log-squares": .logSquares
            case "huber": .huber(delta ?? .nan)
            case "log-huber": .logHuber(delta ?? .nan)
            default: .squares
            }
        options.interval = ScalingLawOptions.Interval(rawValue: interval) ?? .asymptotic
        options.holdout = try holdout.map { text throws(ScalingLawError) in try Holdout(text) }
        options.level = level
        options.seed = 1
        if checkpoints { options.cautions = [checkpointCaution] }
        return options
    }
}
