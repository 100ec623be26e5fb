import Analysis
import Fitting
import Studies

extension FitChoice {
    /// The laws as values.
    func scalingLaws() throws(ScalingLawError) -> [any ScalingLaw] {
        let isError = ScalingLawAnalysis.isError(y)
        var result: [any ScalingLaw] = []
        for law in laws { result.append(try ScalingLaws.law(law, columns: x, unit: n0, isError: isError)) }
        return result
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
