import RunStore

/// What a foreign file holds, whatever its format: arrays and lists under names.
indirect enum ForeignValue: Sendable {
    case array(ForeignArray)
    case texts(ForeignTexts)
    case number(Double)
    case text(String)
    case list([ForeignValue])
    case dict([(key: ForeignKey, value: ForeignValue)])
    /// What is not read, and the error where it is needed.
    case refused(ImportError)
    /// `None`, and what has no meaning here.
    case other(String)

    /// An array that is in order; one of no axes is its number.
    static func array(
        path: String, name: String, shape: [Int], type: ElementType, storage: StridedStorage
    ) throws(ImportError) -> ForeignValue {
        guard shape.isEmpty else {
            return .array(ForeignArray(path: path, name: name, shape: shape, type: type, storage: .strided(storage)))
        }
        var storage = storage
        storage.strides = [1]
        let values = try storage.read(type, start: [0], count: [1]) {
            type.doubles($0, isBigEndian: storage.isBigEndian)
        }
        return .number(values.first ?? .nan)
    }

    /// What it is, in a few words.
    var summary: String {
        switch self {
        case .array(let array): "\(array.type.rawValue) \(array.shape)"
        case .texts(let texts): "strings [\(texts.count)]"
        case .number(let number): "number \(number)"
        case .text: "text"
        case .list(let items): "list of \(items.count)"
        case .dict(let members): "dictionary of \(members.count)"
        case .refused: "not read"
        case .other(let what): what
        }
    }
}

/// A key of a dictionary.
enum ForeignKey: Sendable, Equatable {
    case text(String)
    case number(Double)

    var text: String {
        switch self {
        case .text(let text): text
        case .number(let number): Int(exactly: number).map(String.init) ?? String(number)
        }
    }
}

/// A list of strings, [N].
struct ForeignTexts: Sendable {
    var path: String
    var name: String
    var count: Int
    var storage: Storage

    enum Storage: Sendable {
        case memory([String])
        /// So many bytes each, zeros at the end; wide ones are characters of 4 bytes.
        case fixed(ByteSource, base: Int, bytes: Int, isWide: Bool, isBigEndian: Bool)
        case hdf5(LazyDataset)
        case joined([ForeignTexts])
    }

    /// The files in which they come.
    var files: RowFiles {
        if case .joined(let pieces) = storage {
            RowFiles(pieces.map { ($0.path, $0.count) })
        } else {
            RowFiles([(path, count)])
        }
    }

    func strings() throws(ImportError) -> [String] {
        switch storage {
        case .joined(let pieces):
            var all: [String] = []
            for piece in pieces { all += try piece.strings() }
            return all
        case .memory(let texts): return texts
        case .hdf5(let dataset): return try dataset.read { (dataset) throws(RunStoreError) in try dataset.strings() }
        case .fixed(let source, let base, let size, let isWide, let isBigEndian):
            let bytes = try source.read(at: base, count: count * size)
            return (0..<count).map { index in
                let item = bytes[(index * size)..<((index + 1) * size)]
                guard isWide else {
                    let end = item.lastIndex { $0 != 0 }.map { $0 + 1 } ?? item.startIndex
                    return String(decoding: item[..<end], as: UTF8.self)
                }
                var scalars = String.UnicodeScalarView()
                for at in stride(from: item.startIndex, to: item.endIndex, by: 4) {
                    let raw = bytes.little32(at)
                    let code = isBigEndian ? raw.byteSwapped : raw
                    if code != 0 { scalars.append(Unicode.Scalar(code) ?? "\u{FFFD}") }
                }
                return String(scalars)
            }
        }
    }
}
