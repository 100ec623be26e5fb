/// Makes values of a pickle's document; arrays stay where they lie.
struct PickleTree {
    let document: PickleDocument
    let path: String
    /// The bytes of a storage by its number.
    let storages: [StridedStorage?]
    private var visits = 0
    /// A document of a few bytes can name one list a million times in another.
    private let mostVisits: Int

    private static let deepest = 32

    static func value(
        of document: PickleDocument, path: String, storages: [StridedStorage?] = []
    ) throws(ImportError) -> ForeignValue {
        var tree = PickleTree(document: document, path: path, storages: storages)
        return try tree.value(document.root, name: "", depth: 0)
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
                guard let key = self.key(key) else { continue }
                guard key.text.utf8.count <= 1024 else {
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

    private func key(_ value: PickleValue) -> ForeignKey? {
        switch value {
        case .text(let text): .text(text)
        case .integer(let n): .number(Double(n))
        case .number(let x) where x.isFinite: .number(x)
        default: nil
        }
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
