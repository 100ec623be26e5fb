import Records
public import RunStore
import Tables

extension ImportedRun {
    /// Writes the run into a store, block by block, and checks every value on its way.
    ///
    /// What was read and how stands in the root attribute `import` (JSON). Throws `ImportError` at NaN and infinities
    /// (naming checkpoint, sample and class), when a run of that id is there and `replacing` is false, and when the
    /// disk has no room; `RunStoreError` when the store cannot be written. `progress` is told how many bytes of arrays
    /// of how many are written.
    ///
    /// - Parameter possible: the values that a dataset of that path can have in a run of so many classes; others are refused. nil: any.
    public func write(
        to store: Store, kind: String, writer: String, created: String? = nil, replacing: Bool = false,
        progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in },
        possible: (_ dataset: String, _ classes: Int?) -> ClosedRange<Float>? = { _, _ in nil }
    ) throws -> ImportedRunWriter.Written {
        try check()
        var description = description
        description.writer = writer
        description.created = created
        let labels = try testLabels()
        let contents = ImportedRunWriter(
            description: description, attributes: ["import": provenance(kind: kind)], epochs: epochs,
            samplesSeen: samplesSeen, metrics: metrics, samples: samples, testLabels: labels,
            arrays: arrays.filter { $0.object != "/test/label" }.map { checked($0, possible($0.object, classes)) })
        let total = arrays.filter { $0.object != "/test/label" }.reduce(0) { $0 + $1.bytes }
        var done = 0
        do {
            return try contents.write(to: store, replacing: replacing) { bytes in
                done += bytes
                try progress(done, total)
            }
        } catch let refusal as ImportedRunWriter.Refusal {
            throw wording(refusal)
        }
    }

    /// Whether the store has this run already: made of files of the same contents, by the same options, with the same
    /// attributes.
    public func isThere(in store: Store, kind: String) throws -> Bool {
        guard store.status(description.id) == .sealed else { return false }
        let old = try store.open(description.id)
        var other = old.description
        (other.writer, other.created, other.digest) = (description.writer, description.created, description.digest)
        guard description == other, let text = old.extraAttributes["import"], let known = try? JSON.parse(text) else {
            return false
        }
        let files = (known["sources"]?.items ?? []).map { $0["sha256"]?.string }
        return known["kind"]?.string == kind && known["options"] == asked && files == sources.map(\.sha256)
    }

    /// The labels of the test set, which come as floats and are whole numbers of classes.
    private func testLabels() throws -> [Int32]? {
        guard let array = arrays.first(where: { $0.object == "/test/label" }) else { return nil }
        return try array.read(0, 0..<array.shape[0]).enumerated().map { index, value in
            guard let label = Int32(exactly: value), label >= 0, classes.map({ label < $0 }) ?? true else {
                throw ImportError(
                    array.origin, at: "/test/label, sample \(index)",
                    "the label is \(value)" + (classes.map { ", but there are \($0) classes, 0…\($0 - 1)" } ?? ""))
            }
            return label
        }
    }

    /// C, where something tells it.
    private var classes: Int? {
        arrays.first { $0.object == "/logits" || $0.object == "/targets" || $0.object == "/test/logits" }?.shape.last
            ?? description.classes
    }

    private func wording(_ refusal: ImportedRunWriter.Refusal) -> ImportError {
        switch refusal {
        case .sealed(let path):
            ImportError(
                path,
                "a run of this id is there already, and nothing was written; give another --id, or --replace to "
                    + "write this one and keep the old one in the store's .superseded folder")
        case .unfinished(let directory):
            ImportError(directory, "an unfinished run of this id is there; give another --id, or move it away")
        case .diskFull(let reason, let bytes):
            ImportError(
                description.id, "\(reason): the run needs \(bytes) bytes, and nothing was written", exitCode: 74)
        }
    }

    /// The array with every value checked.
    private func checked(_ array: ImportedArray, _ possible: ClosedRange<Float>?) -> ImportedArray {
        var checked = array
        checked.read = { checkpoint, rows in
            let values = try array.read(checkpoint, rows)
            try check(array, checkpoint, rows, values, possible)
            return values
        }
        return checked
    }

    /// Throws at the first value that is no number, that the stored precision cannot hold or that such a thing cannot have.
    private func check(
        _ array: ImportedArray, _ checkpoint: Int, _ rows: Range<Int>, _ values: [Float],
        _ possible: ClosedRange<Float>?
    ) throws {
        let largest: Float = array.precision == .half ? 65504 : .greatestFiniteMagnitude
        let least = max(-largest, possible?.lowerBound ?? -largest)
        let most = min(largest, possible?.upperBound ?? largest)
        let isTruth = array.object == "/scores/correct"
        let wrong = values.firstIndex { !($0 >= least && $0 <= most) || isTruth && $0 != 0 && $0 != 1 }
        let width = max(1, values.count / max(1, rows.count))
        func refuse(_ row: Int, column: Int?, _ reason: String) -> ImportError {
            let sample = rows.lowerBound + row
            var place: [String] = []
            if array.hasCheckpointAxis {
                place.append("checkpoint \(checkpoint) (epoch \(shortest(epochs[checkpoint])))")
            }
            let id = array.object.hasPrefix("/test/") ? nil : samples.map { $0.ids[sample] }
            place.append("sample \(sample)" + (id.map { " (id \($0))" } ?? ""))
            if let column { place.append((array.object == "/features" ? "column" : "class") + " \(column)") }
            return ImportError(
                array.source?(checkpoint, sample) ?? array.origin,
                at: array.object + ", " + place.joined(separator: ", "),
                reason)
        }
        guard let index = wrong else {
            guard array.object == "/targets",
                let (row, sum) = values.withUnsafeBufferPointer({ SoftLabels.firstUnnormalized($0, classes: width) })
            else { return }
            throw refuse(
                row, column: nil,
                "its soft labels sum to \(shortest((sum * 1e4).rounded() / 1e4)), and are probabilities of the classes, which sum "
                    + "to 1 (of logits take the softmax, and divide truncated ones by their sum); nothing was written")
        }
        let value = values[index]
        throw refuse(
            index / width, column: width > 1 ? index % width : nil,
            value.isNaN
                ? "the value is NaN; nothing can be computed from it, and nothing was written"
                : isTruth
                    ? "the value is \(value), and a sample is correct (1) or not (0); nothing was written"
                    : abs(value) <= largest
                        ? "the value is \(value), which is \(value < least ? "below" : "above") what it can be, "
                            + "\(shortest((Double(value < least ? least : most) * 100).rounded() / 100)); if it is something "
                            + "else, give it another name with --map; nothing was written"
                        : value.isInfinite
                            ? "the value is infinite, in the file or in single precision; nothing was written"
                            : "the value is \(value), beyond what is stored (\(array.precision.rawValue)); nothing was written"
        )
    }

    /// Throws where shapes do not agree with each other.
    private func check() throws(ImportError) {
        func refuse(_ object: String, _ reason: String) -> ImportError {
            ImportError(description.id, at: object, reason)
        }
        for index in epochs.indices {
            guard epochs[index].isFinite, epochs[index] >= 0, index == 0 || epochs[index] > epochs[index - 1] else {
                throw refuse("epochs, checkpoint \(index)", "checkpoints must increase, and this is \(epochs[index])")
            }
        }
        if let samples, samples.count == 0 { throw refuse("samples", "there is no sample") }
        if epochs.isEmpty { throw refuse("epochs", "a run has at least one checkpoint") }
        if let samplesSeen, samplesSeen.count != epochs.count {
            throw refuse("samples_seen", "\(samplesSeen.count) values for \(epochs.count) checkpoints")
        }
        for (name, values) in metrics where values.count != epochs.count {
            throw refuse(name, "\(values.count) values for \(epochs.count) checkpoints")
        }
        for name in metrics.keys where name.isEmpty || name.contains("/") || name == "epoch" || name == "samples_seen" {
            throw refuse("metric '\(name)'", "a metric cannot have this name")
        }
        for array in arrays {
            let isTest = array.object.hasPrefix("/test/")
            let expected = (array.hasCheckpointAxis ? [epochs.count] : []) + (isTest ? [] : [samples?.count ?? -1])
            guard isTest || array.shape.starts(with: expected) else {
                throw refuse(array.object, "its shape \(array.shape) does not begin with \(expected)")
            }
        }
        if arrays.isEmpty, metrics.isEmpty { throw refuse("run", "it records nothing") }
        guard let samples else { return }
        if let wrong = samples.labels.firstIndex(where: { $0 < 0 || $0 >= classes ?? .max }) {
            throw refuse(
                "labels, sample \(wrong) (id \(samples.ids[wrong]))",
                "the label is \(samples.labels[wrong])"
                    + (classes.map { ", but there are \($0) classes, 0…\($0 - 1)" } ?? ""))
        }
    }

    /// Where the run comes from, as JSON of one line.
    private func provenance(kind: String) -> String {
        let files = sources.map { source in
            JSON.object([
                "path": .string(source.path), "bytes": .integer(source.bytes), "sha256": .string(source.sha256),
            ])
        }
        let arrays = arrays.map { JSON.object(["object": .string($0.object), "from": .string($0.origin)]) }
        return JSON.object([
            "format": "assay-import", "version": 1, "kind": .string(kind), "options": asked, "sources": .array(files),
            "arrays": .array(arrays), "notes": JSON(notes), "warnings": JSON(warnings),
        ]).text(pretty: false)
    }
}
