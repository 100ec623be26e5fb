import Statistics
import Tables

extension RegimeComparison {
    /// Turns rows into cells.
    struct Reading {
        let table: Table
        let options: Options
        var notes: [String] = []

        /// What makes rows runs of one cell.
        private struct Key: Hashable {
            var group: [String]
            var regime: String
            var ipc: Double?
            var method: String
        }

        init(table: Table, options: Options) {
            self.table = table
            self.options = options
        }

        mutating func cells() throws(TableError) -> [Cell] {
            let rows = try chosen()
            let part = table.rows(rows)
            try checkNames(part)
            let errors = try errors(part)
            let deviations = try options.deviation.map { (name) throws(TableError) in try part.numbers(name) }
            let runs = try options.runs.map { (name) throws(TableError) in try part.numbers(name) }
            let seeds = part.has("seed") ? try part.texts("seed") : nil
            let (keys, members) = try grouped(part, errors)
            var cells: [Cell] = []
            var isAssumed = false
            for key in keys {
                let rows = members[key] ?? []
                if rows.count > 1, deviations != nil || Set(rows.map { seeds?[$0] }).count < rows.count {
                    throw repeated(key, rows, part)
                }
                let values = rows.map { errors[$0] }
                var error = MeasuredMean(mean: mean(values), deviation: standardDeviation(values), n: rows.count)
                if let deviations {
                    // Without a deviation nothing follows from the number of runs, and a table may leave it empty.
                    let isEmpty = deviations[rows[0]].isNaN && runs?[rows[0]].isNaN ?? true
                    let n =
                        try isEmpty
                        ? nil : runs.map { (runs) throws(TableError) in try count(runs[rows[0]], rows[0], part) }
                    if n == nil, !isEmpty { isAssumed = true }
                    error = MeasuredMean(
                        mean: values[0], deviation: try deviation(deviations[rows[0]], rows[0], part),
                        n: n ?? options.assumedRuns)
                }
                cells.append(
                    Cell(
                        group: key.group, regime: key.regime, ipc: key.ipc, method: key.method, error: error,
                        role: role(key.method)))
            }
            if isAssumed {
                notes.append(
                    "the table does not say how many runs are behind a deviation: n = \(options.assumedRuns) is assumed "
                        + "(--n)")
            }
            try checkRoles(cells)
            noteDeviations(cells)
            return Self.bySize(cells)
        }

        /// Groups as they come, and in each the sizes in ascending order.
        private static func bySize(_ cells: [Cell]) -> [Cell] {
            var groups: [[String]: Int] = [:]
            for cell in cells where groups[cell.group] == nil { groups[cell.group] = groups.count }
            let places = cells.map { (groups[$0.group] ?? 0, $0.ipc ?? .infinity) }
            return cells.indices.sorted { (places[$0].0, places[$0].1, $0) < (places[$1].0, places[$1].1, $1) }
                .map { cells[$0] }
        }

        /// Names that were given must be there.
        private func checkNames(_ part: Table) throws(TableError) {
            func check(_ name: String?, among known: [String], _ what: String, _ option: String) throws(TableError) {
                guard let name, !known.contains(name) else { return }
                let near = closest(to: name, in: known).map { "did you mean '\($0)'?" } ?? ""
                let all = Set(known).sorted().prefix(20).joined(separator: ", ")
                throw TableError(
                    .malformed(
                        "no \(what) is called '\(name)' (\(option)); \(near.isEmpty ? "there are \(all)" : near)"),
                    source: table.source)
            }
            let methods = try methods(part)
            try check(options.random, among: methods, "method", "--random")
            try check(options.full, among: methods, "method", "--full")
            let regimes = try part.texts(options.regime)
            for regime in options.order ?? [] { try check(regime, among: regimes, "regime", "--order") }
        }

        /// Deviations in another unit than the means, and none at all.
        private mutating func noteDeviations(_ cells: [Cell]) {
            let deviations = cells.compactMap(\.error.deviation).filter { $0 > 0 }.sorted()
            if let name = options.deviation, let largest = deviations.last {
                if case .accuracy(let accuracy) = options.value, largest < 0.0005 {
                    notes.append(
                        "no '\(name)' is above \(shortest(largest * 100)): are these fractions beside '\(accuracy)' in percent?"
                    )
                }
                if case .error(let error) = options.value, deviations[deviations.count / 2] > 0.1 {
                    notes.append(
                        "half of '\(name)' is above 0.1: are these percent beside '\(error)' in fractions of 1?")
                }
            }
            let methods = cells.filter { $0.role != .full }
            let bare = methods.count { $0.error.deviation == nil }
            if let name = options.deviation, bare > 0 {
                notes.append(
                    "\(bare) of the \(methods.count) means have no '\(name)': no interval or verdict for them")
            }
            let single = cells.filter { $0.error.n == 1 && $0.role != .full }.count
            if options.deviation == nil, single > 0 {
                notes.append(
                    "\(single) of the \(cells.count { $0.role != .full }) means rest on one run: no deviation, interval or "
                        + "verdict for them (--std names a column of deviations)")
            }
        }

        /// Rows with the values asked for.
        private func chosen() throws(TableError) -> [Int] {
            var rows = Array(0..<table.rowCount)
            for filter in options.only {
                let texts = try table.texts(filter.column)
                rows = rows.filter { texts[$0] == filter.value }
                if rows.isEmpty {
                    let known = Array(Set(texts)).sorted().prefix(20).joined(separator: ", ")
                    throw TableError(
                        .malformed("no row has '\(filter.value)' in '\(filter.column)', which holds \(known)"),
                        source: table.source)
                }
            }
            return rows
        }

        /// Errors as fractions; NaN where a cell is empty.
        private func errors(_ part: Table) throws(TableError) -> [Double] {
            func refuse(_ row: Int, _ name: String, _ reason: String) -> TableError {
                TableError(.malformed(reason), source: table.source, line: part.line(ofRow: row), name: name)
            }
            switch options.value {
            case .error(let name):
                let values = try part.numbers(name)
                if let row = values.firstIndex(where: { !($0 >= 0 && $0 <= 1) && !$0.isNaN }) {
                    throw refuse(
                        row, name,
                        "'\(name)' is \(shortest(values[row])), but errors are fractions of 1; --accuracy takes a "
                            + "column of accuracies in percent")
                }
                return values
            case .accuracy(let name):
                let values = try part.numbers(name)
                if let row = values.firstIndex(where: { !($0 >= 0 && $0 <= 100) && !$0.isNaN }) {
                    throw refuse(row, name, "'\(name)' is \(shortest(values[row])), which is no accuracy in percent")
                }
                if let row = values.firstIndex(where: { !$0.isNaN }), values.allSatisfy({ !($0 > 1) }) {
                    throw refuse(
                        row, name,
                        "no value of '\(name)' is above 1: --accuracy takes percent; turn fractions into errors for "
                            + "--error")
                }
                return values.map { 1 - $0 / 100 }
            }
        }

        private mutating func grouped(
            _ part: Table, _ errors: [Double]
        ) throws(TableError) -> ([Key], [Key: [Int]]) {
            let methods = try methods(part)
            var groups: [[String]] = []
            for name in options.per { groups.append(try part.texts(name)) }
            let (regimes, sizes) = (try part.texts(options.regime), try part.numbers(options.ipc))
            var keys: [Key] = []
            var members: [Key: [Int]] = [:]
            var dropped: [Int] = []
            for row in 0..<part.rowCount {
                if sizes[row].isInfinite {
                    throw TableError(
                        .malformed("'\(options.ipc)' is \(shortest(sizes[row])), which is no number of images"),
                        source: table.source, line: part.line(ofRow: row), name: options.ipc)
                }
                let method = methods[row]
                let ipc = sizes[row].isNaN ? nil : sizes[row]
                if errors[row].isNaN || method.isEmpty || regimes[row].isEmpty || (ipc == nil && role(method) != .full)
                {
                    dropped.append(row)
                    continue
                }
                let key = Key(group: groups.map { $0[row] }, regime: regimes[row], ipc: ipc, method: method)
                if members[key] == nil { keys.append(key) }
                members[key, default: []].append(row)
            }
            if !dropped.isEmpty {
                notes.append(DistillationCorrelation.leftOut(dropped, of: part, because: "an empty cell"))
            }
            guard !keys.isEmpty else {
                throw TableError(
                    .malformed("no row has a method, a regime, a size and a value"), source: table.source)
            }
            return (keys, members)
        }

        /// By row; of several columns, their texts side by side.
        private func methods(_ part: Table) throws(TableError) -> [String] {
            var columns: [[String]] = []
            for name in options.method { columns.append(try part.texts(name)) }
            return (0..<part.rowCount).map { row in
                columns.map { $0[row] }.filter { !$0.isEmpty }.joined(separator: " ")
            }
        }

        private func role(_ method: String) -> Role {
            func matches(_ name: String?, _ word: String) -> Bool {
                name.map { $0 == method } ?? method.lowercased().hasPrefix(word)
            }
            if matches(options.full, "full") { return .full }
            return matches(options.random, "random") ? .random : .method
        }

        private func count(_ value: Double, _ row: Int, _ part: Table) throws(TableError) -> Int {
            guard let n = Int(exactly: value), (1...10_000).contains(n) else {
                throw TableError(
                    .malformed("\(value.isNaN ? "an empty cell" : shortest(value)) is no number of runs"),
                    source: table.source,
                    line: part.line(ofRow: row), name: options.runs)
            }
            return n
        }

        private func deviation(_ value: Double, _ row: Int, _ part: Table) throws(TableError) -> Double? {
            if value.isNaN { return nil }
            guard value >= 0, value.isFinite else {
                throw TableError(
                    .malformed("\(shortest(value)) is no standard deviation"), source: table.source,
                    line: part.line(ofRow: row), name: options.deviation)
            }
            let scaled = if case .accuracy = options.value { value / 100 } else { value }
            // Values in 0…1 deviate by √½ at most: two of them, 0 and 1.
            guard scaled <= 0.5.squareRoot() + 1e-12 else {
                throw TableError(
                    .malformed(
                        "\(shortest(value)) is no standard deviation of values in that unit (percent, or fractions?)"),
                    source: table.source, line: part.line(ofRow: row), name: options.deviation)
            }
            return scaled
        }

        private func repeated(_ key: Key, _ rows: [Int], _ part: Table) -> TableError {
            let lines = rows.prefix(2).map { String(part.line(ofRow: $0)) }.joined(separator: " and ")
            let size = key.ipc.map { ", \(options.ipc) \(shortest($0))" } ?? ""
            return TableError(
                .malformed(
                    "two rows for '\(key.method)'\(size), \(key.regime) (lines \(lines)): --only chooses rows, --per and "
                        + "--method name the columns that tell them apart"), source: table.source)
        }

        /// One name per role, group, regime and size.
        private func checkRoles(_ cells: [Cell]) throws(TableError) {
            for (role, option) in [(Role.random, "--random"), (.full, "--full")] {
                for (i, cell) in cells.enumerated() where cell.role == role {
                    let other = cells[..<i].first {
                        $0.role == role && $0.group == cell.group && $0.regime == cell.regime && $0.ipc == cell.ipc
                    }
                    guard let other else { continue }
                    throw TableError(
                        .malformed(
                            "'\(other.method)' and '\(cell.method)' both look like \(role.rawValue); \(option) names it"
                        ),
                        source: table.source)
                }
            }
        }
    }

    /// How far apart methods lie in each regime, and what becomes of them from one regime to another.
    static func spreadsAndChanges(_ cells: [Cell], _ options: Options) -> ([Spread], [Change]) {
        var places: [(group: [String], ipc: Double?)] = []
        for cell in cells where !places.contains(where: { $0.group == cell.group && $0.ipc == cell.ipc }) {
            places.append((cell.group, cell.ipc))
        }
        let regimes = ordered(cells.map(\.regime), options)
        var spreads: [Spread] = []
        var changes: [Change] = []
        for (group, ipc) in places {
            let here = cells.filter { $0.group == group && $0.ipc == ipc }
            for regime in regimes {
                let errors = here.filter { $0.regime == regime }.map(\.error)
                guard let spread = MethodSpread(errors, level: options.level) else { continue }
                spreads.append(Spread(group: group, regime: regime, ipc: ipc, spread: spread))
            }
            for (i, from) in regimes.enumerated() {
                for to in regimes[(i + 1)...] {
                    if let change = change(here, from, to, group, ipc, options) { changes.append(change) }
                }
            }
        }
        for (i, p) in holm(changes.map { $0.ratio?.pValue }).enumerated() { changes[i].pRatio = p }
        for (i, p) in holm(changes.map(\.pCorrelation)).enumerated() { changes[i].pCorrelation = p }
        return (spreads, changes)
    }

    /// The regimes that there are, harder labels first.
    public static func ordered(_ regimes: [String], _ options: Options) -> [String] {
        var found: [String] = options.softening.filter(regimes.contains)
        for regime in regimes where !found.contains(regime) { found.append(regime) }
        return found
    }

    private static func change(
        _ cells: [Cell], _ from: String, _ to: String, _ group: [String], _ ipc: Double?, _ options: Options
    ) -> Change? {
        var pairs: [(Double, Double)] = []
        for cell in cells where cell.regime == from {
            let other = cells.first { $0.regime == to && $0.method == cell.method }
            if let other { pairs.append((cell.error.mean, other.error.mean)) }
        }
        guard pairs.count > 1 else { return nil }
        let (x, y) = (pairs.map(\.0), pairs.map(\.1))
        let ranks = RankCorrelation(x, y)
        // Of three pairs every resample is one of ten: no interval.
        let identity = "regimes/" + (group + [shortest(ipc ?? .nan), from, to]).joined(separator: "/")
        let interval =
            pairs.count < 4
            ? nil
            : ranks.bootstrap(
                resamples: options.resamples, level: options.level, seed: options.seed, identity: identity,
                threads: options.threads)
        let test = ranks.permutationTest(
            resamples: options.resamples, seed: options.seed, identity: identity, threads: options.threads)
        return Change(
            group: group, ipc: ipc, from: from, to: to, ratio: SpreadRatio(x, y, level: options.level), pRatio: nil,
            methods: pairs.count, correlation: ranks.estimate, low: interval?.low, high: interval?.high,
            pCorrelation: test?.pValue)
    }
}
