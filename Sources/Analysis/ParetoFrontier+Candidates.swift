import Statistics
import Tables

extension ParetoFrontier {
    /// The table's columns as the frontier needs them: objectives turned so that less is better.
    struct Candidates {
        let options: Options
        let columns: [[Double]]
        let signs: [Double]
        let errors: [Double]?
        /// For replicates: what identifies a point, per row.
        let identity: [[String]]?
        let labels: [(name: String, values: [String])]
        let choice: [Double]
        let choiceName: String
        let notes: [String]

        init(_ table: Table, rows: [Int], options: Options) throws(TableError) {
            self.options = options
            signs = options.minimize.map { _ in 1 } + options.maximize.map { _ in -1 }
            var columns = [[Double]]()
            for (name, sign) in zip(options.objectives, signs) {
                columns.append(try table.numbers(name).map { $0 * sign })
            }
            self.columns = columns
            var notes = [String]()
            var keys: [String]?
            switch options.noise {
            case .standardDeviation(let name):
                errors = try table.numbers(name)
                keys = nil
            case .seeds(let name):
                errors = nil
                keys = try Self.identifying(table, rows: rows, seeds: name, options: options)
                notes.append("replicates: rows with equal \(keys.map { $0.joined(separator: ", ") } ?? "")")
            case nil:
                errors = nil
                keys = nil
            }
            var labels = [(name: String, values: [String])]()
            for column in table.columns {
                guard case .texts(let values) = column.values, column.name != "id" else { continue }
                if options.per.contains(column.name) || options.objectives.contains(column.name) { continue }
                if let keys, !keys.contains(column.name) { continue }
                // A label that is the same in every row tells nothing.
                guard let first = rows.first, rows.contains(where: { values[$0] != values[first] }) else { continue }
                labels.append((column.name, values))
            }
            self.labels = labels
            if let keys {
                var texts = [[String]]()
                for key in keys { texts.append(try table.texts(key)) }
                identity = (0..<table.rowCount).map { row in texts.map { $0[row] } }
            } else {
                identity = nil
            }
            let noisy = options.objectives[options.objectives.count - 1]
            let validation = noisy.hasPrefix("test_") ? "validation_" + noisy.dropFirst(5) : noisy
            var isKnown = table.has(validation)
            if isKnown {
                let values = try table.numbers(validation)
                isKnown = rows.allSatisfy { !values[$0].isNaN }
            }
            choiceName = isKnown ? validation : noisy
            let sign = signs[signs.count - 1]
            choice = try table.numbers(choiceName).map { $0 * sign }
            if options.objectives.count == 2, choiceName == noisy, noisy.hasPrefix("test_") {
                notes.append(
                    "the envelope is chosen on \(noisy) itself (no complete '\(validation)'): it is optimistic")
            }
            self.notes = notes
        }

        /// The columns that identify a point among replicates: all but the seed, names that differ in every row, and
        /// what is measured (the last objective, columns of fractions other than the budget).
        private static func identifying(
            _ table: Table, rows: [Int], seeds: String, options: Options
        ) throws(TableError) -> [String] {
            let measured = options.objectives[options.objectives.count - 1]
            var names = [String]()
            for column in table.columns where column.name != seeds && column.name != measured {
                if options.objectives.contains(column.name) || options.per.contains(column.name) {
                    names.append(column.name)
                    continue
                }
                if case .numbers = column.values, column.name != "budget" { continue }
                let isUnique = Set(try table.texts(column.name)).count == table.rowCount
                if !isUnique { names.append(column.name) }
            }
            return names
        }

        func frontier(of rows: [Int], group: [String: String], identity name: String) -> Frontier {
            let members = Members(rows, identity: identity)
            let values = columns.map(members.means)
            let front = paretoFront(values, epsilon: options.epsilon)
            let pooled = pooledDeviation(members)
            let membership =
                options.noise == nil ? nil : self.membership(members, values, pooled: pooled, identity: name)
            let points = front.map { point(members[$0], at: $0, values, membership?[$0]) }
            var contenders = [Point]()
            if let membership {
                let isOn = Set(front)
                contenders = (0..<members.count).filter { !isOn.contains($0) && membership[$0] >= 0.05 }
                    .map { point(members[$0], at: $0, values, membership[$0]) }
            }
            return Frontier(
                group: group, n: members.count, rows: points.flatMap(\.rows).sorted(), points: sorted(points),
                contenders: sorted(contenders), envelope: envelope(members, values, membership),
                pooledDeviation: pooled)
        }

        /// Few replicates estimate their own spread badly (from two, the variance is wrong by half or more in three cases
        /// of four): below five per point the noise is normal, with the standard deviation pooled over the group's points.
        ///
        /// - Returns: nil where each point has replicates enough, or none has any.
        private func pooledDeviation(_ members: Members) -> Double? {
            guard identity != nil, (0..<members.count).contains(where: { members[$0].count < 5 }) else { return nil }
            let noisy = columns[columns.count - 1]
            var squares = 0.0
            var degrees = 0
            for place in 0..<members.count {
                let replicates = members[place].map { noisy[$0] }
                guard let deviation = standardDeviation(replicates) else { continue }
                squares += deviation * deviation * Double(replicates.count - 1)
                degrees += replicates.count - 1
            }
            return degrees > 0 ? (squares / Double(degrees)).squareRoot() : nil
        }

        private func sorted(_ points: [Point]) -> [Point] {
            points.sorted { a, b in
                a.values == b.values
                    ? a.rows.lexicographicallyPrecedes(b.rows) : a.values.lexicographicallyPrecedes(b.values)
            }
        }

        private func point(_ rows: [Int], at i: Int, _ values: [[Double]], _ membership: Double?) -> Point {
            let labels = Dictionary(uniqueKeysWithValues: self.labels.map { ($0.name, $0.values[rows[0]]) })
            return Point(
                rows: rows, values: zip(values, signs).map { $0[i] * $1 }, labels: labels,
                standardError: standardError(rows), membership: membership)
        }

        private func standardError(_ rows: [Int]) -> Double? {
            if let errors { return errors[rows[0]] }
            guard identity != nil else { return nil }
            let noisy = columns[columns.count - 1]
            return standardDeviation(rows.map { noisy[$0] }).map { $0 / Double(rows.count).squareRoot() }
        }

        private static let largeTable = 10_000

        private func envelope(_ members: Members, _ values: [[Double]], _ membership: [Double]?) -> [Point] {
            guard values.count == 2 else { return [] }
            // Where a large table hardly repeats a value, every row would be its value's best.
            let first = values[0].prefix(Self.largeTable)
            guard members.count <= Self.largeTable || 2 * Set(first).count <= first.count else { return [] }
            var best = [Double: (place: Int, value: Double)]()
            for (i, value) in members.means(choice).enumerated() {
                if value < best[values[0][i]]?.value ?? .infinity { best[values[0][i]] = (i, value) }
            }
            return best.keys.sorted().compactMap { best[$0]?.place }
                .map { point(members[$0], at: $0, values, membership?[$0]) }
        }

        /// The share of draws of the noise in which each point is on the front. Draw i reads the stream of index i.
        private func membership(
            _ members: Members, _ values: [[Double]], pooled: Double?, identity: String
        ) -> [Double] {
            let last = values.count - 1
            let spread = (0..<members.count).map { place in
                pooled.map { $0 / Double(members[place].count).squareRoot() } ?? standardError(members[place]) ?? 0
            }
            let live = possible(values, spread)
            var counts = [Int](repeating: 0, count: members.count)
            var drawn = values.map { column in live.map { column[$0] } }
            let replicates = live.map { place in members[place].map { columns[last][$0] } }
            for draw in 0..<options.draws {
                var noise = NoiseDraw("pareto/" + identity, seed: options.seed, index: draw)
                for (i, place) in live.enumerated() {
                    drawn[last][i] =
                        self.identity == nil || pooled != nil
                        ? noise.mean(values[last][place], standardError: spread[place])
                        : noise.resampledMean(replicates[i])
                }
                for i in paretoFront(drawn, epsilon: options.epsilon) { counts[live[i]] += 1 }
            }
            return counts.map { Double($0) / Double(options.draws) }
        }

        /// The points that the noise can bring to the front: one that is dominated by more than epsilon and six
        /// standard errors of both is left out.
        private func possible(_ values: [[Double]], _ spread: [Double]) -> [Int] {
            let last = values.count - 1
            var upper = values
            for i in spread.indices { upper[last][i] += 6 * spread[i] }
            let front = paretoFront(upper)
            return spread.indices.filter { i in
                !front.contains { f in
                    f != i && upper[last][f] + options.epsilon < values[last][i] - 6 * spread[i]
                        && (0..<last).allSatisfy { values[$0][f] <= values[$0][i] }
                }
            }
        }
    }
}

/// The points of a group as data rows: one each, or the replicates.
private struct Members {
    private let rows: [Int]
    private let replicates: [[Int]]?

    init(_ rows: [Int], identity: [[String]]?) {
        self.rows = rows
        guard let identity else {
            replicates = nil
            return
        }
        var places = [[String]: Int]()
        var members = [[Int]]()
        for row in rows {
            if let place = places[identity[row]] {
                members[place].append(row)
            } else {
                places[identity[row]] = members.count
                members.append([row])
            }
        }
        replicates = members
    }

    var count: Int { replicates?.count ?? rows.count }

    subscript(point: Int) -> [Int] { replicates?[point] ?? [rows[point]] }

    /// A column's value, or mean over the replicates, of each point.
    func means(_ column: [Double]) -> [Double] {
        replicates.map { $0.map { rows in mean(rows.map { column[$0] }) } } ?? rows.map { column[$0] }
    }
}
