import RunStore
import Tables

/// A run's contents for other programs: NumPy arrays, or tables in CSV.
public struct RunExport {
    private let run: RunFile
    private let onProgress: (_ done: Int, _ total: Int) throws -> Void

    /// - Parameter onProgress: bytes written, and how many there will be; what it throws ends the work, and no file
    ///   appears.
    public init(_ run: RunFile, onProgress: @escaping (_ done: Int, _ total: Int) throws -> Void = { _, _ in }) {
        self.run = run
        self.onProgress = onProgress
    }

    /// The arrays that the run has, by the names that `assay import npz` takes them back under.
    public var arrayNames: [String] {
        let reserved: Set = [
            "names",
            "epochs", "samples_seen", "ids", "labels", "logits", "train_logits", "targets", "features",
        ]
        var names = ["epochs"] + (run.samplesSeen == nil ? [] : ["samples_seen"])
        names += run.metricNames.filter { !reserved.contains($0) }
        if run.sampleCount != nil { names += ["ids", "labels"] + (run.hasNames ? ["names"] : []) }
        if run.hasLogits { names.append("logits") }
        if run.hasTrainLogits { names.append("train_logits") }
        names += run.scoreNames.map { names.contains($0) ? "score_" + $0 : $0 }
        if run.hasTargets { names.append("targets") }
        if run.hasFeatures { names.append("features") }
        if run.hasTest { names += ["test_labels", "test_logits"] }
        return names
    }

    /// The tables: `checkpoints` has one row per checkpoint, `samples` one per sample, `records` one per checkpoint and
    /// sample with every score and logit.
    public var tableNames: [String] {
        run.sampleCount == nil
            ? ["checkpoints"]
            : ["checkpoints", "samples"] + (run.hasLogits || !run.scoreNames.isEmpty ? ["records"] : [])
    }

    /// Writes arrays or tables, whichever the path's ending asks for: `.npz` any number of arrays (all by default),
    /// `.npy` one, `.csv` one table (`checkpoints` by default). Throws `WorkflowError` (64 for a name that the run lacks),
    /// `RunStoreError`, `TableError`.
    public func write(_ names: [String], to path: String) throws {
        switch path.split(separator: ".").last {
        case "npz":
            let arrays = try counted((names.isEmpty ? arrayNames : names).map(array))
            try NumPyFile.write(archive: arrays, to: path)
        case "npy":
            guard names.count == 1, let name = names.first else {
                throw WorkflowError(64, "\(path): .npy holds one array; name it with --what: \(list(arrayNames))")
            }
            try NumPyFile.write(counted([array(name)])[0], to: path)
        case "csv":
            guard names.count < 2 else {
                throw WorkflowError(64, "\(path): .csv holds one table; name one with --what: \(list(tableNames))")
            }
            try writeTable(names.first ?? "checkpoints", to: path)
        default: throw WorkflowError(64, "\(path): the name must end in .csv, .npy or .npz")
        }
    }

    private func list(_ names: [String]) -> String { names.joined(separator: ", ") }

    private func unknown(_ name: String, _ known: [String]) -> WorkflowError {
        let near = closest(to: name, in: known).map { " (did you mean '\($0)'?)" } ?? ""
        return WorkflowError(64, "\(run.path): no '\(name)' to export\(near); this run has \(list(known))")
    }

    // MARK: Arrays

    private func array(_ name: String) throws -> NumPyArray {
        guard arrayNames.contains(name) else { throw unknown(name, arrayNames) }
        switch name {
        case "epochs": return whole(name, "<f8", run.epochs)
        case "samples_seen": return whole(name, "<i8", run.samplesSeen ?? [])
        case "ids": return whole(name, "<i8", try run.samples().ids)
        case "labels": return whole(name, "<i4", try run.samples().labels)
        case "names": return texts(name, try run.samples().names ?? [])
        case "test_labels": return whole(name, "<i4", try run.test().labels)
        case "test_logits":
            let logits = try run.test().logits
            var array = whole(name, "<f4", logits.values)
            array.shape = [logits.rows, logits.columns]
            return array
        case "logits", "train_logits", "targets", "features":
            return try streamed(name, "/" + name, hasCheckpoints: name.hasSuffix("logits"))
        default:
            if run.metricNames.contains(name) { return whole(name, "<f8", try run.metric(name)) }
            let score = run.scoreNames.contains(name) ? name : String(name.dropFirst("score_".count))
            return try streamed(name, "/scores/" + score, hasCheckpoints: true)
        }
    }

    private func whole<Value: BitwiseCopyable>(_ name: String, _ type: String, _ values: [Value]) -> NumPyArray {
        var isDone = false
        return NumPyArray(name: name, type: type, elementBytes: MemoryLayout<Value>.stride, shape: [values.count]) {
            defer { isDone = true }
            return isDone ? nil : values.withUnsafeBytes { Array($0) }
        }
    }

    /// Strings as NumPy has them: four bytes a character, all of the width of the longest.
    private func texts(_ name: String, _ values: [String]) -> NumPyArray {
        let width = max(1, values.reduce(0) { max($0, $1.unicodeScalars.count) })
        var row = 0
        return NumPyArray(name: name, type: "<U\(width)", elementBytes: 4 * width, shape: [values.count]) {
            guard row < values.count else { return nil }
            let rows = row..<min(values.count, row + max(1, (1 << 18) / width))
            var piece = [UInt32](repeating: 0, count: rows.count * width)
            for (place, text) in zip(0..., values[rows]) {
                for (column, scalar) in zip(0..., text.unicodeScalars) {
                    piece[place * width + column] = scalar.value.littleEndian
                }
            }
            row = rows.upperBound
            return piece.withUnsafeBytes { Array($0) }
        }
    }

    private func streamed(_ name: String, _ object: String, hasCheckpoints: Bool) throws -> NumPyArray {
        let reader = try RecordReader(run, object: object)
        let (samples, checkpoints) = (run.sampleCount ?? 0, hasCheckpoints ? run.checkpointCount : 1)
        let height = max(1, reader.packedRows ?? (1 << 20) / max(1, reader.rowBytes))
        var (checkpoint, row) = (0, 0)
        let isHalf = reader.precision == .half
        let isVector = object.hasPrefix("/scores/")
        return NumPyArray(
            name: name, type: isHalf ? "<f2" : "<f4", elementBytes: isHalf ? 2 : 4,
            shape: (hasCheckpoints ? [checkpoints] : []) + [samples] + (isVector ? [] : [reader.columns])
        ) {
            if row >= samples { (checkpoint, row) = (checkpoint + 1, 0) }
            guard checkpoint < checkpoints, samples > 0 else { return nil }
            let rows = row..<min(samples, row + height)
            var piece = [UInt8](repeating: 0, count: rows.count * reader.rowBytes)
            try piece.withUnsafeMutableBytes { try reader.read(checkpoint: checkpoint, rows: rows, into: $0) }
            row = rows.upperBound
            return piece
        }
    }

    /// The same arrays, which report what has been written of all of them.
    private func counted(_ arrays: [NumPyArray]) -> [NumPyArray] {
        let total = arrays.reduce(0) { $0 + $1.byteCount }
        var done = 0
        return arrays.map { array in
            var array = array
            let next = array.next
            array.next = {
                let piece = try next()
                done += piece?.count ?? 0
                try onProgress(done, total)
                return piece
            }
            return array
        }
    }

    // MARK: Tables

    private func writeTable(_ name: String, to path: String) throws {
        guard tableNames.contains(name) else { throw unknown(name, tableNames) }
        let file = try OutputFile(path)
        switch name {
        case "checkpoints":
            var columns = [Column("epoch", run.epochs)]
            if let seen = run.samplesSeen { columns.append(Column("samples_seen", seen.map { Int($0) })) }
            for metric in run.metricNames { columns.append(Column(metric, try run.metric(metric))) }
            try file.write(Table(columns).formatted(.csv))
        case "samples": try writeSamples(to: file)
        default: try writeRecords(to: file)
        }
        try file.finish()
    }

    private static let height = 4096

    private func writeSamples(to file: OutputFile) throws {
        let reader = try SampleReader(run)
        for first in stride(from: 0, to: reader.count, by: Self.height) {
            let samples = try reader.read(first..<min(reader.count, first + Self.height), withNames: true)
            var columns = [
                Column("sample_id", samples.ids.map { Int($0) }), Column("label", samples.labels.map { Int($0) }),
            ]
            if let names = samples.names { columns.append(Column("name", names)) }
            try file.write(Table(columns).csv(withHeader: first == 0))
        }
    }

    private func writeRecords(to file: OutputFile) throws {
        let reader = try SampleReader(run)
        let scores = try run.scoreNames.map { ($0, try RecordReader(run, object: "/scores/" + $0)) }
        let width = run.classCount ?? 1
        let height = run.hasLogits ? max(1, (1 << 18) / max(1, width)) : Self.height
        let logits = run.hasLogits ? try RecordReader(run, object: "/logits") : nil
        let total = run.checkpointCount * reader.count
        for (checkpoint, epoch) in run.epochs.enumerated() {
            for first in stride(from: 0, to: reader.count, by: height) {
                let rows = first..<min(reader.count, first + height)
                let samples = try reader.read(rows)
                var columns = [
                    Column("sample_id", samples.ids.map { Int($0) }),
                    Column("epoch", [Double](repeating: epoch, count: rows.count)),
                    Column("label", samples.labels.map { Int($0) }),
                ]
                for (name, record) in scores {
                    columns.append(Column(name, try record.floats(checkpoint: checkpoint, rows: rows).map(shortened)))
                }
                if let logits = try logits?.floats(checkpoint: checkpoint, rows: rows) {
                    for c in 0..<width {
                        let values = rows.indices.map { shortened(logits[($0 - first) * width + c]) }
                        columns.append(Column("logit_\(c)", values))
                    }
                }
                try file.write(Table(columns).csv(withHeader: checkpoint == 0 && first == 0))
                try onProgress(checkpoint * reader.count + rows.upperBound, total)
            }
        }
    }

    /// The double whose shortest text is that of the float.
    private func shortened(_ value: Float) -> Double { Double("\(value)") ?? Double(value) }
}
