import Statistics
import Tables

/// Which window of the difficulty-sorted images makes the best subset of one size.
///
/// The best window is chosen on the validation error and reported on the test error: the best of several windows on the
/// test set is optimistic (of ten, by about 1.5 σ), and that optimism is printed. Source: paper 1, figure 2(c),
/// "optimal hardness"; EL2N-Best is the best such window.
public struct OptimalHardness: Sendable, Equatable {
    public struct Options: Sendable, Equatable {
        /// Where the window starts, a fraction 0…1 of each class counted from the hardest.
        public var window = "window_start"
        public var ipc = "ipc"
        public var choose = "validation_error"
        public var report = "test_error"
        public var per: [String] = []
        /// Where the table names its subsets: those that begin with `cad` are CAD-Prune's.
        public var subset = "subset"
        public var cad = "cad"
        public var samplesSeen = "samples_seen"
        /// Resamples of the seeds within each window.
        public var resamples = 2000
        public var seed = 1

        public init() {}
    }

    public struct Window: Sendable, Equatable {
        public var start: Double
        /// Runs (seeds) of this window.
        public var n: Int
        /// Mean and standard deviation of the errors, fractions of 1, over the runs; the latter nil for one run.
        public var chosenOn: Double
        public var chosenOnDeviation: Double?
        public var reported: Double
        public var reportedDeviation: Double?
        /// The probability of being the best window under the seeds' noise; nil where a window has one run only.
        public var isBestProbability: Double?
    }

    public struct Result: Sendable, Equatable {
        public var group: [String: String]
        public var ipc: Double
        public var windows: [Window]
        /// The window with the least validation error.
        public var best: Window
        /// The window with the least test error: hindsight, never the answer.
        public var bestInHindsight: Window
        /// What choosing on the test error would have gained: reported error of `best` minus that of hindsight, ≥ 0.
        public var optimism: Double { best.reported - bestInHindsight.reported }
        /// Nil below three windows.
        public var interpolation: Interpolation?
        /// What CAD-Prune saved: one per subset of its in the table.
        public var savings: [Saving]
        public var warnings: [String]
    }

    public var options: Options
    public var results: [Result]
    public var notes: [String]

    /// Throws for an unknown column and for text in a column of numbers. Rows without a window are other subsets and do
    /// not take part.
    public init(_ table: Table, options: Options = Options()) throws(TableError) {
        self.options = options
        notes = []
        results = []
        let starts = try table.numbers(options.window)
        let sizes = try table.numbers(options.ipc)
        let chosen = try table.numbers(options.choose)
        let reported = try table.numbers(options.report)
        let windowed = starts.indices.filter { !starts[$0].isNaN }
        if windowed.count < starts.count {
            let others = starts.count - windowed.count
            notes.append(
                "\(others) row\(others == 1 ? "" : "s") without a window take\(others == 1 ? "s" : "") no part")
        }
        let needed = [options.ipc, options.choose, options.report] + options.per
        let complete = Set(try table.complete(in: needed).rows)
        let dropped = windowed.filter { !complete.contains($0) }
        if !dropped.isEmpty {
            notes.append(DistillationCorrelation.leftOut(dropped, of: table, because: "an empty cell"))
        }
        let rows = windowed.filter(complete.contains)
        for (name, values) in [(options.choose, chosen), (options.report, reported)] {
            if let row = rows.first(where: { !values[$0].isFinite }) {
                throw TableError(
                    .malformed("'\(name)' is \(shortest(values[row]))"), source: table.source,
                    line: table.line(ofRow: row), name: name)
            }
        }
        if table.has("seed") {
            let alike = try table.rows(rows).groups(by: options.per + [options.ipc, options.window, "seed"])
            if let two = alike.first(where: { $0.rows.count > 1 }) {
                let lines = two.rows.prefix(2).map { String(table.line(ofRow: rows[$0])) }.joined(separator: " and ")
                throw TableError(
                    .malformed(
                        "two runs of one window and seed (lines \(lines)): --per names the columns that tell them apart"
                    ), source: table.source)
            }
        }
        guard !rows.isEmpty else {
            throw TableError(
                .malformed("no row has '\(options.window)' and \(needed.joined(separator: ", "))"), source: table.source
            )
        }
        for group in try table.rows(rows).groups(by: options.per) {
            let members = group.rows.map { rows[$0] }
            let key = Dictionary(group.key, uniquingKeysWith: { first, _ in first })
            let name = group.key.map { "\($0.0)=\($0.1)" }.joined(separator: ",")
            for ipc in Set(members.map { sizes[$0] }).sorted() {
                var runs = [Double: [(chosen: Double, reported: Double)]]()
                for row in members where sizes[row] == ipc {
                    runs[starts[row], default: []].append((chosen[row], reported[row]))
                }
                var result = result(runs, ipc: ipc, group: key, identity: "hardness/\(name)/\(shortest(ipc))")
                result.savings = try Self.savings(
                    table, rows: try Self.rows(table, of: group.key), windows: members.filter { sizes[$0] == ipc },
                    options: options)
                results.append(result)
            }
        }
    }

    /// All rows of a group, those without a window included.
    private static func rows(_ table: Table, of key: [(String, String)]) throws(TableError) -> [Int] {
        var rows = Array(0..<table.rowCount)
        for (name, value) in key {
            let texts = try table.texts(name)
            rows = rows.filter { texts[$0] == value }
        }
        return rows
    }

    private func result(
        _ runs: [Double: [(chosen: Double, reported: Double)]], ipc: Double, group: [String: String], identity: String
    ) -> Result {
        let starts = runs.keys.sorted()
        var windows = starts.map { start in
            let chosen = (runs[start] ?? []).map(\.chosen)
            let reported = (runs[start] ?? []).map(\.reported)
            return Window(
                start: start, n: chosen.count, chosenOn: mean(chosen), chosenOnDeviation: standardDeviation(chosen),
                reported: mean(reported), reportedDeviation: standardDeviation(reported))
        }
        var warnings = [String]()
        if windows.count == 1 { warnings.append("one window only: there is nothing to choose from") }
        if windows.contains(where: { $0.n == 1 }) {
            warnings.append("the uncertainty is unknown: a window has one run (n = 1)")
        } else {
            let shares = bestShares(starts.map { (runs[$0] ?? []).map(\.chosen) }, identity: identity)
            for (i, share) in shares.enumerated() { windows[i].isBestProbability = share }
            // Seeds below five estimate their own spread badly.
            if windows.count > 1, let fewest = windows.map(\.n).min(), fewest < 5 {
                warnings.append("n = \(fewest) seeds: the probability is rough")
            }
        }
        if options.choose == options.report {
            warnings.append("chosen and reported on \(options.report): the best error is optimistic")
        }
        let best = Self.least(windows, \.chosenOn)
        return Result(
            group: group, ipc: ipc, windows: windows, best: best, bestInHindsight: Self.least(windows, \.reported),
            interpolation: Self.interpolation(
                starts: starts, runs: starts.map { (runs[$0] ?? []).map(\.chosen) }, resamples: options.resamples,
                seed: options.seed, identity: identity),
            savings: [], warnings: warnings)
    }

    /// The first of the windows with the least value; there is at least one window.
    private static func least(_ windows: [Window], _ value: KeyPath<Window, Double>) -> Window {
        windows.dropFirst().reduce(windows[0]) { $1[keyPath: value] < $0[keyPath: value] ? $1 : $0 }
    }

    /// How often each window has the least mean when the seeds are resampled; ties go to the first.
    private func bestShares(_ runs: [[Double]], identity: String) -> [Double] {
        var counts = [Int](repeating: 0, count: runs.count)
        for draw in 0..<options.resamples {
            var noise = NoiseDraw(identity, seed: options.seed, index: draw)
            var (best, least) = (0, Double.infinity)
            for (i, values) in runs.enumerated() {
                let value = noise.resampledMean(values)
                if value < least { (best, least) = (i, value) }
            }
            counts[best] += 1
        }
        return counts.map { Double($0) / Double(options.resamples) }
    }
}
