import RunStore
import Synchronization

/// The rows of one checkpoint of a chunked HDF5 dataset, which gives single rows at the price of whole chunks: copied once,
/// in order, to a scratch file.
final class UnpackedRows: Sendable {
    /// By the number of the piece.
    private let current = Mutex<(checkpoint: Int, files: [Int: ByteFile])>((-1, [:]))

    /// Whether so many rows of a span are dearer to read by themselves, each with its chunk, than all of the piece in order.
    static func pay(for count: Int, of span: Int, in piece: ForeignArrayView) throws(ImportError) -> Bool {
        guard count < span / 4, case .hdf5(let dataset) = piece.array.storage else { return false }
        let axis = piece.lead.count
        let height = try dataset.read { (dataset) throws(RunStoreError) in dataset.chunk?[axis] ?? 1 }
        return height > 1 && count > piece.rows / (8 * height)
    }

    func floats(
        _ piece: ForeignArrayView, number: Int, checkpoint: Int, _ rows: Range<Int>
    ) throws(ImportError) -> [Float] {
        let width = piece.rowShape.reduce(1, *)
        let file = try file(piece, number, checkpoint, width)
        var result = Result<Void, ImportError>.success(())
        let values = [Float](unsafeUninitializedCapacity: rows.count * width) { buffer, count in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            result = Result { () throws(ImportError) in try file.read(into: bytes, at: rows.lowerBound * width * 4) }
            count = rows.count * width
        }
        try result.get()
        return values
    }

    private func file(
        _ piece: ForeignArrayView, _ number: Int, _ checkpoint: Int, _ width: Int
    ) throws(ImportError) -> ByteFile {
        let known = current.withLock { state in
            if state.checkpoint != checkpoint { state = (checkpoint, [:]) }
            return state.files[number]
        }
        if let known { return known }
        let file = try ByteFile(temporaryFor: piece.array.path)
        let height = max(1, (1 << 20) / max(1, width))
        for start in stride(from: 0, to: piece.rows, by: height) {
            let values = try piece.floats(start..<min(piece.rows, start + height))
            var result = Result<Void, ImportError>.success(())
            values.withUnsafeBytes { bytes in
                result = Result { () throws(ImportError) in try file.write(bytes, at: start * width * 4) }
            }
            try result.get()
        }
        current.withLock { if $0.checkpoint == checkpoint { $0.files[number] = file } }
        return file
    }
}
