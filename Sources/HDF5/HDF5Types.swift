internal import CHDF5

/// A number that HDF5 reads into memory and writes from it. Files are little-endian; any width converts on reading.
public protocol HDF5Scalar: BitwiseCopyable, Sendable {
    /// How the number lies in memory and in files written here.
    static var elementType: HDF5ElementType { get }
}

extension Int8: HDF5Scalar { public static var elementType: HDF5ElementType { .integer(bytes: 1, signed: true) } }
extension Int16: HDF5Scalar { public static var elementType: HDF5ElementType { .integer(bytes: 2, signed: true) } }
extension Int32: HDF5Scalar { public static var elementType: HDF5ElementType { .integer(bytes: 4, signed: true) } }
extension Int64: HDF5Scalar { public static var elementType: HDF5ElementType { .integer(bytes: 8, signed: true) } }
extension UInt8: HDF5Scalar { public static var elementType: HDF5ElementType { .integer(bytes: 1, signed: false) } }
extension UInt16: HDF5Scalar { public static var elementType: HDF5ElementType { .integer(bytes: 2, signed: false) } }
extension Float: HDF5Scalar { public static var elementType: HDF5ElementType { .float(bytes: 4) } }
extension Double: HDF5Scalar { public static var elementType: HDF5ElementType { .float(bytes: 8) } }

/// The bits of an IEEE half, unconverted: HDF5's own conversion is a hundred times slower than the processor's.
public struct HalfBits: HDF5Scalar, Equatable {
    public var bits: UInt16
    public init(bits: UInt16) { self.bits = bits }
    public static var elementType: HDF5ElementType { .half }
}

/// What the elements of a dataset are in the file.
public enum HDF5ElementType: Sendable, Equatable, CustomStringConvertible {
    case integer(bytes: Int, signed: Bool)
    /// IEEE half, little-endian.
    case half
    /// Any other floating-point type.
    case float(bytes: Int)
    /// Strings of `bytes` bytes each; of variable length when nil.
    case string(bytes: Int?)
    case other(String)

    public var description: String {
        switch self {
        case .integer(let bytes, let signed): "\(signed ? "" : "u")int\(bytes * 8)"
        case .half: "float16"
        case .float(let bytes): "float\(bytes * 8)"
        case .string: "string"
        case .other(let name): name
        }
    }

    public var isInteger: Bool { if case .integer = self { true } else { false } }
    public var isFloat: Bool {
        switch self {
        case .half, .float: true
        default: false
        }
    }
    public var isString: Bool { if case .string = self { true } else { false } }

    /// What an HDF5 datatype is. An enumeration (h5py's booleans) counts as its integer.
    init(_ type: hid_t) {
        let bytes = H5Tget_size(type)
        switch H5Tget_class(type) {
        case H5T_INTEGER: self = .integer(bytes: bytes, signed: H5Tget_sign(type) == H5T_SGN_2)
        case H5T_ENUM:
            let base = H5Tget_super(type)
            defer { if base >= 0 { H5Tclose(base) } }
            self = base < 0 ? .other("enumeration") : HDF5ElementType(base)
        case H5T_FLOAT:
            let half = chdf5_make_half()
            defer { if half >= 0 { H5Tclose(half) } }
            self = half >= 0 && H5Tequal(type, half) > 0 ? .half : .float(bytes: bytes)
        case H5T_STRING: self = .string(bytes: chdf5_is_variable_string(type) != 0 ? nil : bytes)
        case H5T_COMPOUND: self = .other("compound")
        case H5T_ARRAY: self = .other("array")
        case H5T_VLEN: self = .other("variable-length array")
        case H5T_OPAQUE: self = .other("opaque")
        case H5T_BITFIELD: self = .other("bit field")
        case H5T_REFERENCE: self = .other("reference")
        default: self = .other("unknown type")
        }
    }

    /// A copy of the HDF5 type in memory or in files (little-endian); to be closed by its handle.
    func datatype(inMemory: Bool, path: String) throws(HDF5Error) -> Handle {
        try Handle(.type, "H5Tcopy", path: path) {
            switch self {
            case .integer(let bytes, let signed):
                let isSigned: Int32 = signed ? 1 : 0
                return H5Tcopy(
                    inMemory
                        ? chdf5_native_integer(Int32(bytes), isSigned) : chdf5_file_integer(Int32(bytes), isSigned))
            case .half: return chdf5_make_half()
            case .float(let bytes):
                return H5Tcopy(inMemory ? chdf5_native_float(Int32(bytes)) : chdf5_file_float(Int32(bytes)))
            case .string: return chdf5_make_string()
            case .other(let name): preconditionFailure("\(name) is read as raw bytes only")
            }
        }
    }
}

/// The value of an attribute: any width is widened, both kinds of string are one.
public enum HDF5Attribute: Sendable, Equatable {
    case string(String)
    case integer(Int64)
    case number(Double)
    case strings([String])
    case integers([Int64])
    case numbers([Double])
    /// Something else, by the name of its type.
    case other(String)
}
