internal import Foundation
import Tables

/// Columns of the samples [N] that have no axis of checkpoints in the run: labels, names, features.
enum SampleArrays {
    /// The label of each sample; what the files say several times must be the same each time.
    static func labels(
        _ series: RowSeries, _ rows: RowOrder, checkpoints: Int, epochs: [Double], _ warnings: inout [String],
        _ notes: inout [String]
    ) throws(ImportError) -> [Int64] {
        if series.isFixed || series.checkpoints.count == 1 && checkpoints > 1 {
            let all = try series.integers(0)
            let place = try rows.place(RowList(series), &warnings, &notes)
            let labels = place.positions.map { all[$0] }
            if let checkpoint = place.checkpoint, let scatter = rows.scatter {
                try requireOne(all, labels, try scatter.table(checkpoint), series, 0, "")
            }
            return labels
        }
        guard series.checkpoints.count == checkpoints else {
            throw ImportError(
                series.path, at: "'\(series.name)'",
                "labels of \(counted(series.checkpoints.count, "checkpoint")) for \(checkpoints) checkpoints")
        }
        var first: [Int64] = []
        for checkpoint in 0..<checkpoints {
            let place = ", checkpoint \(checkpoint) (epoch \(shortest(epochs[checkpoint])))"
            let all = try series.integers(checkpoint)
            var labels: [Int64]
            if let scatter = rows.scatter {
                let table = try scatter.table(checkpoint)
                guard all.count == table.order.count else {
                    throw series.error(place, checkpoint, "\(all.count) labels for \(table.order.count) ids")
                }
                labels = table.starts.dropLast().map { all[table.order[$0]] }
                try requireOne(all, labels, table, series, checkpoint, place)
            } else {
                guard all.count == rows.ids.count else {
                    throw series.error(place, checkpoint, "\(all.count) labels for \(rows.ids.count) samples")
                }
                labels = rows.fixedPositions.map { all[$0] }
            }
            if checkpoint == 0 { first = labels }
            if let wrong = labels.indices.first(where: { labels[$0] != first[$0] }) {
                throw series.error(
                    place, checkpoint, row: try rows.position(checkpoint, sample: wrong),
                    "id \(rows.ids[wrong]) has the label \(labels[wrong]) here and \(first[wrong]) in checkpoint 0")
            }
        }
        return first
    }

    /// The name of each sample; those of later checkpoints must be the same.
    static func names(
        _ finding: ArrayFinding, _ texts: ForeignTexts, _ rows: RowOrder, _ warnings: inout [String],
        _ notes: inout [String]
    ) throws(ImportError) -> [String] {
        let place = try rows.place(
            RowList(texts, name: finding.name, of: finding.textsOf.first ?? finding.epoch.map { .epoch($0) }),
            &warnings, &notes)
        let all = try texts.strings()
        let names = place.positions.map { all[$0] }
        for (index, later) in finding.laterTexts.enumerated() {
            let list = RowList(later, name: finding.name, of: finding.textsOf[index + 1])
            var told: [String] = []
            var said: [String] = []
            let own = try rows.place(list, &told, &said)
            let texts = try later.strings()
            if let wrong = names.indices.first(where: { texts[own.positions[$0]] != names[$0] }) {
                throw ImportError(
                    later.path, at: "'\(finding.name)', checkpoint \(index + 1)",
                    "sample \(wrong) (id \(rows.ids[wrong])) is called '\(texts[own.positions[wrong]])' here and "
                        + "'\(names[wrong])' in checkpoint 0; where rows are shuffled, log the ids of the samples beside them"
                )
            }
        }
        return names
    }

    /// Throws where one id has two labels within a checkpoint.
    private static func requireOne(
        _ all: [Int64], _ labels: [Int64], _ table: RowTable, _ series: RowSeries, _ checkpoint: Int, _ place: String
    ) throws(ImportError) {
        for (row, label) in labels.enumerated() {
            for position in table.order[table.starts[row]..<table.starts[row + 1]] where all[position] != label {
                throw series.error(
                    place, checkpoint, row: position,
                    "id \(table.ids[row]) has two labels, \(label) and \(all[position])")
            }
        }
    }
}

/// What the first rows of logits look like.
enum LogitsLook {
    /// Throws at probabilities; notes log-probabilities, which are logits: softmax(log p) = p.
    static func check(_ series: RowSeries, _ notes: inout [String]) throws(ImportError) {
        let classes = series.rowShape.last ?? 0
        guard classes > 1 else { return }
        let rows = min(series.rows(0), 1024, max(1, (1 << 22) / classes))
        let values = try series.floats(0, 0..<rows)
        // Halves of many small probabilities do not sum to 1 exactly.
        let tolerance: Float = series.type == .half || series.type == .bfloat ? 2e-2 : 1e-3
        func all(_ condition: (ArraySlice<Float>) -> Bool) -> Bool {
            (0..<rows).allSatisfy { condition(values[($0 * classes)..<(($0 + 1) * classes)]) }
        }
        func isOne(_ sum: Double) -> Bool { abs(sum - 1) <= Double(tolerance) }
        if all({ row in row.allSatisfy { $0 >= 0 && $0 <= 1 } && isOne(row.reduce(0) { $0 + Double($1) }) }) {
            throw ImportError(
                series.path, at: "'\(series.name)'",
                "it holds probabilities (rows in 0…1 that sum to 1), not logits. Save the logits or the log of the "
                    + "probabilities; fixed soft labels [N, C] are imported with --map targets=\(series.name)")
        }
        if all({ row in row.allSatisfy { $0 <= 0 } && isOne(row.reduce(0) { $0 + exp($1) }) }) {
            notes.append(
                "'\(series.name)' is a log-softmax: it is stored as logits, since softmax(log p) = p; logit margins are "
                    + "then differences of log-probabilities, the same as of the logits themselves.")
        }
    }

    private static func exp(_ x: Float) -> Double { Foundation.exp(Double(x)) }
}
