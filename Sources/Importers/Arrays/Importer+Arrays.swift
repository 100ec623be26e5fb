#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension Importer {
    /// NumPy's `.npy` and `.npz`.
    public static let npy = Importer(
        "npy", "NumPy arrays, .npy and .npz: logits [E, N, C] or a file per epoch, labels, ids, records [E, N]"
    ) { paths, options in try arrays(paths, options, kind: "npy", main: [.npy, .npz], endings: [".npy", ".npz"]) }

    /// PyTorch's files and plain pickles.
    public static let pt = Importer(
        "pt", "PyTorch files and pickles of tensors and arrays, which are read and never executed"
    ) { paths, options in
        try arrays(
            paths, options, kind: "pt", main: [.torch, .legacyTorch, .pickle],
            endings: [".pt", ".pth", ".pickle", ".pkl", ".npy", ".npz"])
    }

    /// Foreign HDF5 files.
    public static let h5 = Importer(
        "h5", "HDF5 files of any layout, mapped by --map logits=/path,labels=/path"
    ) { paths, options in
        try arrays(paths, options, kind: "h5", main: [.hdf5], endings: [".h5", ".hdf5", ".npy", ".npz"])
    }

    /// All files of one run. Files of other formats may stand beside those of the kind (labels in `.npy`), not alone.
    private static func arrays(
        _ paths: [String], _ options: ImportOptions, kind: String, main: [ForeignFile.Format], endings: [String]
    ) throws -> [ImportedRun] {
        var files: [ForeignFile] = []
        for path in paths {
            files += try expand(path, endings).map { (path) throws(ImportError) in try ForeignFile(path) }
        }
        guard let first = files.first else { throw ImportError(paths.first ?? "", "no file to import", exitCode: 66) }
        guard files.contains(where: { main.contains($0.format) }) else {
            throw ImportError(
                first.path,
                "it is no file of kind \(kind) but a \(first.format.rawValue): assay import \(own(first.format))")
        }
        var seen: Set<String> = []
        for file in files where !seen.insert(file.path).inserted { throw ImportError(file.path, "it is named twice") }
        return [try ArrayImport.run(files, options)]
    }

    private static func own(_ format: ForeignFile.Format) -> String {
        switch format {
        case .npy, .npz: "npy"
        case .torch, .legacyTorch, .pickle: "pt"
        case .hdf5: "h5"
        }
    }

    /// A folder stands for its files of the kind, in the order of their names.
    private static func expand(_ path: String, _ endings: [String]) throws(ImportError) -> [String] {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return [path] }
        guard let directory = opendir(path) else {
            throw ImportError(path, String(cString: strerror(errno)), exitCode: 74)
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix("."), endings.contains(where: { name.hasSuffix($0) }) { names.append(name) }
        }
        if names.isEmpty {
            throw ImportError(
                path, "the folder holds no file that ends in " + endings.joined(separator: ", "), exitCode: 66)
        }
        let folder = path.hasSuffix("/") ? String(path.dropLast()) : path
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { folder + "/" + $0 }
    }
}
