internal import CHDF5

/// An open HDF5 file; closed when it goes out of scope.
///
/// Objects are named by absolute paths inside the file. External links are refused wherever they stand: a foreign file
/// must not make us open another one.
public struct HDF5File: ~Copyable {
    public let path: String
    let handle: Handle

    /// Opens for reading. Throws when the file is absent, is not HDF5, is truncated or is locked by a writer.
    public init(reading path: String) throws(HDF5Error) {
        self.path = path
        handle = try Handle(.file, "H5Fopen", path: path) {
            H5Fopen(path, chdf5_read_only(), chdf5_default_plist())
        }
    }

    /// Creates, replacing what is there, with room for `reserving` bytes: meant for temporary names only.
    ///
    /// HDF5 1.10 crashes when the disk fills up under it. So the room is taken from the system first, and a full disk
    /// is an error (`errorNumber` ENOSPC, EDQUOT or EFBIG) before HDF5 writes anything; closing gives back what was too
    /// much. Times are not recorded and attributes may be of any size (the format of HDF5 1.8); locks are not taken,
    /// since nobody else knows the name.
    public init(creating path: String, reserving bytes: Int) throws(HDF5Error) {
        self.path = path
        try HDF5File.reserve(path, bytes: bytes, beginning: HDF5File.emptyImage(path))
        let access = try Handle(.plist, "H5Pcreate", path: path) { H5Pcreate(chdf5_class_file_access()) }
        _ = try check("H5Pset_libver_bounds", path: path) {
            H5Pset_libver_bounds(access.id, H5F_LIBVER_V18, H5F_LIBVER_V110)
        }
        _ = try check("H5Pset_file_locking", path: path) { H5Pset_file_locking(access.id, false, true) }
        _ = try check("H5Pset_fclose_degree", path: path) { H5Pset_fclose_degree(access.id, H5F_CLOSE_STRONG) }
        handle = try Handle(.file, "H5Fopen", path: path) { H5Fopen(path, chdf5_read_write(), access.id) }
    }

    /// Closes a file that was written; throws when its last bytes could not be.
    public consuming func close() throws(HDF5Error) {
        let path = path
        _ = try check("H5Fflush", path: path) { H5Fflush(handle.id, H5F_SCOPE_GLOBAL) }
        try handle.close(path: path)
    }

    // MARK: Links

    /// What stands under a name.
    public enum Kind: Sendable, Equatable { case group, dataset, other }

    /// What stands at the path; nil when nothing does. Throws at an external link.
    public func kind(of object: String) throws(HDF5Error) -> Kind? {
        var prefix = ""
        for name in object.split(separator: "/") {
            prefix += "/" + name
            let link = prefix
            if try check("H5Lexists", object: link, path: path, { H5Lexists(handle.id, link, chdf5_default_plist()) })
                == 0
            {
                return nil
            }
            var info = H5L_info_t()
            _ = try check("H5Lget_info", object: link, path: path) {
                H5Lget_info(handle.id, link, &info, chdf5_default_plist())
            }
            if info.type == H5L_TYPE_EXTERNAL {
                throw HDF5Error(
                    call: "opening", object: link, path: path, reason: "it is a link to another file; copy the data in")
            }
            if info.type == H5L_TYPE_SOFT {
                let there = try check("H5Oexists_by_name", object: link, path: path) {
                    H5Oexists_by_name(handle.id, link, chdf5_default_plist())
                }
                if there == 0 { return nil }
            }
        }
        let target = prefix.isEmpty ? "/" : prefix
        let opened = try Handle(.object, "H5Oopen", object: target, path: path) {
            H5Oopen(handle.id, target, chdf5_default_plist())
        }
        switch H5Iget_type(opened.id) {
        case H5I_GROUP: return .group
        case H5I_DATASET: return .dataset
        default: return .other
        }
    }

    /// Names in a group, in the order of their bytes; empty when there is no such group.
    public func children(of group: String) throws(HDF5Error) -> [String] {
        guard try kind(of: group) == .group else { return [] }
        let opened = try Handle(.object, "H5Oopen", object: group, path: path) {
            H5Oopen(handle.id, group, chdf5_default_plist())
        }
        let names = Names()
        _ = try check("H5Literate", object: group, path: path) {
            H5Literate(
                opened.id, H5_INDEX_NAME, H5_ITER_INC, nil,
                { _, name, _, data in
                    guard let name, let data else { return 0 }
                    Unmanaged<Names>.fromOpaque(data).takeUnretainedValue().list.append(String(cString: name))
                    return 0
                }, Unmanaged.passUnretained(names).toOpaque())
        }
        return names.list
    }

    /// Paths of all datasets below a group, depth first, in the order of their bytes.
    public func datasets(below group: String = "/") throws(HDF5Error) -> [String] {
        try datasets(below: group, depth: 0)
    }

    private func datasets(below group: String, depth: Int) throws(HDF5Error) -> [String] {
        // Hard links can make circles: nothing that Assay reads lies deeper.
        guard depth < 32 else { return [] }
        var found: [String] = []
        for name in try children(of: group) {
            let child = group == "/" ? "/" + name : group + "/" + name
            switch try kind(of: child) {
            case .dataset: found.append(child)
            case .group: found += try datasets(below: child, depth: depth + 1)
            default: break
            }
        }
        return found
    }

    // MARK: Writing

    /// Creates a group and those above it.
    public func createGroup(_ group: String) throws(HDF5Error) {
        var prefix = ""
        for name in group.split(separator: "/") {
            prefix += "/" + name
            if try kind(of: prefix) != nil { continue }
            let link = prefix
            let creation = try withoutTimes(chdf5_class_group_create())
            _ = try Handle(.object, "H5Gcreate2", object: link, path: path) {
                H5Gcreate2(handle.id, link, chdf5_default_plist(), creation.id, chdf5_default_plist())
            }
        }
    }

    /// Creates a dataset and the groups above it; chunked when `chunk` is given, otherwise contiguous.
    public func createDataset(
        _ object: String, type: HDF5ElementType, shape: [Int], chunk: [Int]? = nil
    ) throws(HDF5Error) -> HDF5Dataset {
        let parent = object.split(separator: "/").dropLast().joined(separator: "/")
        try createGroup(parent)
        let creation = try withoutTimes(chdf5_class_dataset_create())
        // Every element is written: filling first would double the work. (Strings must be filled.)
        if !type.isString {
            _ = try check("H5Pset_fill_time", object: object, path: path) {
                H5Pset_fill_time(creation.id, H5D_FILL_TIME_NEVER)
            }
        }
        if let chunk {
            let sizes = chunk.map { hsize_t($0) }
            _ = try check("H5Pset_chunk", object: object, path: path) {
                H5Pset_chunk(creation.id, Int32(sizes.count), sizes)
            }
        }
        let space = try HDF5Dataset.space(shape, object: object, path: path)
        let datatype = try type.datatype(inMemory: false, path: path)
        let dataset = try Handle(.dataset, "H5Dcreate2", object: object, path: path) {
            H5Dcreate2(
                handle.id, object, datatype.id, space.id, chdf5_default_plist(), creation.id, chdf5_default_plist())
        }
        return try HDF5Dataset(dataset, object: object, path: path)
    }

    /// Copies an object with all below it and all its attributes into another file.
    public func copy(_ object: String, to other: borrowing HDF5File) throws(HDF5Error) {
        let target = other.handle.id
        _ = try check("H5Ocopy", object: object, path: path) {
            H5Ocopy(handle.id, object, target, object, chdf5_default_plist(), chdf5_default_plist())
        }
    }

    private func withoutTimes(_ plistClass: hid_t) throws(HDF5Error) -> Handle {
        let creation = try Handle(.plist, "H5Pcreate", path: path) { H5Pcreate(plistClass) }
        _ = try check("H5Pset_obj_track_times", path: path) { H5Pset_obj_track_times(creation.id, false) }
        return creation
    }
}

/// What an iteration over links or attributes collects.
final class Names {
    var list: [String] = []
}
