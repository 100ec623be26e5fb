import Synchronization
import Tables

/// How the rows of the files become the samples of the run: by ascending id, since loggers shuffle and pad.
struct RowOrder: Sendable {
    /// N ids, ascending.
    let ids: [Int64]
    /// The positions of ids that come per checkpoint, or more than once; nil: every list has one row per sample, in the same
    /// order.
    let scatter: Scatter?
    /// Without `scatter`: where each sample stands in every list, [N]; nil: as in the run.
    private let positions: [Int]?
    /// What says how many rows there are, and the files in which they come.
    let name: String
    let files: RowFiles
    let hasIDs: Bool
    /// Repeats of an id within a checkpoint, over all checkpoints.
    let repeats: Int
    /// The first checkpoint that has its samples twice or more often on average, as no loader pads.
    let doubled: Int?

    /// Beyond it a double, as tables and JSON hold numbers, skips integers.
    private static let largest: UInt64 = 1 << 53

    /// One table of positions at a time: that of the checkpoint that is being read.
    final class Scatter: Sendable {
        let source: RowSeries
        let duplicates: Duplicates
        private let current = Mutex<(checkpoint: Int, table: RowTable)?>(nil)

        init(_ source: RowSeries, _ duplicates: Duplicates) {
            self.source = source
            self.duplicates = duplicates
        }

        func table(_ checkpoint: Int) throws(ImportError) -> RowTable {
            let key = source.isFixed ? 0 : checkpoint
            if let found = current.withLock({ $0?.checkpoint == key ? $0?.table : nil }) { return found }
            let table = RowTable(ids: try source.integers(key))
            current.withLock { $0 = (key, table) }
            return table
        }
    }

    /// - Parameter series: the ids as the files give them, fixed or per checkpoint.
    init(_ series: RowSeries, checkpoints: Int, epochs: [Double], duplicates: Duplicates) throws(ImportError) {
        func refuse(_ checkpoint: Int, _ reason: String) -> ImportError {
            let place = series.isFixed ? "" : ", checkpoint \(checkpoint) (epoch \(shortest(epochs[checkpoint])))"
            return series.error(place, checkpoint, reason)
        }
        let first = RowTable(ids: try series.integers(0))
        var repeats = 0
        var doubled: Int?
        for checkpoint in 0..<(series.isFixed ? 1 : checkpoints) {
            let table = checkpoint == 0 ? first : RowTable(ids: try series.integers(checkpoint))
            if let repeated = table.firstRepeat, duplicates == .fail {
                throw refuse(
                    checkpoint, "id \(repeated) occurs more than once; --duplicates first or mean says what that means")
            }
            repeats += table.order.count - table.ids.count
            if table.ids.count > 1, table.order.count >= 2 * table.ids.count { doubled = doubled ?? checkpoint }
            guard table.ids != first.ids else { continue }
            let (own, all) = (table.ids, first.ids)
            let at =
                zip(own, all).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(own.count, all.count)
            if at < all.count, at >= own.count || own[at] > all[at] {
                throw refuse(
                    checkpoint,
                    "id \(all[at]) is missing here, but is in checkpoint 0; every checkpoint must hold every sample")
            }
            throw refuse(checkpoint, "id \(own[at]) is here, but is missing in checkpoint 0")
        }
        if let wrong = [first.ids.first, first.ids.last].compactMap(\.self).first(where: { $0.magnitude > Self.largest }
        ) {
            throw refuse(
                0,
                "the id \(wrong) is beyond 2^53, which tables of scores cannot hold; number the samples from 0, and "
                    + "give what they are called as names (--map names=NAME)")
        }
        (self.repeats, self.doubled) = (repeats, doubled)
        (ids, name, files, hasIDs) = (first.ids, series.name, series.files(0), true)
        if series.isFixed, repeats == 0 {
            positions = first.order.elementsEqual(first.order.indices) ? nil : first.order
            scatter = nil
        } else {
            positions = nil
            scatter = Scatter(series, duplicates)
        }
    }

    /// The samples of a list without ids, numbered from 0 as they stand.
    init(of series: RowSeries) {
        (name, files, hasIDs) = (series.name, series.files(0), false)
        ids = (0..<Int64(files.rows)).map { $0 }
        (positions, scatter) = (nil, nil)
        (repeats, doubled) = (0, nil)
    }

    /// Whether rows of the files move.
    var isOther: Bool { scatter != nil || positions != nil }

    /// Without `scatter`: where the samples stand in a list of one row each, [N].
    var fixedPositions: [Int] { positions ?? Array(ids.indices) }

    /// Where in the files a sample's first row of a checkpoint stands.
    func position(_ checkpoint: Int, sample: Int) throws(ImportError) -> Int {
        guard let scatter else { return positions?[sample] ?? sample }
        let table = try scatter.table(checkpoint)
        return table.order[table.starts[sample]]
    }

    /// Rows of a list without an axis of checkpoints in the run, as one of its checkpoints has it: [rows, …].
    func floats(
        _ series: RowSeries, _ checkpoint: Int, _ place: RowPlace, _ rows: Range<Int>
    ) throws(ImportError) -> [Float] {
        // Beside ids, a repeated one means what it means for the logits.
        if let ids = place.checkpoint { return try floats(series, checkpoint, idsOf: ids, rows) }
        return try series.floats(checkpoint, at: Array(place.positions[rows]))
    }

    /// Rows of the run: [rows, …].
    func floats(_ series: RowSeries, _ checkpoint: Int, _ rows: Range<Int>) throws(ImportError) -> [Float] {
        try floats(series, checkpoint, idsOf: checkpoint, rows)
    }

    private func floats(
        _ series: RowSeries, _ checkpoint: Int, idsOf idCheckpoint: Int, _ rows: Range<Int>
    ) throws(ImportError) -> [Float] {
        if let positions { return try series.floats(checkpoint, at: Array(positions[rows])) }
        guard let scatter, !rows.isEmpty else { return try series.floats(checkpoint, rows) }
        let table = try scatter.table(idCheckpoint)
        let taken = (table.starts[rows.lowerBound])..<(table.starts[rows.upperBound])
        guard scatter.duplicates == .mean, taken.count > rows.count else {
            return try series.floats(checkpoint, at: rows.map { table.order[table.starts[$0]] })
        }
        let all = try series.floats(checkpoint, at: Array(table.order[taken]))
        let width = series.rowShape.reduce(1, *)
        var means: [Float] = []
        means.reserveCapacity(rows.count * width)
        for row in rows {
            let own = (table.starts[row] - taken.lowerBound)..<(table.starts[row + 1] - taken.lowerBound)
            for column in 0..<width {
                let sum = own.reduce(0.0) { $0 + Double(all[$1 * width + column]) }
                means.append(Float(sum / Double(own.count)))
            }
        }
        return means
    }
}

/// The rows of one checkpoint by ascending id.
struct RowTable: Sendable {
    /// Ascending, each once.
    var ids: [Int64] = []
    /// Positions in the file by id, those of one id in the order of the file.
    var order: [Int]
    /// Where in `order` the positions of each id begin, and the end.
    var starts: [Int] = []
    var firstRepeat: Int64?

    init(ids all: [Int64]) {
        let isAscending = zip(all, all.dropFirst()).allSatisfy { $0 <= $1 }
        order = isAscending ? Array(all.indices) : all.indices.sorted { (all[$0], $0) < (all[$1], $1) }
        for (place, position) in order.enumerated() {
            if let last = ids.last, last == all[position] {
                firstRepeat = firstRepeat ?? last
            } else {
                ids.append(all[position])
                starts.append(place)
            }
        }
        starts.append(order.count)
    }
}
