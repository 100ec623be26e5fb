import Records

/// What is known of samples at checkpoints while rows come in any order: values stand where their sample's first row
/// came, and are put into the order of ids when they are asked for.
///
/// Memory: 4 bytes per value and 2 per sample and checkpoint, never more than about twice the size of the files.
struct SampleLogTable: Sendable {
    struct Layer: Sendable {
        /// How often each sample was logged, [N].
        var counts: [UInt16] = []
        /// All objects of a sample side by side, [N, stride].
        var values: [Float] = []
    }

    /// Records and logits by their place in the run's file, with the number of values per sample.
    let objects: [(name: String, width: Int)]
    let duplicates: Duplicates
    /// Values per sample and checkpoint.
    let stride: Int
    private(set) var layers: [Layer] = []
    private(set) var epochs: [Double] = []
    private var layerOf: [Double: Int] = [:]
    private var last: (epoch: Double, layer: Int)?

    private(set) var ids: [Int64] = []
    private(set) var labels: [Int32] = []
    private(set) var names: [String] = []
    private var positionOf: [Int64: Int] = [:]
    private var positionOfName: [String: Int] = [:]
    /// Rows beyond the first of a sample in a checkpoint.
    private(set) var repeats = 0
    /// Samples times checkpoints that memory was taken for, and how many the files can tell of.
    private var cells = 0
    private let cellLimit: Int

    /// `fileBytes` is the size of all files of the run: a row of them needs two bytes per column at least, and a log
    /// that is complete has a row per sample and checkpoint.
    init(objects: [(name: String, width: Int)], duplicates: Duplicates, fileBytes: Int) {
        self.objects = objects
        stride = objects.reduce(0) { $0 + $1.width }
        self.duplicates = duplicates
        cellLimit = fileBytes / (2 * (stride + 2)) + 1
    }

    enum Addition {
        case done
        /// The sample was logged before at this epoch, and `duplicates` forbids it.
        case repeated
        /// There are more epochs than the files have rows for.
        case tooManyEpochs
    }

    /// The position of a sample, which its first row gives it; nil where its label was another one before.
    mutating func position(id: Int64, label: Int32, name: String?) -> Int? {
        if let known = positionOf[id] { return labels[known] == label ? known : nil }
        positionOf[id] = ids.count
        return append(id, label, name)
    }

    /// The same for a sample that is known by its name alone.
    mutating func position(name: String, label: Int32) -> Int? {
        if let known = positionOfName[name] { return labels[known] == label ? known : nil }
        positionOfName[name] = ids.count
        return append(Int64(ids.count), label, name)
    }

    private mutating func append(_ id: Int64, _ label: Int32, _ name: String?) -> Int {
        ids.append(id)
        labels.append(label)
        if let name { names.append(name) }
        return ids.count - 1
    }

    func label(ofID id: Int64) -> Int32? { positionOf[id].map { labels[$0] } }
    func label(ofName name: String) -> Int32? { positionOfName[name].map { labels[$0] } }

    /// Adds one row: the values of all objects, one after another.
    mutating func add(epoch: Double, position: Int, _ row: [Float]) -> Addition {
        let layer = layer(epoch)
        if layers[layer].counts.count <= position {
            guard grow(layer, to: position + 1) else { return .tooManyEpochs }
        }
        let before = layers[layer].counts[position]
        if before > 0 {
            repeats += 1
            switch duplicates {
            case .fail: return .repeated
            case .first: return .done
            case .mean where before == .max: return .done
            case .mean: break
            }
        }
        layers[layer].counts[position] = before + 1
        let start = position * stride
        if before == 0 {
            for i in 0..<stride { layers[layer].values[start + i] = row[i] }
        } else {
            for i in 0..<stride { layers[layer].values[start + i] += row[i] }
        }
        return .done
    }

    private mutating func layer(_ epoch: Double) -> Int {
        if let last, last.epoch == epoch { return last.layer }
        let layer: Int
        if let known = layerOf[epoch] {
            layer = known
        } else {
            layer = layers.count
            layerOf[epoch] = layer
            epochs.append(epoch)
            layers.append(Layer())
        }
        last = (epoch, layer)
        return layer
    }

    private mutating func grow(_ layer: Int, to count: Int) -> Bool {
        let missing = count - layers[layer].counts.count
        cells += missing
        guard cells <= cellLimit else { return false }
        layers[layer].counts.append(contentsOf: repeatElement(0, count: missing))
        layers[layer].values.append(contentsOf: repeatElement(0, count: missing * stride))
        return true
    }

    /// The first sample that a checkpoint lacks, with a checkpoint that has it.
    func firstMissing() -> (sample: String, epoch: Double, present: Double)? {
        for layer in layers.indices {
            let counts = layers[layer].counts
            guard let position = ids.indices.first(where: { $0 >= counts.count || counts[$0] == 0 }) else { continue }
            let other = layers.firstIndex { position < $0.counts.count && $0.counts[position] > 0 }
            let sample = positionOfName.isEmpty ? String(ids[position]) : "'\(names[position])'"
            return (sample, epochs[layer], other.map { epochs[$0] } ?? .nan)
        }
        return nil
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
