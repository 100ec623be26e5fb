internal import CArchives

/// The arrays of a `.npz` archive, or of a directory of `.npy` files.
struct NumPyFiles: ~Copyable {
    let path: String
    private let archive: OpaquePointer?

    /// The most that one byte of a deflate stream can grow to, rounded up.
    private static let largestExpansion = 1040
    private static let dataset = "npz"

    init(_ path: String) throws(DatasetError) {
        archive = try Self.open(path)
        self.path = path
    }

    private static func open(_ path: String) throws(DatasetError) -> OpaquePointer? {
        if InputFile.exists("\(path)/.") { return nil }
        // Says what is wrong where there is no such file, or none that can be read.
        _ = try InputFile.open(
            path, dataset: dataset, advice: "the path must be a .npz file, or a directory of .npy files")
        var code: Int32 = 0
        if let archive = zip_open(path, ZIP_RDONLY, &code) { return archive }
        var failure = zip_error_t()
        zip_error_init_with_code(&failure, code)
        defer { zip_error_fini(&failure) }
        throw DatasetError(
            dataset: dataset, path: path,
            .badArchive(reason: String(cString: zip_error_strerror(&failure))))
    }

    deinit { if let archive { zip_discard(archive) } }

    /// The array of the first of these names that is there.
    func array(_ names: [String]) throws(DatasetError) -> NumPyArray? {
        for name in names {
            let found = if let archive { try packed(name, in: archive) } else { try plain(name) }
            if let found { return found }
        }
        return nil
    }

    func error(_ name: String, _ problem: String) -> DatasetError {
        DatasetError(dataset: Self.dataset, path: path, .badArray(name: name, problem: problem))
    }

    private func plain(_ name: String) throws(DatasetError) -> NumPyArray? {
        let path = "\(self.path)/\(name).npy"
        guard InputFile.exists(path) else { return nil }
        let file = try InputFile.open(path, dataset: Self.dataset, advice: "")
        var done = 0
        let array = try NumPyArray(name, bytes: file.fileBytes) { count throws(DatasetError) in
            defer { done += count }
            return try file.read(count, after: done)
        } error: {
            error(name, $0)
        }
        return array
    }

    private func packed(_ name: String, in archive: OpaquePointer) throws(DatasetError) -> NumPyArray? {
        let index = zip_name_locate(archive, "\(name).npy", 0)
        guard index >= 0 else { return nil }
        var about = zip_stat_t()
        guard zip_stat_index(archive, zip_uint64_t(index), 0, &about) == 0,
            let member = zip_fopen_index(archive, zip_uint64_t(index), 0)
        else { throw error(name, "it cannot be read: \(String(cString: zip_strerror(archive)))") }
        defer { zip_fclose(member) }
        guard about.size <= UInt64(Int.max), about.size / UInt64(Self.largestExpansion) <= about.comp_size else {
            throw error(name, "\(about.size) bytes cannot come from \(about.comp_size) compressed ones")
        }
        return try NumPyArray(name, bytes: Int(about.size)) { count throws(DatasetError) in
            var isWhole = true
            let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                while filled < count, let base = buffer.baseAddress {
                    let got = zip_fread(member, base + filled, zip_uint64_t(count - filled))
                    guard got > 0 else { break }
                    filled += Int(got)
                }
                isWhole = filled == count
            }
            guard isWhole else { throw error(name, "it is truncated or damaged; save the file again") }
            return bytes
        } error: {
            error(name, $0)
        }
    }
}
