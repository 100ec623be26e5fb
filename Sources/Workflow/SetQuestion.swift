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
    /// Those of their objectives that are asked; nil: all.
    public var asked: [String]?
    public var commands: [ObjectiveCommand] = []
    /// The study whose images the programs get.
    public var study: (plan: Plan, data: TrainingData)?
    /// `losses` are columns of no table; the others of `options` hold.
    public var options: DistillationCorrelation.Options
    public var against: [String] = []
    /// Columns asked apart, besides the conditions that differ.
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

    private static let headline = "test_error"

    /// The errors that a table of sets is asked for by default, the headline first.
    public static func errors(of table: Table) -> [String] {
        [headline, "test_loss", "ood_error"].filter { name in
            table.has(name) && ((try? table.numbers(name)) ?? []).contains { !$0.isNaN }
        }
    }

    /// - Parameters:
    ///   - shouldStop: asked while programs run.
    ///   - report: gets a sentence before programs run.
    /// - Throws: for columns and names that are not there, losses that cannot be read, and what `ObjectiveCommand` throws; a
    ///   set without a loss is a problem of the answer.
    public func answer(shouldStop: () -> Bool, report: (String) -> Void) throws -> Answer {
        let (all, repeats) = try table.points(heldOut: heldOut)
        // Sets of another network, regime or budget are no further points, whatever else is asked apart.
        let chosen = self.per ?? []
        let per = chosen + table.differingConditions.filter { !chosen.contains($0) }
        var (points, notes) = try Self.answerable(all, per: per)
        notes += try Self.twins(in: repeats)
        let hidden = heldOut ? 0 : try table.table.texts("split").count { $0 == "held-out" }
        if hidden > 0 { notes.append("\(hidden) held-out rows are no points (--with-held-out)") }
        guard points.rowCount > 0 else {
            let why = hidden > 0 ? ": all are held out (--with-held-out)" : ""
            throw WorkflowError.badData("\(path): no set to score\(why)")
        }
        var ledger = try LossLedger(besideTable: path)
        notes += ledger.lack.map { [$0] } ?? []
        let needed = try SetLosses.Key.all(of: points).distinct()
        var losses = SetLosses()
        for file in self.losses {
            let found = try SetLosses(
                Table.read(file, texts: ["set", "images"]), known: try SetLosses.Key.all(of: table.table),
                needed: needed, asked: asked)
            losses.objectives += found.objectives
            losses.problems += found.problems
            notes += found.notes
        }
        // Before programs run, which may take hours.
        var expected = losses.objectives.map(\.name) + commands.map(\.name)
        expected += EpochLosses.among(expected).map(\.name)
        try comparison.check(among: expected)
        try options.leaveOut?.check(known: points.columnNames + expected)
        let others = [options.cluster, options.family, options.deviation, options.seeds].compactMap(\.self)
        for name in against + options.adjustFor + others { _ = try points.column(name) }
        try ask(
            &losses, of: Set(needed + (try SetLosses.Key.all(of: repeats))), shouldStop: shouldStop, report: report)
        guard !losses.objectives.isEmpty else {
            throw WorkflowError.badData("no losses to correlate with the errors of \(path)")
        }
        let names = losses.objectives.map(\.name)
        if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
            throw WorkflowError.badData("two objectives are called '\(twice)'; rename one")
        }
        if let taken = names.first(where: table.table.has) {
            throw WorkflowError.badData(
                "'\(taken)' is a column of the table of sets, and no loss: leave it out, or name the losses (--loss)")
        }
        var sets = try losses.joined(to: points)
        let epochs = EpochLosses.among(losses.objectives.map(\.name))
        var options = options
        let perEpoch = Set(epochs.flatMap(\.columns))
        for along in epochs where !sets.has(along.name) { sets.columns.append(try along.average(in: sets)) }
        options.losses =
            (losses.objectives.map(\.name).filter { !perEpoch.contains($0) } + epochs.map(\.name)).distinct()
        let errors = against.isEmpty ? Self.errors(of: points) : against
        guard !errors.isEmpty else { throw WorkflowError.badData("\(path): no error column with a value") }
        if against.isEmpty, errors[0] != Self.headline {
            let lack = points.has(Self.headline) ? "has no value" : "is no column"
            notes.append("\(path): '\(Self.headline)' \(lack): the headline is \(errors[0]) (--error names another)")
        }
        options.error = errors[0]
        var board = try DistillationLeaderboard(
            sets, options: options, per: per, against: errors, comparing: comparison)
        board.repeats = try Self.repeats(of: losses, in: repeats, originals: table)
        for objective in losses.objectives { board.seconds[objective.name] = objective.seconds }
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
        let names = small.map { $0.key.map(\.1).filter { !$0.isEmpty }.joined(separator: " ") }.joined(separator: "; ")
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
        return names.indices.filter { same[$0].isEmpty || !(factor[$0] > 1) }.map {
            same[$0].isEmpty
                ? "\(names[$0]) repeats its images and is left out"
                : "\(names[$0]) holds the images of \(same[$0]) and is left out"
        }.distinct()
    }

    private func ask(
        _ losses: inout SetLosses, of sets: Set<SetLosses.Key>, shouldStop: () -> Bool, report: (String) -> Void
    ) throws {
        guard !commands.isEmpty else { return }
        guard let study else {
            throw WorkflowError(
                64, "an objective command gets the sets' images, which a study knows: assay dcs STUDY …")
        }
        let images = SetArchive(plan: study.plan, data: study.data)
        let rows = try StoredSet.rows(StoredSet.all(in: study.plan.store)).filter { sets.contains(StoredSet.name($0)) }
        let folder = study.plan.store.directory + "/dcs-objectives"
        let unknown = sets.subtracting(rows.map(StoredSet.name)).sorted().map(\.set).distinct()
        for command in commands {
            let answer = try command.losses(
                of: rows, images: images, folder: folder, shouldStop: shouldStop, report: report)
            losses.objectives.append(answer.losses)
            losses.problems += answer.problems
            if !unknown.isEmpty {
                losses.problems.append(
                    "\(command.name): \(unknown.count) sets are in the table, but no run of them is in the store: "
                        + listed(unknown))
            }
        }
    }

    /// What each objective makes of repeated elements.
    private static func repeats(
        of losses: SetLosses, in table: Table, originals: DistillationTable
    ) throws(TableError) -> [DistillationLeaderboard.Repeat] {
        let (keys, same) = (try SetLosses.Key.all(of: table), try table.texts("same_as"))
        let (factor, conditions) = (try table.numbers("repeats"), try DistillationTable.conditions(of: table))
        let places = try DistillationTable.conditions(of: originals.table)
        let all = try SetLosses.Key.all(of: originals.table)
        var seen: Set<SetLosses.Key> = []
        var found: [DistillationLeaderboard.Repeat] = []
        for row in keys.indices where factor[row] > 1 && seen.insert(keys[row]).inserted {
            guard let at = all.indices.first(where: { all[$0].set == same[row] && places[$0] == conditions[row] })
            else {
                continue
            }
            for objective in losses.objectives {
                guard let loss = objective.values[keys[row]], let first = objective.values[all[at]] else { continue }
                found.append(
                    .init(
                        set: keys[row].set, of: same[row], objective: objective.name, loss: loss, lossOfOriginal: first)
                )
            }
        }
        return found
    }
}
