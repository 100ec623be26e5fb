/// Rows of per-sample logs on their way to a scratch file: collected in a batch of fixed size, put into the order of
/// their layers, written at the file's end.
///
/// A layer is one checkpoint of one run. Memory is that of a batch and its ordered copy, and of 16 bytes per layer and
/// batch; each row is written once, whatever the order of the rows.
struct SampleLogSpill: Sendable {
    /// Rows of a layer that lie together: their positions, then each object's values, all words of 4 bytes.
    struct Extent: Sendable {
        /// The place in the layer of its first row.
        var first: Int
        var count: Int
        /// Bytes from the beginning of the file.
        var offset: Int

        var rows: Range<Int> { first..<first + count }
    }

    /// Values per row of each object, one after another.
    private var widths: [[Int]] = []
    private var extents: [[Extent]] = []
    // The batch, in the order in which rows came.
    private var layers: [Int32] = []
    private var positions: [UInt32] = []
    private var words: [UInt32] = []

    private let path: String
    private let folder: String?
    private let batchWords: Int
    private var file: ByteFile?
    private var end = 0

    /// - Parameters:
    ///   - path: the log, for messages.
    ///   - folder: where the scratch file lies; nil: the directory of temporary files.
    ///   - batchWords: 4-byte words of a batch: 2 per row and 1 per value.
    init(path: String, folder: String?, batchWords: Int = 1 << 21) {
        self.path = path
        self.folder = folder
        self.batchWords = batchWords
    }

    /// A layer for one more checkpoint, of objects with so many values per sample. Returns its number.
    mutating func addLayer(widths: [Int]) -> Int {
        self.widths.append(widths)
        extents.append([])
        return extents.count - 1
    }

    /// Adds a row: the values of all objects side by side. Throws when the scratch file cannot be written.
    mutating func append(layer: Int, position: Int, _ row: [UInt32]) throws(ImportError) {
        layers.append(Int32(truncatingIfNeeded: layer))
        positions.append(UInt32(truncatingIfNeeded: position))
        words.append(contentsOf: row)
        if 2 * layers.count + words.count >= batchWords { try flush() }
    }

    /// All rows, to be read. A log that fits into one batch never touches the disk.
    ///
    /// - Parameters:
    ///   - means: whether the mean of a sample's rows counts, not the first.
    ///   - mostHeld: bytes of an object's values at a layer that are held in memory to be read.
    mutating func cells(means: Bool, mostHeld: Int = 32 << 20) throws(ImportError) -> SampleLogCells {
        let source: ByteSource
        if let file {
            try flush()
            source = .file(file, offset: 0, count: end)
        } else {
            source = .memory(ordered())
        }
        return SampleLogCells(source: source, widths: widths, extents: extents, means: means, mostHeld: mostHeld)
    }

    private mutating func flush() throws(ImportError) {
        if layers.isEmpty { return }
        let target: ByteFile
        if let file { target = file } else { target = try ByteFile(temporaryFor: path, in: folder) }
        file = target
        let start = end
        let bytes = ordered()
        var problem: ImportError?
        bytes.withUnsafeBytes { bytes in
            do throws(ImportError) { try target.write(bytes, at: start) } catch { problem = error }
        }
        if let problem { throw problem }
    }

    /// The batch in the order of layers, rows of a layer in the order in which they came; the batch is empty then.
    private mutating func ordered() -> [UInt8] {
        var counts = [Int](repeating: 0, count: extents.count)
        for layer in layers { counts[Int(layer)] += 1 }
        // Where the next row of each layer goes, in words from the batch's beginning.
        var starts = counts
        var next = 0
        for layer in counts.indices where counts[layer] > 0 {
            starts[layer] = next
            let first = extents[layer].last?.rows.upperBound ?? 0
            extents[layer].append(Extent(first: first, count: counts[layer], offset: end + 4 * next))
            next += counts[layer] * (1 + widths[layer].reduce(0, +))
        }
        var filled = [Int](repeating: 0, count: counts.count)
        let bytes = [UInt8](unsafeUninitializedCapacity: 4 * next) { buffer, initialized in
            buffer.withMemoryRebound(to: UInt32.self) { target in
                var source = 0
                for (row, layer) in layers.enumerated() {
                    let layer = Int(layer)
                    let (count, index) = (counts[layer], filled[layer])
                    filled[layer] += 1
                    var column = starts[layer]
                    target[column + index] = positions[row]
                    column += count
                    for width in widths[layer] {
                        for i in 0..<width { target[column + index * width + i] = words[source + i] }
                        source += width
                        column += count * width
                    }
                }
            }
            initialized = 4 * next
        }
        end += 4 * next
        layers.removeAll(keepingCapacity: true)
        positions.removeAll(keepingCapacity: true)
        words.removeAll(keepingCapacity: true)
        return bytes
    }
}
