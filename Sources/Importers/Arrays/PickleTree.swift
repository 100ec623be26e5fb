import Tables

/// Makes values of a pickle's document; arrays stay where they lie.
struct PickleTree {
    let document: PickleDocument
    let path: String
    /// The bytes of a storage by its number.
    let storages: [StridedStorage?]
    /// Entries that were left out, as `a tuple in 'outputs'`, and how many.
    private(set) var leftOut: [String: Int] = [:]
    private var visits = 0
    /// A document of a few bytes can name one list a million times in another.
    private let mostVisits: Int

    private static let deepest = 32

    /// What the document holds; `notes` are told which entries of its dictionaries are left out.
    static func value(
        of document: PickleDocument, path: String, storages: [StridedStorage?] = [], notes: inout [String]
    ) throws(ImportError) -> ForeignValue {
        var tree = PickleTree(document: document, path: path, storages: storages)
        let value = try tree.value(document.root, name: "", depth: 0)
        if !tree.leftOut.isEmpty {
            let shown = tree.leftOut.sorted { $0.key < $1.key }.prefix(20).map { "\($0.key) (\($0.value))" }
            notes.append(
                "\(counted(tree.leftOut.values.reduce(0, +), "entry", "entries")) of dictionaries in \(path) left out, whose keys "
                    + "are neither text nor numbers: \(shown.joined(separator: ", ")).")
        }
        return value
    }

    private init(document: PickleDocument, path: String, storages: [StridedStorage?]) {
        self.document = document
        self.path = path
        self.storages = storages
        mostVisits = 16 * document.values + (1 << 16)
    }

    private mutating func value(_ value: PickleValue, name: String, depth: Int) throws(ImportError) -> ForeignValue {
        visits += 1
        guard visits <= mostVisits else {
            throw ImportError(path, at: name, "its lists hold one another more than \(mostVisits) times")
        }
        guard depth <= Self.deepest else {
            throw ImportError(path, at: String(name.prefix(100)), "nested more than \(Self.deepest) deep")
        }
        switch value {
        case .none: return .other("None")
        case .bool(let flag): return .number(flag ? 1 : 0)
        case .integer(let n): return .number(Double(n))
        case .long: return .other("an integer beyond 64 bits")
        case .number(let x): return .number(x)
        case .text(let text): return .text(text)
        case .bytes: return .other("bytes")
        case .global: return .other("a class")
        case .node(let index): return try node(document.nodes[index], name: name, depth: depth)
        }
    }

    private mutating func node(_ node: PickleNode, name: String, depth: Int) throws(ImportError) -> ForeignValue {
        switch node {
        case .list(let items), .tuple(let items): return try list(items, name: name, depth: depth)
        case .dict(let members):
            var all: [(key: ForeignKey, value: ForeignValue)] = []
            for (key, item) in members {
                guard let key = try self.key(key, in: name) else { continue }
                guard key.text.utf8.count <= Self.longestKey else {
                    throw ImportError(
                        path, at: "'\(name)'", "a key of \(key.text.utf8.count) bytes; no array is called so")
                }
                let inner = name.isEmpty ? key.text : name + "/" + key.text
                all.append((key, try value(item, name: inner, depth: depth + 1)))
            }
            return .dict(all)
        case .array(let array): return try self.array(array, name: name)
        case .dtype: return .other("a type")
        case .blankArray: return .other("an array without contents")
        case .storage, .lent: return .other("a storage")
        }
    }

    private static let longestKey = 1024

    /// Text, the bytes of text (Python 2's, and what is read of it with `encoding='bytes'`), or a number.
    private mutating func key(_ value: PickleValue, in name: String) throws(ImportError) -> ForeignKey? {
        let kind: String
        switch value {
        case .text(let text): return .text(text)
        case .integer(let n): return .number(Double(n))
        case .number(let x) where x.isFinite: return .number(x)
        case .bytes(let bytes):
            if bytes.count <= Self.longestKey,
                let text = String(validating: try bytes.read(at: 0, count: bytes.count), as: UTF8.self)
            {
                return .text(text)
            }
            kind = "bytes that are no text"
        case .bool: kind = "a truth value"
        case .none: kind = "None"
        case .number, .long: kind = "a number beyond all bounds"
        case .global: kind = "a class"
        case .node(let index):
            if case .tuple = document.nodes[index] { kind = "a tuple" } else { kind = "an object" }
        }
        // A hostile document could name each place once.
        if leftOut.count < 100 { leftOut[kind + (name.isEmpty ? "" : " in '\(name)'"), default: 0] += 1 }
        return nil
    }

    /// A list of numbers is an array, a list of texts is one of texts.
    private mutating func list(_ items: [PickleValue], name: String, depth: Int) throws(ImportError) -> ForeignValue {
        visits += items.count
        if let array = try Self.numbers(items, path: path, name: name) { return array }
        let texts = items.compactMap { item -> String? in if case .text(let text) = item { text } else { nil } }
        if !items.isEmpty, texts.count == items.count {
            return .texts(ForeignTexts(path: path, name: name, count: texts.count, storage: .memory(texts)))
        }
        var all: [ForeignValue] = []
        for (index, item) in items.enumerated() {
            all.append(try value(item, name: "\(name)[\(index)]", depth: depth + 1))
        }
        // NumPy's and PyTorch's numbers come as arrays without axes.
        let numbers = all.compactMap { item -> PickleValue? in if case .number(let x) = item { .number(x) } else { nil }
        }
        if numbers.count == all.count, let array = try Self.numbers(numbers, path: path, name: name) { return array }
        return .list(all)
    }

    private static func numbers(_ items: [PickleValue], path: String, name: String) throws(ImportError) -> ForeignValue?
    {
        if items.isEmpty { return nil }
        var integers: [Int64] = []
        var doubles: [Double] = []
        for item in items {
            switch item {
            case .integer(let n):
                integers.append(Int64(n))
                doubles.append(Double(n))
            case .bool(let flag):
                integers.append(flag ? 1 : 0)
                doubles.append(flag ? 1 : 0)
            case .number(let x): doubles.append(x)
            default: return nil
            }
        }
        let isWhole = integers.count == items.count
        let bytes = isWhole ? integers.withUnsafeBytes { Array($0) } : doubles.withUnsafeBytes { Array($0) }
        return try .array(
            path: path, name: name, shape: [items.count], type: isWhole ? .int64 : .double,
            storage: StridedStorage(source: .memory(bytes), offset: 0, strides: [1]))
    }

    private func array(_ array: PickledArray, name: String) throws(ImportError) -> ForeignValue {
        func refuse(_ reason: String) -> ImportError {
            ImportError(path, at: "array '\(name)' \(array.shape)", reason)
        }
        if array.shape.contains(where: { $0 < 0 }) { throw refuse("a negative size") }
        switch array.elements {
        case .numPy(let type, let source, let isColumnMajor):
            return try NumPyFile.value(
                type, shape: array.shape, isColumnMajor: isColumnMajor, source: source, base: 0, path: path, name: name)
        case .torch(let index, let offset, let strides, let own):
            guard storages.indices.contains(index), var storage = storages[index] else {
                throw refuse("its storage is not in the file; was it saved by torch.save?")
            }
            guard let type = own ?? document.storages[index].type else { throw refuse("its type is not known") }
            storage.offset = offset
            storage.strides = strides
            if let fault = storage.fault(shape: array.shape, elementBytes: type.bytes) {
                throw refuse(fault + "; it is truncated or damaged")
            }
            return try .array(path: path, name: name, shape: array.shape, type: type, storage: storage)
        }
    }
}
