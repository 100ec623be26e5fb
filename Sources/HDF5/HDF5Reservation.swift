internal import CHDF5
import Glibc

/// How a file gets its room on the disk before HDF5 writes into it.
extension HDF5File {
    /// The bytes of a file without contents, made in memory.
    static func emptyImage(_ path: String) throws(HDF5Error) -> [UInt8] {
        let creation = try Handle(.plist, "H5Pcreate", path: path) { H5Pcreate(chdf5_class_file_create()) }
        let access = try Handle(.plist, "H5Pcreate", path: path) { H5Pcreate(chdf5_class_file_access()) }
        _ = try check("H5Pset_obj_track_times", path: path) { H5Pset_obj_track_times(creation.id, false) }
        _ = try check("H5Pset_libver_bounds", path: path) {
            H5Pset_libver_bounds(access.id, H5F_LIBVER_V18, H5F_LIBVER_V110)
        }
        _ = try check("H5Pset_fapl_core", path: path) { H5Pset_fapl_core(access.id, 1 << 16, false) }
        // The name is registered with the library only; a name of its own lets the real file be opened meanwhile.
        let name = path + ".image"
        let file = try Handle(.file, "H5Fcreate", path: path) {
            H5Fcreate(name, chdf5_truncate(), creation.id, access.id)
        }
        _ = try check("H5Fflush", path: path) { H5Fflush(file.id, H5F_SCOPE_GLOBAL) }
        // Not H5Fget_file_image: it changes the superblock and leaves the old checksum.
        var size: hsize_t = 0
        var memory: UnsafeMutableRawPointer?
        _ = try check("H5Fget_filesize", path: path) { H5Fget_filesize(file.id, &size) }
        _ = try check("H5Fget_vfd_handle", path: path) {
            H5Fget_vfd_handle(file.id, chdf5_default_plist(), &memory)
        }
        guard let bytes = memory?.load(as: UnsafeRawPointer?.self) else {
            throw HDF5Error(call: "H5Fget_vfd_handle", path: path, reason: "no image")
        }
        let image = [UInt8](UnsafeRawBufferPointer(start: bytes, count: Int(size)))
        // The image belongs to the open file, which ends here and not before.
        _ = consume file
        return image
    }

    /// Creates the file with its beginning and takes the room for the rest.
    static func reserve(_ path: String, bytes: Int, beginning: [UInt8]) throws(HDF5Error) {
        func failure(_ call: String, _ number: Int32) -> HDF5Error {
            HDF5Error(call: call, path: path, reason: String(cString: strerror(number)), errorNumber: number)
        }
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure("open", errno) }
        defer { _ = Glibc.close(descriptor) }
        var written = 0
        while written < beginning.count {
            let count = beginning[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("write", count < 0 ? errno : ENOSPC) }
            written += count
        }
        let number = posix_fallocate(descriptor, 0, off_t(max(bytes, beginning.count)))
        if number != 0 { throw failure("posix_fallocate", number) }
    }
}
