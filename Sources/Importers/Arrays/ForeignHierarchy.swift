import RunStore
import Synchronization
import Tables

/// The datasets of a foreign HDF5 file by their groups.
enum ForeignHierarchy {
    static func read(_ path: String, notes: inout [String]) throws(ImportError) -> ForeignValue {
        let contents = try reading(path) { () throws(RunStoreError) in try ForeignHDF5.contents(of: path) }
        let entries = contents.entries
        if let (count, first) = contents.passedOver {
            notes.append(
                "\(counted(count, "group")) of \(path) not looked into, \(first.prefix(80)) first: they lie too deep, or there are "
                    + "too many.")
        }
        if contents.isRun {
            throw ImportError(path, "it is a run of Assay's own layout already: copy it into the store")
        }
        if entries.isEmpty { throw ImportError(path, "the HDF5 file holds no dataset") }
        return .dict(
            try group(entries.map { (ArraySlice($0.object.split(separator: "/").map(String.init)), $0) }, path))
    }

    private static func group(
        _ entries: [(names: ArraySlice<String>, entry: ForeignEntry)], _ path: String
    ) throws(ImportError) -> [(key: ForeignKey, value: ForeignValue)] {
        var members: [(key: ForeignKey, value: ForeignValue)] = []
        var at = 0
        while at < entries.count {
            guard let name = entries[at].names.first else { break }
            var end = at + 1
            while end < entries.count, entries[end].names.first == name { end += 1 }
            let inner = entries[at..<end].map { ($0.names.dropFirst(), $0.entry) }
            let value: ForeignValue =
                inner.count == 1 && inner[0].0.isEmpty
                ? try dataset(inner[0].1, path) : .dict(try group(inner, path))
            members.append((.text(name), value))
            at = end
        }
        return members
    }

    private static func dataset(_ entry: ForeignEntry, _ path: String) throws(ImportError) -> ForeignValue {
        var size = 1
        for extent in entry.shape {
            let (product, overflows) = size.multipliedReportingOverflow(by: extent)
            guard !overflows else { throw ImportError(path, at: entry.object, "it declares the shape \(entry.shape)") }
            size = product
        }
        if entry.kind == .text, entry.shape.count == 1 {
            return .texts(
                ForeignTexts(
                    path: path, name: entry.object, count: size,
                    storage: .hdf5(LazyDataset(path: path, object: entry.object))))
        }
        guard let type = type(entry), !entry.shape.isEmpty else { return .other("\(entry.type) \(entry.shape)") }
        return .array(
            ForeignArray(
                path: path, name: entry.object, shape: entry.shape, type: type,
                storage: .hdf5(LazyDataset(path: path, object: entry.object))))
    }

    private static func type(_ entry: ForeignEntry) -> ElementType? {
        switch entry.kind {
        case .half: .half
        case .float: entry.type == "float64" ? .double : .single
        case .integer: ElementType(rawValue: entry.type)
        case .text, .other: nil
        }
    }

    /// Turns what the store's reader of HDF5 says into an import's error.
    static func reading<Value>(
        _ path: String, _ body: () throws(RunStoreError) -> Value
    ) throws(ImportError) -> Value {
        do throws(RunStoreError) { return try body() } catch {
            throw ImportError(
                path, at: error.dataset, error.fault == .notHDF5 ? "damaged: not an HDF5 file" : error.reason,
                exitCode: error.exitCode)
        }
    }
}

/// A dataset that is opened, and its declared bytes checked, when it is first read.
final class LazyDataset: Sendable {
    private let path: String
    private let object: String
    private let opened = Mutex<ForeignDataset?>(nil)

    init(path: String, object: String) {
        self.path = path
        self.object = object
    }

    func read<Value>(_ body: (ForeignDataset) throws(RunStoreError) -> Value) throws(ImportError) -> Value {
        try ForeignHierarchy.reading(path) { () throws(RunStoreError) in
            if let dataset = opened.withLock({ $0 }) { return try body(dataset) }
            let dataset = try ForeignDataset(path: path, object: object)
            if OpenFiles.take() { opened.withLock { $0 = dataset } }
            return try body(dataset)
        }
    }

    deinit { if opened.withLock({ $0 != nil }) { OpenFiles.release() } }
}
