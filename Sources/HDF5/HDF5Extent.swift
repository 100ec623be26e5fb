internal import CHDF5

/// A run of rows that lie one behind the other in the file.
public struct HDF5Extent: Sendable, Equatable {
    /// From the beginning of the file.
    public var offset: Int
    public var rows: Int
}

extension HDF5Dataset {
    /// Whether the values lie in the file as they lie in memory: neither packed nor in another byte order, each row in
    /// one piece. Then they may be read around HDF5, whose one lock lets no two threads read at a time.
    public func liesPlain(in file: borrowing HDF5File) throws(HDF5Error) -> Bool {
        guard info.filters.isEmpty, info.shape.count > 1, let columns = info.shape.last else { return false }
        if let chunk = info.chunk {
            if info.shape.count > 2, chunk.last != columns { return false }
        } else if H5Dget_offset(handle.id) == haddr_t.max {
            return false  // it stands in the object's header, or nowhere
        }
        switch info.type {
        case .half: break
        case .float(let bytes) where bytes == 4 || bytes == 8:
            let type = try Handle(.type, "H5Dget_type", object: object, path: path) { H5Dget_type(handle.id) }
            guard H5Tequal(type.id, chdf5_file_float(Int32(bytes))) > 0 else { return false }
        default: return false
        }
        // Addresses in HDF5 count from the end of a user block.
        let creation = try Handle(.plist, "H5Fget_create_plist", path: path) { H5Fget_create_plist(file.handle.id) }
        var userBlock: hsize_t = 0
        _ = try check("H5Pget_userblock", path: path) { H5Pget_userblock(creation.id, &userBlock) }
        return userBlock == 0
    }

    /// Where the rows of [first axis, rows, …] from (`lead`, `row`) on lie, for a dataset that lies plain. As many of
    /// them as are in one piece.
    public func extent(lead: Int, row: Int) throws(HDF5Error) -> HDF5Extent {
        precondition(shape.count > 1 && lead < shape[0] && row < shape[1], "[\(lead), \(row)] of \(shape)")
        let rowBytes = shape.dropFirst(2).reduce(info.elementBytes, *)
        guard let chunk = info.chunk else {
            let base = H5Dget_offset(handle.id)
            guard base != haddr_t.max else { throw failure("it has no place in the file") }
            let offset = Int(clamping: base) + (lead * shape[1] + row) * rowBytes
            return HDF5Extent(offset: offset, rows: shape[1] - row)
        }
        let corner = [hsize_t(lead / chunk[0] * chunk[0]), hsize_t(row / chunk[1] * chunk[1])]
        var (address, size, mask): (haddr_t, hsize_t, UInt32) = (0, 0, 0)
        _ = try check("H5Dget_chunk_info_by_coord", object: object, path: path) {
            H5Dget_chunk_info_by_coord(
                handle.id, corner + shape.dropFirst(2).map { _ in 0 }, &mask, &address, &size)
        }
        guard address != haddr_t.max, Int(clamping: size) == chunk.reduce(info.elementBytes, *) else {
            throw failure("the chunk at \(corner) is missing or has \(size) bytes")
        }
        let within = (lead % chunk[0]) * chunk[1] + row % chunk[1]
        return HDF5Extent(
            offset: Int(clamping: address) + within * rowBytes, rows: min(chunk[1] - row % chunk[1], shape[1] - row))
    }
}
