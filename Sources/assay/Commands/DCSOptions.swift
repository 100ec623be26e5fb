import Analysis
import ArgumentParser
import Foundation
import Statistics
import Tables
import Workflow

/// Where the losses come from.
struct DCSLosses: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The columns of losses, one per objective; with --losses, those of its objectives that are asked.",
            valueName: "col,…"))
    var loss: ColumnList?

    @Option(
        help: ArgumentHelp(
            "A table of losses: a column per objective, or the columns objective and loss; rows are matched by the "
                + "columns that both tables have (for a table of sets: by set). May be given again for a table of sets.",
            valueName: "file"))
    var losses: [String] = []

    @Option(
        help: ArgumentHelp(
            "A program that gets the path of a set (.npz) as its last argument and prints its loss; may be given again.",
            valueName: "command"))
    var objectiveCommand: [String] = []

    // A number with a sign is a value, which is then refused as one.
    @Option(parsing: .unconditional, help: "Seconds after which such a program is stopped with its children.")
    var timeLimit = 600.0

    @Option(name: .shortAndLong, help: "Programs at a time.")
    var jobs = 1

    @Option(
        help: ArgumentHelp("Sets, subsets or families that become held-out in the store's table.", valueName: "name,…"))
    var holdOut: ColumnList?

    @Flag(help: "Score held-out sets too; the ledger says so.")
    var withHeldOut = false

    var isEmpty: Bool { loss == nil && losses.isEmpty && objectiveCommand.isEmpty }
    var heldOutNames: Set<String> { Set(holdOut?.names ?? []) }

    /// Losses of runs rather than of sets: columns of the store's runs, or a table without a column `set`.
    var areByRun: Bool {
        if loss != nil, losses.isEmpty { return true }
        // A pipe can be read once: it is taken for losses of sets.
        guard let file = losses.first, objectiveCommand.isEmpty, isRegularFile(file) else { return false }
        return (try? Table.read(file)).map { !$0.has("set") } ?? false
    }

    /// Commands under different names.
    var commands: [ObjectiveCommand] {
        var seen: [String: Int] = [:]
        return objectiveCommand.map { text in
            let command = ObjectiveCommand(text, timeLimit: timeLimit, jobs: jobs)
            seen[command.name, default: 0] += 1
            guard let count = seen[command.name], count > 1 else { return command }
            return ObjectiveCommand(text, name: "\(command.name)-\(count)", timeLimit: timeLimit, jobs: jobs)
        }
    }

    func validate(_ source: DCSSource) throws {
        let isPlain = source == .table
        guard !isPlain || loss != nil || !losses.isEmpty else {
            throw ValidationError("say where the losses are: --loss COL[,COL…] or --losses FILE")
        }
        guard loss == nil || losses.count < 2 && objectiveCommand.isEmpty else {
            throw ValidationError("--loss chooses columns of the table, or of one --losses FILE")
        }
        guard objectiveCommand.allSatisfy({ !$0.allSatisfy(\.isWhitespace) }) else {
            throw ValidationError("--objective-command needs a command, not an empty text")
        }
        guard source != .sets || loss == nil || !losses.isEmpty else {
            throw ValidationError("a table of sets holds no losses: bring them with --losses FILE")
        }
        guard source != .study || loss == nil || !losses.isEmpty else {
            throw ValidationError("a study has no columns of losses: bring them with --losses or --objective-command")
        }
        guard !isPlain || objectiveCommand.isEmpty else {
            throw ValidationError("--objective-command needs the images of a study's sets: assay dcs STUDY")
        }
        guard losses.count < 2 || !isPlain && !areByRun else {
            throw ValidationError("one --losses FILE, unless the files name sets")
        }
        guard source == .store || source == .study || holdOut == nil else {
            throw ValidationError("--hold-out changes a store's table: assay dcs STORE --hold-out NAME")
        }
        guard jobs > 0 else { throw ValidationError("-j takes at least 1, not \(jobs)") }
        guard timeLimit > 0, timeLimit.isFinite else { throw ValidationError("--time-limit takes seconds above 0") }
    }
}

private func isRegularFile(_ path: String) -> Bool {
    let type = try? FileManager.default.attributesOfItem(atPath: (path as NSString).resolvingSymlinksInPath)[.type]
    return type as? FileAttributeType == .typeRegular
}

/// How losses and errors are correlated.
struct DCSStatistics: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The columns of test errors (or test losses); the first is the headline.", valueName: "col,…"))
    var error: ColumnList?

    @Option(help: ArgumentHelp("The columns to adjust for, the size of the set above all.", valueName: "col,…"))
    var adjustFor: ColumnList?

    @Option(
        help: """
            How to adjust: within (rho within sets of equal size, pooled by Fisher's z; the default), partial (ranks of \
            the columns held fixed) or residual (of a regression on their logarithms).
            """)
    var adjust: DistillationCorrelation.Adjust?

    @Option(
        help: ArgumentHelp(
            "Rows with equal values here are not independent: seeds of one set, sets of one rule; none: every row is.",
            valueName: "col"))
    var cluster: String?

    @Option(help: ArgumentHelp("Leave these out in turn: which one moves rho most?", valueName: "col"))
    var family: String?

    @Option(help: ArgumentHelp("Columns whose groups are correlated apart.", valueName: "col,…"))
    var per: ColumnList?

    @Option(
        help: ArgumentHelp(
            "Leave poor sets out, as \"test_error > 0.9\"; rho with them is given too.", valueName: "rule"))
    var leaveOut: String?

    @Option(
        help: ArgumentHelp("The difference of two objectives on the same sets, or of all pairs.", valueName: "a,b|all"))
    var compare: String?

    @Option(
        help: """
            The interval shown: bca or percentile; default: bca below 50 independent sets, where the resamples are enough \
            for it. JSON has both.
            """)
    var interval: BootstrapInterval.Method?

    @Option(help: ArgumentHelp("The errors' standard deviation over seeds; default: <error>_std.", valueName: "col"))
    var std: String?

    @Option(help: ArgumentHelp("The number of seeds; default: n.", valueName: "col"))
    var seeds: String?

    @Option(help: "Resamples of the bootstrap, and permutations where not all can be tried.")
    var resamples = 10_000

    @Option(help: "Level of the interval.")
    var level = 0.95

    @Option(help: "Seed of the resamples.")
    var seed = 1

    var comparison: DistillationCorrelation.Comparison {
        guard let compare else { return .none }
        let names = compare.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        return names.count == 2 ? .pair(names[0], names[1]) : .all
    }

    func validate() throws {
        guard level > 0 && level < 1 else { throw ValidationError("--level lies between 0 and 1, not at \(level)") }
        guard (1...10_000_000).contains(resamples) else {
            throw ValidationError("--resamples takes 1 to 10000000, not \(resamples)")
        }
        if let compare, compare != "all", compare.split(separator: ",").count != 2 {
            throw ValidationError("--compare takes two objectives (A,B) or 'all', not '\(compare)'")
        }
    }

    func options(adjustFor standard: [String], cluster usual: String?) throws -> DistillationCorrelation.Options {
        var options = DistillationCorrelation.Options(losses: [], error: error?.names[0] ?? "")
        options.adjustFor = adjustFor?.names ?? standard
        options.adjust = adjust ?? .within
        let chosen = cluster ?? usual
        options.cluster = chosen == "none" ? nil : chosen
        options.family = family
        options.interval = interval
        options.deviation = std
        options.seeds = seeds
        options.leaveOut = try leaveOut.map { try LeaveOutRule($0) }
        options.resamples = resamples
        options.level = level
        options.seed = seed
        return options
    }
}

extension DistillationCorrelation.Adjust: ExpressibleByArgument {}
extension BootstrapInterval.Method: ExpressibleByArgument {}
