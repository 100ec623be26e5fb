import Fitting
import Tables

/// The points of one group in an order that does not depend on that of the rows: by x, then y, weight and cluster.
struct GroupPoints: Sendable {
    /// Group columns and their values.
    let key: [(column: String, value: String)]
    /// All x columns, whichever of them a law takes.
    let x: LawPoints
    let y: [Double]
    let weights: [Double]?
    /// Which cluster each point belongs to, counted from 0 in the order of their names.
    let clusters: [Int]?
    /// The row of the table that each point is.
    let rows: [Int]
    let data: FitData
    /// What of these rows a reader should know.
    let cautions: [String]

    var count: Int { y.count }

    init(_ rows: [Int], of shared: FitData, key: [(column: String, value: String)]) {
        let data = shared.rows
        let order = Self.canonical(rows, data)
        self.key = key
        self.rows = order
        self.data = shared
        x = LawPoints(data.x.map { column in order.map { column[$0] } })
        y = order.map { data.y[$0] }
        weights = data.weights.map { weights in order.map { weights[$0] } }
        clusters = data.clusters.map { names in Self.codes(order.map { names[$0] }) }
        cautions = Self.duplicates(order, x, y, data) + Self.mixtures(rows, data)
    }

    private init(_ whole: GroupPoints, _ indices: [Int]) {
        key = whole.key
        data = whole.data
        rows = indices.map { whole.rows[$0] }
        x = whole.x.rows(indices)
        y = indices.map { whole.y[$0] }
        weights = whole.weights.map { weights in indices.map { weights[$0] } }
        clusters = whole.clusters.map { codes in indices.map { codes[$0] } }
        cautions = []
    }

    /// Some of the points, at ascending `indices`.
    func subset(_ indices: [Int]) -> GroupPoints { GroupPoints(self, indices) }

    /// How many points differ in their x.
    func distinctCount(columns: Int) -> Int {
        // Equal points are neighbours: they are sorted by x.
        y.indices.count { i in i == 0 || (0..<columns).contains { x.columns[$0][i] != x.columns[$0][i - 1] } }
    }

    private static func canonical(_ rows: [Int], _ data: FitRows) -> [Int] {
        func precedes(_ a: Int, _ b: Int) -> Bool {
            for column in data.x where column[a] != column[b] { return column[a] < column[b] }
            if data.y[a] != data.y[b] { return data.y[a] < data.y[b] }
            if let weights = data.weights, weights[a] != weights[b] { return weights[a] < weights[b] }
            if let clusters = data.clusters, clusters[a] != clusters[b] { return clusters[a] < clusters[b] }
            return a < b
        }
        if zip(rows, rows.dropFirst()).allSatisfy(precedes) { return rows }
        return rows.sorted(by: precedes)
    }

    private static func codes(_ names: [String]) -> [Int] {
        let places = Dictionary(
            Set(names).sorted().enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        return names.map { places[$0] ?? 0 }
    }

    private static func duplicates(_ order: [Int], _ x: LawPoints, _ y: [Double], _ data: FitRows) -> [String] {
        var (count, first) = (0, Int.max)
        for i in y.indices.dropFirst() where y[i] == y[i - 1] && x.columns.allSatisfy({ $0[i] == $0[i - 1] }) {
            count += 1
            first = min(first, order[i])
        }
        if count == 0 { return [] }
        let repeats = count == 1 ? "1 row repeats" : "\(count) rows repeat"
        return [
            "\(repeats) the x and y of another (first: \(data.shortPlace(first))): each counts as a point of its own"
        ]
    }

    /// What should be one setting per group, and is not.
    private static func mixtures(_ rows: [Int], _ data: FitRows) -> [String] {
        data.settings.compactMap { name, values in
            guard let first = rows.first, rows.contains(where: { values[$0] != values[first] }) else { return nil }
            let found = Set(rows.map { values[$0] }).sorted { a, b in
                (Double(a) ?? .infinity, a) < (Double(b) ?? .infinity, b)
            }
            let shown = found.prefix(6).joined(separator: ", ") + (found.count > 6 ? ", …" : "")
            return "the group mixes \(found.count) values of \(name) (\(shown)): add --group \(name) to tell them apart"
        }
    }
}
