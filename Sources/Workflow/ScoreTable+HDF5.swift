import Foundation
import HDF5
import Tables

/// Scores in HDF5, for those who read them with h5py: `/sample_id` and `/label` int64 [N], `/score` (and `/std`) float64
/// [N]; the sidecar's JSON is the root attribute `sidecar`.
enum ScoreHDF5 {
    static func isNamed(_ path: String) -> Bool { path.hasSuffix(".h5") || path.hasSuffix(".hdf5") }

    /// Writes aside and renames.
    static func write(_ table: Table, sidecar: JSON, to path: String) throws {
        let temporary = path + ".writing"
        do {
            let folder = (path as NSString).deletingLastPathComponent
            if !folder.isEmpty {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            }
            let text = sidecar.text(pretty: false)
            let file = try HDF5File(creating: temporary, reserving: 65_536 + text.utf8.count + 32 * table.rowCount)
            try file.setAttribute("format", to: .string("assay-score"))
            try file.setAttribute("version", to: .integer(1))
            try file.setAttribute("sidecar", to: .string(text))
            for column in table.columns {
                if case .integers(let values) = column.values {
                    let type = HDF5ElementType.integer(bytes: 8, signed: true)
                    try file.createDataset(column.name, type: type, shape: [table.rowCount]).write(
                        values.map { Int64($0) })
                } else {
                    let values = try table.numbers(column.name)
                    try file.createDataset(column.name, type: .float(bytes: 8), shape: [table.rowCount]).write(values)
                }
            }
            try file.close()
            guard rename(temporary, path) == 0 else {
                throw WorkflowError.failure("\(path): \(String(cString: strerror(errno)))")
            }
        } catch {
            try? FileManager.default.removeItem(atPath: temporary)
            guard let error = error as? HDF5Error else { throw error }
            throw WorkflowError.failure("\(path): cannot be written: \(error.reason)")
        }
    }

    /// Reads what `write` wrote.
    static func read(_ path: String) throws -> (table: Table, sidecar: JSON?) {
        guard FileManager.default.fileExists(atPath: path) else { throw WorkflowError.missing("\(path): no such file") }
        do {
            let file = try HDF5File(reading: path)
            let names = try file.children(of: "/")
            var columns: [Column] = []
            for name in ["sample_id", "label", "score", "std"] where names.contains(name) {
                let dataset = try file.dataset(name)
                guard dataset.shape.count == 1 else {
                    throw WorkflowError.badData(
                        "\(path): /\(name) must be one number per sample, and its shape is \(dataset.shape)")
                }
                if dataset.info.type.isInteger {
                    columns.append(Column(name, try dataset.read(Int64.self).map { Int($0) }))
                } else {
                    columns.append(Column(name, try dataset.read(Double.self)))
                }
            }
            if let lacking = ["sample_id", "label", "score"].first(where: { !names.contains($0) }) {
                throw WorkflowError.badData("\(path): not a score file: /\(lacking) is missing")
            }
            guard let first = columns.first, columns.allSatisfy({ $0.count == first.count }) else {
                throw WorkflowError.badData(
                    "\(path): its datasets have \(columns.map { "\($0.count)" }.joined(separator: ", ")) rows")
            }
            var sidecar: JSON?
            if case .string(let text)? = try file.attribute("sidecar") {
                do { sidecar = try JSON.parse(text) } catch {
                    throw WorkflowError.badData("\(path): attribute 'sidecar': \(error)")
                }
            }
            var table = Table(columns)
            table.source = path
            return (table, sidecar)
        } catch let error as HDF5Error {
            throw WorkflowError.badData("\(path): cannot be read: \(error.reason)")
        }
    }
}
