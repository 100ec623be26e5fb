import Foundation
import HDF5
import RunStore
import Tables

/// Scores in HDF5, for those who read them with h5py: `/sample_id` and `/label` int64 [N], `/score` (and `/std`) float64
/// [N]; the sidecar's JSON is the root attribute `sidecar`.
enum ScoreHDF5 {
    static func isNamed(_ path: String) -> Bool { path.hasSuffix(".h5") || path.hasSuffix(".hdf5") }

    /// Reads what `ScoreHDF5Output` wrote.
    static func read(_ path: String) throws -> (columns: ScoreColumns, sidecar: JSON?) {
        guard FileManager.default.fileExists(atPath: path) else { throw WorkflowError.missing("\(path): no such file") }
        let kind = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
        guard kind == .typeRegular || kind == .typeSymbolicLink else {
            throw WorkflowError.badData("\(path): it is no file")
        }
        do {
            let file = try HDF5File(reading: path)
            let columns = try ScoreColumns(file, path: path)
            var sidecar: JSON?
            if case .string(let text)? = try file.attribute("sidecar") {
                do { sidecar = try JSON.parse(text) } catch {
                    throw WorkflowError.badData("\(path): attribute 'sidecar': \(error)")
                }
            }
            return (columns, sidecar)
        } catch let error as HDF5Error {
            throw WorkflowError.badData("\(path): cannot be read: \(error.reason)")
        }
    }
}

/// Scores in HDF5 in the making: written aside, renamed when all are there.
final class ScoreHDF5Output: ScoreOutput {
    private let path: String
    private let temporary: String
    private var file: HDF5File?
    private var ids: HDF5Dataset?
    private var labels: HDF5Dataset?
    private var scores: HDF5Dataset?
    private var deviations: HDF5Dataset?
    private var names: HDF5Dataset?
    private var first = 0

    init(_ path: String, sidecar: JSON, count: Int, hasDeviation: Bool, hasNames: Bool = false) throws {
        self.path = path
        temporary = "\(path).\(getpid()).tmp"
        makeDirectories(above: path)
        try Self.requireScoresOrNothing(path)
        let text = sidecar.text(pretty: false)
        do {
            let file = try HDF5File(creating: temporary, reserving: 65_536 + text.utf8.count + 32 * count)
            try file.setAttribute("format", to: .string("assay-score"))
            try file.setAttribute("version", to: .integer(1))
            try file.setAttribute("sidecar", to: .string(text))
            ids = try file.createDataset("sample_id", type: Int64.elementType, shape: [count])
            labels = try file.createDataset("label", type: Int64.elementType, shape: [count])
            scores = try file.createDataset("score", type: Double.elementType, shape: [count])
            if hasDeviation {
                deviations = try file.createDataset("std", type: Double.elementType, shape: [count])
            }
            if hasNames { names = try file.createDataset("name", type: .string(bytes: nil), shape: [count]) }
            self.file = consume file
        } catch { throw failure(error) }
    }

    deinit { if file != nil { unlink(temporary) } }

    /// Throws where another file than one of scores would be replaced.
    private static func requireScoresOrNothing(_ path: String) throws {
        try requireReplaceable(path, byHDF5: true)
        guard FileManager.default.fileExists(atPath: path) else { return }
        let format = try? HDF5File(reading: path).attribute("format")
        guard format == .string("assay-score") else {
            throw WorkflowError.failure(
                "\(path): it is no file of scores (perhaps a run), and would be lost; choose another name")
        }
    }

    func write(_ rows: ScoredRows, score: Int) throws {
        let samples = rows.samples
        do throws(HDF5Error) {
            try Self.fill(&ids, first, samples.ids)
            try Self.fill(&labels, first, samples.labels.map { Int64($0) })
            try Self.fill(&scores, first, rows.values[score])
            if let spread = rows.deviations { try Self.fill(&deviations, first, spread[score]) }
            if let texts = samples.names { try names?.write(texts, first: first) }
        } catch { throw failure(error) }
        first += samples.count
    }

    private static func fill<Value: HDF5Scalar>(
        _ dataset: inout HDF5Dataset?, _ first: Int, _ values: [Value]
    ) throws(HDF5Error) {
        let result: Result<Void, HDF5Error>? = values.withUnsafeBufferPointer { buffer in
            Result { () throws(HDF5Error) in
                try dataset?.write(buffer, start: [first], count: [buffer.count])
            }
        }
        try result?.get()
    }

    func finish() throws {
        ids = nil
        labels = nil
        scores = nil
        deviations = nil
        names = nil
        do throws(HDF5Error) { try file.take()?.close() } catch {
            unlink(temporary)
            throw failure(error)
        }
        guard rename(temporary, path) == 0 else {
            let reason = String(cString: strerror(errno))
            unlink(temporary)
            throw WorkflowError.failure("\(path): cannot be written: \(reason)")
        }
    }

    private func failure(_ error: HDF5Error) -> WorkflowError {
        .failure("\(path): cannot be written: \(error.reason)")
    }
}
