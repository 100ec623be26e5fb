import Records

/// Which samples and checkpoints a run has while its rows come in any order: a sample's position is the place of its
/// first row among those of other samples, a checkpoint's layer is its number in `SampleLogSpill`.
///
/// Memory: that of N samples and E checkpoints; the values lie elsewhere.
struct SampleLogTable: Sendable {
    /// Records and logits by their place in the run's file, with the number of values per sample.
    let objects: [(name: String, width: Int)]
    private(set) var layers: [Int] = []
    private(set) var epochs: [Double] = []
    private var layerOf: [Double: Int] = [:]
    private var last: (epoch: Double, layer: Int)?

    private(set) var ids: [Int64] = []
    private(set) var labels: [Int32] = []
    private(set) var names: [String] = []
    private var positionOf: [Int64: Int32] = [:]
    private var positionOfName: [String: Int32] = [:]
    /// How many samples times checkpoints the files can tell of.
    private let cellLimit: Int

    /// `fileBytes` is the size of all files of the run: a row of them needs two bytes per column at least, and a log
    /// that is complete has a row per sample and checkpoint.
    init(objects: [(name: String, width: Int)], fileBytes: Int) {
        self.objects = objects
        cellLimit = fileBytes / (2 * (objects.reduce(0) { $0 + $1.width } + 2)) + 1
    }

    /// The position of a sample, which its first row gives it; nil where its label was another one before.
    mutating func position(id: Int64, label: Int32, name: String?) -> Int? {
        if let known = positionOf[id] { return labels[Int(known)] == label ? Int(known) : nil }
        positionOf[id] = Int32(ids.count)
        return append(id, label, name)
    }

    /// The same for a sample that is known by its name alone.
    mutating func position(name: String, label: Int32) -> Int? {
        if let known = positionOfName[name] { return labels[Int(known)] == label ? Int(known) : nil }
        positionOfName[name] = Int32(ids.count)
        return append(Int64(ids.count), label, name)
    }

    private mutating func append(_ id: Int64, _ label: Int32, _ name: String?) -> Int {
        ids.append(id)
        labels.append(label)
        if let name { names.append(name) }
        return ids.count - 1
    }

    func label(ofID id: Int64) -> Int32? { positionOf[id].map { labels[Int($0)] } }
    func label(ofName name: String) -> Int32? { positionOfName[name].map { labels[Int($0)] } }

    /// The layer of an epoch, which its first row gives it; nil where there are more samples and epochs than the files
    /// have rows for.
    mutating func layer(_ epoch: Double, _ spill: inout SampleLogSpill, widths: [Int]) -> Int? {
        guard ids.count * max(1, epochs.count) <= cellLimit else { return nil }
        if let last, last.epoch == epoch { return last.layer }
        let layer: Int
        if let known = layerOf[epoch] {
            layer = known
        } else {
            layer = spill.addLayer(widths: widths)
            layerOf[epoch] = layer
            epochs.append(epoch)
            layers.append(layer)
        }
        last = (epoch, layer)
        return layer
    }

    /// A sample's id as it is written.
    func idText(_ position: Int) -> String {
        positionOfName.isEmpty ? String(ids[position]) : "'\(names[position])'"
    }

    /// What the rows of all checkpoints say together.
    struct Tally {
        /// Rows beyond the first of a sample, of each checkpoint.
        var repeats: [Int] = []
        /// The first sample that a checkpoint lacks, with a checkpoint that has it.
        var missing: (sample: String, epoch: Double, present: Double)?
    }

    /// Counts the rows of each sample at each checkpoint, one checkpoint after another.
    func tally(_ cells: SampleLogCells) throws(ImportError) -> Tally {
        var tally = Tally()
        for (layer, epoch) in zip(layers, epochs) {
            let counts = try cells.counts(layer: layer, samples: ids.count)
            tally.repeats.append(counts.reduce(0) { $0 + Int(max(0, $1 - 1)) })
            if tally.missing == nil, let position = counts.firstIndex(of: 0) {
                tally.missing = (idText(position), epoch, try firstEpoch(of: position, in: cells))
            }
        }
        return tally
    }

    private func firstEpoch(of position: Int, in cells: SampleLogCells) throws(ImportError) -> Double {
        for (layer, epoch) in zip(layers, epochs)
        where try cells.counts(layer: layer, samples: ids.count)[position] > 0 {
            return epoch
        }
        return .nan
    }

    /// The samples in the order of their ids, or of their names where these are all that is known.
    func samples() -> (samples: Samples, order: [Int32]) {
        let byName = !positionOfName.isEmpty
        let order = ids.indices.sorted {
            byName ? names[$0].utf8.lexicographicallyPrecedes(names[$1].utf8) : ids[$0] < ids[$1]
        }
        let ordered = Samples(
            ids: byName ? order.indices.map { Int64($0) } : order.map { ids[$0] }, labels: order.map { labels[$0] },
            names: names.count == ids.count ? order.map { names[$0] } : nil)
        return (ordered, order.map { Int32($0) })
    }
}
