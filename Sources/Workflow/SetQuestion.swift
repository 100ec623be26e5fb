import Analysis
import Foundation
import RunStore
import Tables

/// Losses asked of a look-up table of sets: by a table of losses, by external programs, or both.
public struct SetQuestion {
    public var table: DistillationTable
    /// Where it is kept; the ledger stands beside it.
    public var path: String
    public var losses: [String] = []
    public var commands: [ObjectiveCommand] = []
    /// The study whose images the programs get.
    public var study: (plan: Plan, data: TrainingData)?
    /// `losses` are columns of no table; the others of `options` hold.
    public var options: DistillationCorrelation.Options
    public var against: [String] = []
    /// nil: the conditions that differ.
    public var per: [String]?
    public var comparison = DistillationCorrelation.Comparison.none
    /// Whether held-out sets are points.
    public var heldOut = false

    public init(table: DistillationTable, path: String, options: DistillationCorrelation.Options) {
        self.table = table
        self.path = path
        self.options = options
    }

    public struct Answer {
        public var board: DistillationLeaderboard
        /// The points with their losses.
        public var sets: Table
        /// Sentences for stderr: what the numbers lack. The exit code is 1 where there is one.
        public var problems: [String]
        /// What was left out, and why.
        public var notes: [String]
        public var epochs: [EpochLosses]
    }

    /// The errors that a table of sets is asked for by default, the headline first.
    public static func errors(of table: Table) -> [String] {
        ["test_error", "test_loss", "ood_error"].filter { name in
            table.has(name) && ((try? table.numbers(name)) ?? []).contains { !$0.isNaN }
        }
    }

    /// - Parameters:
    ///   - readLosses: reads a table of losses.
    ///   - shouldStop: asked while programs run.
    public func answer(shouldStop: () -> Bool, report: (String) -> Void) throws -> Answer {
        let (all, repeats) = try table.points(heldOut: heldOut)
        let per = per ?? table.differingConditions
        var (points, notes) = try Self.answerable(all, per: per)
        notes += try Self.twins(in: repeats)
        let needed = Self.distinct(try points.texts("set"))
        var losses = SetLosses()
        for file in self.losses {
            let found = try SetLosses(Table.read(file, texts: ["set"]), sets: table.setNames, needed: needed)
            losses.objectives += found.objectives
            losses.problems += found.problems
        }
        try ask(&losses, names: Set(needed + (try repeats.texts("set"))), shouldStop: shouldStop, report: report)
        guard !losses.objectives.isEmpty else {
            throw WorkflowError.badData("no losses to correlate with the errors of \(path)")
        }
        if let twice = Self.firstTwice(losses.objectives.map(\.name)) {
            throw WorkflowError.badData("two objectives are called '\(twice)'; rename one")
        }
        var sets = try losses.joined(to: points)
        let epochs = EpochLosses.among(losses.objectives.map(\.name))
        var options = options
        let perEpoch = Set(epochs.flatMap(\.columns))
        for along in epochs where !sets.has(along.name) { sets.columns.append(try along.average(in: sets)) }
        options.losses =
            losses.objectives.map(\.name).filter { !perEpoch.contains($0) } + epochs.map(\.name)
        let errors = against.isEmpty ? Self.errors(of: points) : against
        guard !errors.isEmpty else { throw WorkflowError.badData("\(path): no error column with a value") }
        options.error = errors[0]
        var board = try DistillationLeaderboard(
            sets, options: options, per: per, against: errors, comparing: comparison)
        board.repeats = try Self.repeats(of: losses, in: repeats)
        for objective in losses.objectives { board.seconds[objective.name] = objective.seconds }
        var ledger = try LossLedger(besideTable: path)
        try ledger.record(board, sets: sets, heldOut: heldOut)
        board.tried = ledger.tried
        return Answer(board: board, sets: sets, problems: losses.problems, notes: notes, epochs: epochs)
    }

    /// The rows of groups that hold at least three sets, and which groups do not; all rows where none does.
    private static func answerable(
        _ table: Table, per: [String]
    ) throws(TableError) -> (rows: Table, notes: [String]) {
        let groups = try table.groups(by: per)
        let small = groups.filter { $0.rows.count < 3 }
        guard small.count < groups.count, !small.isEmpty else { return (table, []) }
        let names = small.map { $0.key.map(\.1).joined(separator: " ") }.joined(separator: "; ")
        let kept = groups.filter { $0.rows.count >= 3 }.flatMap(\.rows).sorted()
        return (
            table.rows(kept), ["left out, fewer than 3 sets: \(names) (\(per.joined(separator: " ")))"]
        )
    }

    /// Sets that are another one under a second name, or hold their own images several times.
    private static func twins(in repeats: Table) throws(TableError) -> [String] {
        let (names, same, factor) = (
            try repeats.texts("set"), try repeats.texts("same_as"), try repeats.numbers("repeats")
        )
        return distinct(
            names.indices.filter { same[$0].isEmpty || !(factor[$0] > 1) }.map {
                same[$0].isEmpty
                    ? "\(names[$0]) repeats its images and is left out"
                    : "\(names[$0]) holds the images of \(same[$0]) and is left out"
            })
    }

    private func ask(
        _ losses: inout SetLosses, names: Set<String>, shouldStop: () -> Bool, report: (String) -> Void
    ) throws {
        guard !commands.isEmpty else { return }
        guard let study else {
            throw WorkflowError(
                64, "an objective command gets the sets' images, which a study knows: assay dcs STUDY …")
        }
        let images = SetArchive(plan: study.plan, data: study.data)
        let stored = try StoredSet.all(in: study.plan.store).filter { names.contains($0.set) }
        let folder = study.plan.store.directory + "/dcs-objectives"
        for command in commands {
            let answer = try command.losses(
                of: stored, images: images, folder: folder, shouldStop: shouldStop, report: report)
            losses.objectives.append(answer.losses)
            losses.problems += answer.problems
            let unknown = names.subtracting(stored.map(\.set)).sorted()
            if !unknown.isEmpty {
                losses.problems.append(
                    "\(command.name): \(unknown.count) sets are in the table, but no run of them is in the store: "
                        + unknown.prefix(8).joined(separator: ", "))
            }
        }
    }

    /// What each objective makes of repeated elements.
    private static func repeats(
        of losses: SetLosses, in table: Table
    ) throws(TableError) -> [DistillationLeaderboard.Repeat] {
        let (names, same) = (try table.texts("set"), try table.texts("same_as"))
        let factor = try table.numbers("repeats")
        var seen: Set<String> = []
        var found: [DistillationLeaderboard.Repeat] = []
        for row in names.indices where factor[row] > 1 && seen.insert(names[row]).inserted {
            for objective in losses.objectives {
                guard let loss = objective.values[names[row]], let original = objective.values[same[row]] else {
                    continue
                }
                found.append(
                    .init(
                        set: names[row], of: same[row], objective: objective.name, loss: loss, lossOfOriginal: original)
                )
            }
        }
        return found
    }

    private static func distinct(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }
    }

    private static func firstTwice(_ names: [String]) -> String? {
        var seen: Set<String> = []
        return names.first { !seen.insert($0).inserted }
    }
}
