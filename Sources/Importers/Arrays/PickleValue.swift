/// A value on the stack of a pickle. What can hold other values stands in the document and is named by its number:
/// nothing nests in memory, however deep the pickle does.
enum PickleValue: Sendable {
    case none
    case bool(Bool)
    case integer(Int)
    /// Little-endian two's complement, more than 8 bytes.
    case long([UInt8])
    case number(Double)
    case text(String)
    case bytes(ByteSource)
    case global(PickleGlobal)
    case node(Int)
}

/// A value that others may share or change.
enum PickleNode: Sendable {
    case list([PickleValue])
    case tuple([PickleValue])
    case dict([(key: PickleValue, value: PickleValue)])
    case dtype(NumPyType)
    /// An array that waits for its state.
    case blankArray
    case array(PickledArray)
    case storage(Int)
    /// Its contents have been taken out to be changed.
    case lent
}

/// An array as the pickle tells it.
struct PickledArray: Sendable {
    enum Elements: Sendable {
        /// NumPy's, with the bytes.
        case numPy(NumPyType, ByteSource, isColumnMajor: Bool)
        /// PyTorch's: a storage by its number, and where the tensor lies in it, in elements.
        case torch(storage: Int, offset: Int, strides: [Int], type: ElementType?)
    }

    var shape: [Int]
    var elements: Elements
}

/// A storage that a PyTorch pickle names; its bytes lie elsewhere in the file.
struct TorchStorage: Sendable {
    var key: String
    /// Nil: of bytes (tensors bring their own types).
    var type: ElementType?
    /// Elements, as declared.
    var count: Int
    /// The bytes of a storage that stands in the pickle itself.
    var inline: StridedStorage?
}

/// What a pickle says, before any array is read.
struct PickleDocument: Sendable {
    var nodes: [PickleNode] = []
    var storages: [TorchStorage] = []
    var root = PickleValue.none
    /// Values that the pickle has put on its stack.
    var values = 0
}

/// The names that a pickle may call, and what is made of them here; there are no others. Nothing of Python's runs.
enum PickleGlobal: Sendable, Equatable {
    case orderedDict, defaultDict, set
    /// A class that may stand as a default's maker or as a key of nothing: never called.
    case inert(String)
    case bytes, byteArray, encode
    case reconstruct, array, scalar, dtype, fromBuffer
    case tensor, tensorWithType, parameter, size, device
    case storage(ElementType?)
    case storageBytes
    case torchType(ElementType)

    private static let torchStorages: [String: ElementType] = [
        "HalfStorage": .half, "BFloat16Storage": .bfloat, "FloatStorage": .single, "DoubleStorage": .double,
        "CharStorage": .int8, "ShortStorage": .int16, "IntStorage": .int32, "LongStorage": .int64,
        "ByteStorage": .uint8, "BoolStorage": .bool,
    ]
    private static let torchTypes: [String: ElementType] = [
        "float16": .half, "bfloat16": .bfloat, "float32": .single, "float64": .double, "int8": .int8,
        "int16": .int16, "int32": .int32, "int64": .int64, "uint8": .uint8, "uint16": .uint16, "uint32": .uint32,
        "uint64": .uint64, "bool": .bool,
    ]
    private static let named: [String: PickleGlobal] = [
        "collections.OrderedDict": .orderedDict, "collections.defaultdict": .defaultDict, "_codecs.encode": .encode,
        "numpy.ndarray": .array, "numpy.dtype": .dtype,
        "torch._utils._rebuild_tensor_v2": .tensor, "torch._utils._rebuild_tensor_v3": .tensorWithType,
        "torch._utils._rebuild_parameter": .parameter, "torch.Size": .size, "torch.device": .device,
        "torch.storage.UntypedStorage": .storage(nil),
        "torch.storage._load_from_bytes": .storageBytes,
    ]
    /// Below `numpy.core` until NumPy 1, below `numpy._core` since.
    private static let numPyCore: [String: PickleGlobal] = [
        "multiarray._reconstruct": .reconstruct, "multiarray.scalar": .scalar, "numeric._frombuffer": .fromBuffer,
    ]
    /// Below `builtins` or, in Python 2, `__builtin__`.
    private static let builtIn: [String: PickleGlobal] = [
        "set": .set, "frozenset": .set, "bytes": .bytes, "bytearray": .byteArray, "list": .inert("list"),
        "dict": .inert("dict"), "int": .inert("int"), "float": .inert("float"),
    ]

    /// Nil for every name that is not in these tables.
    init?(module: String, name: String) {
        let full = module + "." + name
        if let found = Self.named[full] {
            self = found
        } else if let found = Self.table(module)?[name] {
            self = found
        } else if module == "torch", let type = Self.torchStorages[name] {
            self = .storage(type)
        } else if module == "torch", let type = Self.torchTypes[name] {
            self = .torchType(type)
        } else {
            guard let core = ["numpy.core.", "numpy._core."].first(where: { full.hasPrefix($0) }),
                let found = Self.numPyCore[String(full.dropFirst(core.count))]
            else { return nil }
            self = found
        }
    }

    private static func table(_ module: String) -> [String: PickleGlobal]? {
        module == "builtins" || module == "__builtin__" ? builtIn : nil
    }
}
