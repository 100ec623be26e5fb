internal import CHDF5

/// What a dataset declares, and the checks before any memory is taken for it.
extension HDF5File {
    /// What the dataset declares, unchecked.
    public func info(_ object: String) throws(HDF5Error) -> HDF5DatasetInfo {
        let handle = try open(object, cacheBytes: nil)
        return try HDF5Dataset.info(handle.id, object: object, path: path)
    }

    /// Opens a dataset whose every declared byte is there. Refused are: datasets larger than what the file stores for
    /// them, missing chunks (HDF5 would read them as fill values), virtual datasets and external storage, and filters
    /// that this build cannot undo.
    public func dataset(_ object: String) throws(HDF5Error) -> HDF5Dataset {
        guard try kind(of: object) == .dataset else {
            throw HDF5Error(call: "reading", object: object, path: path, reason: "there is no such dataset")
        }
        var dataset = try HDF5Dataset(open(object, cacheBytes: nil), object: object, path: path)
        if dataset.info.chunk != nil {
            // Whole chunks go straight to memory; chunks that must be decoded are kept while their neighbours are read.
            let cache = dataset.info.filters.isEmpty ? 0 : 64 << 20
            dataset = try HDF5Dataset(open(object, cacheBytes: cache), object: object, path: path)
        }
        try dataset.requireAllStored(fileBytes: fileBytes())
        return dataset
    }

    private func open(_ object: String, cacheBytes: Int?) throws(HDF5Error) -> Handle {
        let access = try Handle(.plist, "H5Pcreate", path: path) { H5Pcreate(chdf5_class_dataset_access()) }
        if let cacheBytes {
            _ = try check("H5Pset_chunk_cache", object: object, path: path) {
                H5Pset_chunk_cache(access.id, 12421, cacheBytes, 1)
            }
        }
        return try Handle(.dataset, "H5Dopen2", object: object, path: path) { H5Dopen2(handle.id, object, access.id) }
    }

    private func fileBytes() throws(HDF5Error) -> Int {
        var size: hsize_t = 0
        _ = try check("H5Fget_filesize", path: path) { H5Fget_filesize(handle.id, &size) }
        return Int(clamping: size)
    }
}

extension HDF5Dataset {
    static func info(_ id: hid_t, object: String, path: String) throws(HDF5Error) -> HDF5DatasetInfo {
        let space = try Handle(.space, "H5Dget_space", object: object, path: path) { H5Dget_space(id) }
        let rank = try check("H5Sget_simple_extent_ndims", object: object, path: path) {
            H5Sget_simple_extent_ndims(space.id)
        }
        var sizes = [hsize_t](repeating: 0, count: Int(rank))
        _ = try check("H5Sget_simple_extent_dims", object: object, path: path) {
            H5Sget_simple_extent_dims(space.id, &sizes, nil)
        }
        let type = try Handle(.type, "H5Dget_type", object: object, path: path) { H5Dget_type(id) }
        let creation = try Handle(.plist, "H5Dget_create_plist", object: object, path: path) {
            H5Dget_create_plist(id)
        }
        var chunk: [Int]?
        if H5Pget_layout(creation.id) == H5D_CHUNKED {
            var chunks = [hsize_t](repeating: 0, count: Int(rank))
            _ = try check("H5Pget_chunk", object: object, path: path) { H5Pget_chunk(creation.id, rank, &chunks) }
            chunk = chunks.map { Int(clamping: $0) }
        }
        return HDF5DatasetInfo(
            shape: sizes.map { Int(clamping: $0) }, type: HDF5ElementType(type.id), elementBytes: H5Tget_size(type.id),
            chunk: chunk, filters: try filters(creation.id, object: object, path: path),
            storedBytes: Int(clamping: H5Dget_storage_size(id)))
    }

    private static func filters(_ creation: hid_t, object: String, path: String) throws(HDF5Error) -> [HDF5Filter] {
        let count = try check("H5Pget_nfilters", object: object, path: path) { H5Pget_nfilters(creation) }
        var found: [HDF5Filter] = []
        for index in 0..<UInt32(count) {
            var (flags, values, config): (UInt32, Int, UInt32) = (0, 0, 0)
            var name = [CChar](repeating: 0, count: 64)
            let id = try check("H5Pget_filter2", object: object, path: path) {
                H5Pget_filter2(creation, index, &flags, &values, nil, 64, &name, &config)
            }
            let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            found.append(
                HDF5Filter(
                    id: Int(id), name: text.isEmpty ? knownFilters[Int(id)] ?? "unknown" : text,
                    isAvailable: H5Zfilter_avail(id) > 0))
        }
        return found
    }

    /// Throws unless all that the dataset declares is stored in this file and can be decoded.
    func requireAllStored(fileBytes: Int) throws(HDF5Error) {
        let creation = try Handle(.plist, "H5Dget_create_plist", object: object, path: path) {
            H5Dget_create_plist(handle.id)
        }
        let layout = H5Pget_layout(creation.id)
        if layout == H5D_VIRTUAL {
            throw failure(
                "it is a virtual dataset, whose lost parts would read as zeros; copy the data in with h5repack")
        }
        if H5Pget_external_count(creation.id) > 0 {
            throw failure("its data lie in another file; copy them in with h5repack")
        }
        if let filter = info.filters.first(where: { !$0.isAvailable }) {
            throw failure(
                "it is packed with filter \(filter.id) (\(filter.name)), which this build of HDF5 lacks; "
                    + "where that filter is installed, run 'h5repack -f NONE \(path) unpacked.h5'")
        }
        var declared = info.elementBytes
        for size in info.shape {
            let (product, overflow) = declared.multipliedReportingOverflow(by: size)
            guard !overflow else { throw failure("it declares the shape \(info.shape), more than any memory holds") }
            declared = product
        }
        if declared == 0 { return }
        let stored = "\(info.shape) × \(info.type) = \(declared) bytes"
        if info.storedBytes > fileBytes {
            throw failure("it declares \(info.storedBytes) stored bytes, but the file has only \(fileBytes)")
        }
        guard let chunk = info.chunk else {
            if info.storedBytes < declared {
                throw failure("it declares \(stored), but only \(info.storedBytes) are stored")
            }
            let offset = layout == H5D_CONTIGUOUS ? Int(clamping: H5Dget_offset(handle.id)) : 0
            if offset > fileBytes - declared {
                throw failure("it declares \(stored), which end beyond the file's \(fileBytes)")
            }
            return
        }
        // No product can overflow: there are not more chunks than elements.
        let expected = zip(info.shape, chunk).map { ($0 + max($1, 1) - 1) / max($1, 1) }.reduce(1, *)
        let space = try Handle(.space, "H5Dget_space", object: object, path: path) { H5Dget_space(handle.id) }
        var present: hsize_t = 0
        _ = try check("H5Dget_num_chunks", object: object, path: path) {
            H5Dget_num_chunks(handle.id, space.id, &present)
        }
        if Int(clamping: present) < expected {
            throw failure("\(expected - Int(clamping: present)) of its \(expected) chunks are missing")
        }
        // Deflate packs at most 1032 : 1. Small datasets of constants may be packed better by other filters.
        let unpackable =
            info.filters.isEmpty ? info.storedBytes : max(64 << 20, info.storedBytes.multipliedSafely(1100))
        if declared > unpackable {
            throw failure("it declares \(stored), but only \(info.storedBytes) are stored")
        }
    }
}

extension Int {
    fileprivate func multipliedSafely(_ factor: Int) -> Int {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}

/// The registered filters that people meet, for those that left no name in the file.
private let knownFilters = [
    305: "lzo", 307: "bzip2", 32000: "lzf", 32001: "blosc", 32004: "lz4", 32008: "bitshuffle", 32013: "zfp",
    32015: "zstd", 32026: "blosc2",
]
