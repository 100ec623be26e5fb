import Analysis
import ArgumentParser
import Figures
import Fitting
import Foundation
import Tables

/// What a fit's search is told.
struct FitSearchOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Where the search begins.", valueName: "a=1,…"))
    var start: String?

    @Option(help: ArgumentHelp("Parameters held at a value.", valueName: "d=0.1,…"))
    var fix: String?

    @Option(
        help: ArgumentHelp(
            "Bounds in place of the law's own; an end left out is none.", valueName: "b=-2:0,…"))
    var bound: [String] = []

    @Option(help: ArgumentHelp("Parameters that all groups have in common, fitted jointly.", valueName: "a,d"))
    var share: ColumnList?

    @Option(help: ArgumentHelp("A column of weights w in the sum of w times the loss.", valueName: "col"))
    var weights: String?

    @Option(
        help: ArgumentHelp(
            "squares, log-squares, huber:DELTA or log-huber:DELTA, summed over the points.", valueName: "loss"))
    var loss = "squares"

    @Option(help: "Local searches (default: chosen by the law); 1 together with --start uses exactly that start.")
    var starts: Int?

    @Option(
        name: .customLong("n0"), help: "N0, the unit of samples in laws that have one: it scales a and nothing else.")
    var unit: Double?

    func validate() throws {
        if let unit, !(unit > 0 && unit.isFinite) {
            throw ValidationError("--n0 takes a positive number, not \(unit); write --n0=\(unit) if that was meant")
        }
    }

    func fill(_ options: inout ScalingLawOptions) throws {
        options.start = try Self.assignments(start, option: "--start")
        options.fixed = try Self.assignments(fix, option: "--fix")
        options.bounds = try Self.bounds(bound)
        options.shared = share?.names ?? []
        options.loss = try Self.loss(loss)
        options.starts = starts
    }

    /// `a=1,b=2`.
    private static func assignments(_ list: String?, option: String) throws(ScalingLawError) -> [String: Double] {
        var result: [String: Double] = [:]
        for (name, text) in try pairs(list ?? "", option: option, form: "name=number") {
            guard let value = Double(text) else {
                throw .option("\(option): '\(name)=\(text)' is not of the form name=number")
            }
            guard result.updateValue(value, forKey: name) == nil else {
                throw .option("\(option): \(name) stands twice")
            }
        }
        return result
    }

    /// `b=-2:0`, `a=0:`, `c=:5`.
    private static func bounds(_ lists: [String]) throws(ScalingLawError) -> [String: Bounds] {
        var result: [String: Bounds] = [:]
        for (name, text) in try pairs(lists.joined(separator: ","), option: "--bound", form: "name=low:high") {
            let ends = text.split(separator: ":", omittingEmptySubsequences: false)
            guard ends.count == 2, let low = ends[0].isEmpty ? -.infinity : Double(ends[0]),
                let high = ends[1].isEmpty ? .infinity : Double(ends[1])
            else { throw .option("--bound: '\(name)=\(text)' is not of the form name=low:high") }
            guard low <= high else { throw .option("--bound: \(name)=\(text) is empty: \(low) lies above \(high)") }
            guard result.updateValue(Bounds(low, high), forKey: name) == nil else {
                throw .option("--bound: \(name) stands twice")
            }
        }
        return result
    }

    private static func pairs(
        _ list: String, option: String, form: String
    ) throws(ScalingLawError) -> [(name: String, value: String)] {
        var result: [(String, String)] = []
        for part in list.split(separator: ",") {
            let sides = part.split(separator: "=", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
            guard sides.count == 2, !sides[0].isEmpty else {
                throw .option("\(option): '\(part)' is not of the form \(form)")
            }
            result.append((sides[0], sides[1]))
        }
        return result
    }

    private static func loss(_ text: String) throws(ScalingLawError) -> Loss {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let delta = parts.count > 1 ? Double(parts[1]) : nil
        switch (parts.first, parts.count, delta) {
        case ("squares", 1, _): return .squares
        case ("log-squares", 1, _): return .logSquares
        case ("huber", 2, let delta?): return .huber(delta)
        case ("log-huber", 2, let delta?): return .logHuber(delta)
        case ("huber", _, _), ("log-huber", _, _):
            throw .option("--loss: \(text) needs its delta, as in \(parts[0]):0.001")
        default:
            let known = ["squares", "log-squares", "huber", "log-huber"]
            let near = closest(to: String(parts[0]), in: known).map { " (did you mean '\($0)'?)" } ?? ""
            throw .option(
                "--loss: unknown loss '\(text)'\(near); there are squares, log-squares, huber:DELTA, log-huber:DELTA")
        }
    }
}

/// How the uncertainty of a fit is worked out.
struct FitCertaintyOptions: ParsableArguments {
    @Option(help: "Intervals: none, asymptotic, profile (likelihood, refitted) or bootstrap.")
    var interval: ScalingLawOptions.Interval = .asymptotic

    @Option(
        help: ArgumentHelp(
            "Rows with one value of this column depend on each other (a seed, a run): resampled together.",
            valueName: "col"))
    var cluster: String?

    @Option(help: "What a bootstrap draws: residuals, pairs or clusters (default: clusters with --cluster).")
    var resampling: ScalingLawOptions.Resampling?

    @Option(help: "Resamples of a bootstrap.")
    var resamples = ScalingLawOptions().resamples

    @Option(help: "Level of the intervals.")
    var level = ScalingLawOptions().level

    @Option(help: "Seed of the bootstrap.")
    var seed = ScalingLawOptions().seed

    @Option(help: "Threads; the result does not depend on them.")
    var threads = ScalingLawOptions().threads

    func validate() throws {
        if resampling != nil && resampling != .clusters && cluster != nil {
            throw ValidationError(
                "--cluster draws clusters; --resampling \(resampling?.rawValue ?? "") would ignore it")
        }
        if interval != .bootstrap && (resampling != nil || resamples != ScalingLawOptions().resamples) {
            throw ValidationError("--resampling and --resamples belong to --interval bootstrap")
        }
    }

    func fill(_ options: inout ScalingLawOptions) throws {
        options.interval = interval
        options.resampling = resampling
        options.resamples = resamples
        options.level = level
        options.seed = seed
        options.threads = threads
    }
}

/// What is asked of fits once they are there.
struct FitUseOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Rows to predict and not to fit: \"x>1e8\", or the share of each group with the largest x.",
            valueName: "cond|share"))
    var holdout: String?

    @Option(
        help: ArgumentHelp("Predict the rows of another table, matched by the group columns.", valueName: "file"),
        completion: .file())
    var predict: String?

    @Flag(help: "Compare each pair of groups by what they predict at matched n, and by shared against own parameters.")
    var compare = false

    @Option(help: ArgumentHelp("For --compare: the n at which groups are compared.", valueName: "n,…"))
    var at: String?

    @Option(help: ArgumentHelp("For --compare: differences of y up to this much count as none.", valueName: "y"))
    var margin: Double?

    @Option(
        help: ArgumentHelp(
            "Draw points, curves, bands and residuals: .svg, .pdf or .png, with data and script beside it.",
            valueName: "file"), completion: .file())
    var figure: String?

    @Option(
        help: ArgumentHelp("Draw the profile of each parameter, likewise.", valueName: "file"), completion: .file())
    var profiles: String?

    @Option(
        help: ArgumentHelp(
            "For --figure: curves end at so many times the largest x fitted (default: 10).", valueName: "factor"))
    var extrapolate: Double?

    @Flag(help: "With --json: the residual of every row.")
    var residuals = false

    func validate() throws {
        if let extrapolate {
            if figure == nil { throw ValidationError("--extrapolate belongs to --figure") }
            if !(extrapolate >= 1 && extrapolate <= 1e12) {
                throw ValidationError("--extrapolate takes a factor of 1 to 1e12, not \(extrapolate)")
            }
        }
        for path in [figure, profiles] { try checkFigure(path) }
        if let figure, let profiles, Self.stem(figure) == Self.stem(profiles) {
            throw ValidationError("--figure and --profiles need names of their own: their data would share a file")
        }
        if !compare && (at != nil || margin != nil) { throw ValidationError("--at and --margin belong to --compare") }
    }

    private static func stem(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.deletingPathExtension().path
    }

    func draw(_ analysis: ScalingLawAnalysis, _ predictions: ScalingLawPredictions?) throws(FigureError) {
        var options = FitFigureOptions()
        options.extrapolation = extrapolate ?? options.extrapolation
        if let figure { try show(.fit(analysis, options: options, predictions: predictions), at: figure) }
        if let profiles { try show(.profiles(analysis), at: profiles) }
    }

    private func show(_ figure: Figure, at path: String) throws(FigureError) {
        if case .notDrawn(let why) = try figure.draw(to: path) { note("assay: \(why)") }
    }

    func comparison(of analysis: ScalingLawAnalysis) throws -> ScalingLawComparison? {
        guard compare else { return nil }
        var options = ScalingLawComparison.Options()
        options.margin = margin
        for part in at?.split(separator: ",") ?? [] {
            guard let n = Double(part), n > 0, n.isFinite else {
                throw ScalingLawError.option("--at: '\(part)' is not a positive number")
            }
            options.at.append(n)
        }
        return try ScalingLawComparison(analysis, options: options)
    }
}
