internal import CHDF5

/// What HDF5 says went wrong: the call, the object, the file, and the innermost sentence of HDF5's own error stack.
public struct HDF5Error: Error, Sendable, Equatable, CustomStringConvertible {
    /// The function that failed, `H5Dcreate2`; or the check that was made here.
    public var call: String
    /// Path of the object in the file.
    public var object: String?
    /// Path of the file.
    public var path: String
    public var reason: String
    /// The operating system's error number, where one stands in the stack.
    public var errorNumber: Int32?

    public init(call: String, object: String? = nil, path: String, reason: String, errorNumber: Int32? = nil) {
        self.call = call
        self.object = object
        self.path = path
        self.reason = reason
        self.errorNumber = errorNumber
    }

    public var description: String {
        let what = object.map { "\(call) failed for '\($0)' in \(path)" } ?? "\(call) failed for \(path)"
        return "\(what): \(reason)"
    }
}

/// Collects the stack's sentences, innermost first.
private final class Sentences {
    var list: [String] = []
}

/// The error of a call that has just failed on this thread; empties the stack.
func hdf5Error(_ call: String, object: String?, path: String) -> HDF5Error {
    let sentences = Sentences()
    H5Ewalk2(
        chdf5_default_estack(), H5E_WALK_UPWARD,
        { _, entry, data in
            guard let entry, let data, let text = entry.pointee.desc else { return 0 }
            Unmanaged<Sentences>.fromOpaque(data).takeUnretainedValue().list.append(String(cString: text))
            return 0
        }, Unmanaged.passUnretained(sentences).toOpaque())
    H5Eclear2(chdf5_default_estack())
    let innermost = sentences.list.first ?? "no reason given"
    // The system's sentences carry the time and a dump of the arguments: keep the number and its text.
    let number = sentences.list.lazy.compactMap { field("errno = ", of: $0).flatMap { Int32($0) } }.first
    let text = sentences.list.lazy.compactMap { field("error message = '", of: $0) }.first
    return HDF5Error(call: call, object: object, path: path, reason: text ?? innermost, errorNumber: number)
}

/// The text between `key` and the next comma or quotation mark.
private func field(_ key: String, of sentence: String) -> String? {
    let bytes = Array(sentence.utf8)
    let key = Array(key.utf8)
    guard bytes.count > key.count else { return nil }
    guard let at = (0...(bytes.count - key.count)).first(where: { bytes[$0..<($0 + key.count)].elementsEqual(key) })
    else { return nil }
    let value = bytes[(at + key.count)...].prefix { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "'") }
    return String(decoding: value, as: UTF8.self)
}

/// Runs a call that returns an id, a status or a size, negative on failure.
func check<Result: SignedInteger>(
    _ call: String, object: String? = nil, path: String, _ body: () -> Result
) throws(HDF5Error) -> Result {
    chdf5_quiet()
    let result = body()
    if result < 0 { throw hdf5Error(call, object: object, path: path) }
    return result
}

/// One HDF5 id: owned, and closed once.
struct Handle: ~Copyable {
    enum Kind { case file, object, dataset, attribute, type, space, plist }

    let id: hid_t
    private let kind: Kind

    init(
        _ kind: Kind, _ call: String, object: String? = nil, path: String, _ open: () -> hid_t
    ) throws(HDF5Error) {
        id = try check(call, object: object, path: path, open)
        self.kind = kind
    }

    /// Closes and says so when that fails: what a file still had to write may not have reached the disk.
    consuming func close(path: String) throws(HDF5Error) {
        let (id, kind) = (id, kind)
        discard self
        _ = try check("closing", path: path) { Handle.close(id, kind) }
    }

    deinit {
        chdf5_quiet()
        _ = Handle.close(id, kind)
    }

    private static func close(_ id: hid_t, _ kind: Kind) -> herr_t {
        switch kind {
        case .file: H5Fclose(id)
        case .object: H5Oclose(id)
        case .dataset: H5Dclose(id)
        case .attribute: H5Aclose(id)
        case .type: H5Tclose(id)
        case .space: H5Sclose(id)
        case .plist: H5Pclose(id)
        }
    }
}
