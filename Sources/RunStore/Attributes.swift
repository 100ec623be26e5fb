import Crypto
import HDF5
import Records

/// The root attributes of a run: their names, and how they become a `RunDescription`.
enum RunAttributes {
    static let format = "assay-run"
    static let version: Int64 = 1
    static let digestName = "attributes_sha256"
    static let contentsName = "datasets_sha256"

    /// In the order in which a person reads them.
    static let names = [
        "format", "version", "id", "dataset", "dataset_digest", "class_order_digest", "images_digest",
        "image_shape", "model",
        "regime",
        "subset", "ipc", "budget", "seed", "classes", "temperature", "planned_epochs", "schedule", "pass", "digest",
        "writer", "created", "study",
    ]

    private static let texts: [(String, WritableKeyPath<RunDescription, String?> & Sendable)] = [
        ("dataset", \.dataset), ("dataset_digest", \.datasetDigest), ("class_order_digest", \.classOrderDigest),
        ("images_digest", \.imagesDigest), ("image_shape", \.imageShape), ("model", \.model), ("regime", \.regime),
        ("subset", \.subset), ("schedule", \.schedule), ("pass", \.pass), ("study", \.study), ("digest", \.digest),
        ("writer", \.writer), ("created", \.created),
    ]
    private static let integers: [(String, WritableKeyPath<RunDescription, Int?> & Sendable)] = [
        ("ipc", \.ipc), ("seed", \.seed), ("classes", \.classes),
    ]
    private static let numbers: [(String, WritableKeyPath<RunDescription, Double?> & Sendable)] = [
        ("budget", \.budget), ("temperature", \.temperature), ("planned_epochs", \.plannedEpochs),
    ]

    /// All attributes of a description, by name.
    static func attributes(of run: RunDescription) -> [String: HDF5Attribute] {
        var all: [String: HDF5Attribute] = [
            "format": .string(format), "version": .integer(version), "id": .string(run.id),
        ]
        for (name, path) in texts { all[name] = run[keyPath: path].map { .string($0) } }
        for (name, path) in integers { all[name] = run[keyPath: path].map { .integer(Int64($0)) } }
        for (name, path) in numbers { all[name] = run[keyPath: path].map { .number($0) } }
        return all
    }

    /// Reads the description; whatever else the root carries comes back as text.
    static func read(_ file: borrowing HDF5File) throws(RunStoreError) -> (RunDescription, [String: String]) {
        let path = file.path
        var all: [String: HDF5Attribute] = [:]
        do {
            for name in try file.attributeNames() { all[name] = try file.attribute(name)?.scalar }
        } catch { throw RunStoreError(error) }

        guard case .string(let found)? = all["format"], found == format else {
            throw RunStoreError(path, .notARun(format: all["format"]?.text))
        }
        switch all["version"] {
        case .integer(version)?: break
        case .integer(let other)?: throw RunStoreError(path, .version(other))
        case .none: throw RunStoreError(path, .missingAttribute("version"))
        case .some(let value):
            throw RunStoreError(path, .attribute("version", found: value.text, expected: "the integer 1"))
        }
        guard let id = all["id"] else { throw RunStoreError(path, .missingAttribute("id")) }
        var run = RunDescription(id: id.text)
        for (name, path) in texts { run[keyPath: path] = all.removeValue(forKey: name)?.text }
        for (name, keyPath) in integers {
            guard let value = all.removeValue(forKey: name) else { continue }
            switch value {
            case .integer(let integer): run[keyPath: keyPath] = Int(integer)
            case .number(let number) where Int(exactly: number) != nil: run[keyPath: keyPath] = Int(exactly: number)
            default: throw RunStoreError(path, .attribute(name, found: value.text, expected: "an integer"))
            }
        }
        if let classes = run.classes, classes < 1 {
            throw RunStoreError(path, .attribute("classes", found: String(classes), expected: "1 or more"))
        }
        for (name, keyPath) in numbers {
            guard let value = all.removeValue(forKey: name) else { continue }
            switch value {
            case .integer(let integer): run[keyPath: keyPath] = Double(integer)
            case .number(let number): run[keyPath: keyPath] = number
            default: throw RunStoreError(path, .attribute(name, found: value.text, expected: "a number"))
            }
        }
        for name in ["format", "version", "id", contentsName, digestName] { all[name] = nil }
        return (run, all.mapValues(\.text))
    }

    /// Writes all attributes and their digest.
    static func write(_ run: RunDescription, to file: borrowing HDF5File) throws(HDF5Error) {
        let all = attributes(of: run)
        for name in all.keys.sorted() {
            if let value = all[name] { try file.setAttribute(name, to: value) }
        }
        try file.setAttribute(digestName, to: .string(digest(of: all)))
    }

    /// Writes which datasets there are, so that one that is taken out is missed, and the digest of all attributes again:
    /// the last that is written of a sealed run.
    static func seal(_ file: borrowing HDF5File) throws(HDF5Error) {
        try file.setAttribute(contentsName, to: .string(contents(file.datasets())))
        try file.setAttribute(digestName, to: .string(digest(of: all(of: file))))
    }

    /// SHA-256 over the paths of datasets in the order of their UTF-8 bytes, a zero byte after each.
    static func contents(_ paths: [String]) -> String {
        SHA256.hex(paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }

    static func all(of file: borrowing HDF5File) throws(HDF5Error) -> [String: HDF5Attribute] {
        var all: [String: HDF5Attribute] = [:]
        for name in try file.attributeNames() { all[name] = try file.attribute(name) }
        return all
    }

    /// SHA-256, in lower-case hex, over one line per root attribute, `attributes_sha256` itself left out.
    ///
    /// The canonical form: attributes in the order of their names' UTF-8 bytes, each `name=kind:value` and a line feed.
    /// Kind and value are `s<bytes>:` and the text in UTF-8 (`<bytes>` is its length, so that no text can imitate a
    /// line), `i:` and a decimal integer, or `f:` and the 16 lower-case hex digits of the IEEE binary64, most
    /// significant first. Arrays of one element are their element; anything else is `?:` and the name of its type. In
    /// Python:
    /// ```
    /// def line(name, v):
    ///     if isinstance(v, str): return f"{name}=s{len(v.encode())}:{v}\n"
    ///     if isinstance(v, (int, np.integer)): return f"{name}=i:{v}\n"
    ///     return f"{name}=f:{struct.pack('>d', v).hex()}\n"
    /// text = "".join(line(k, file.attrs[k]) for k in sorted(file.attrs) if k != "attributes_sha256")
    /// hashlib.sha256(text.encode()).hexdigest()
    /// ```
    static func digest(of attributes: [String: HDF5Attribute]) -> String {
        var hash = SHA256()
        let names = attributes.keys.filter { $0 != digestName }
        for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            let value =
                switch attributes[name]?.scalar {
                case .string(let text)?: "s\(text.utf8.count):\(text)"
                case .integer(let integer)?: "i:\(integer)"
                case .number(let number)?: "f:" + hex(number.bitPattern)
                case let other?: "?:" + other.text
                case nil: "?:"
                }
            hash.update(data: Array("\(name)=\(value)\n".utf8))
        }
        return hash.hex()
    }

    private static func hex(_ bits: UInt64) -> String {
        let digits = String(bits, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension HDF5Attribute {
    /// An array of one element as its element (h5py users write `np.array([1])` where they mean 1).
    var scalar: HDF5Attribute {
        switch self {
        case .strings(let values) where values.count == 1: .string(values[0])
        case .integers(let values) where values.count == 1: .integer(values[0])
        case .numbers(let values) where values.count == 1: .number(values[0])
        default: self
        }
    }

    /// As a person would write it.
    var text: String {
        switch self {
        case .string(let text): text
        case .integer(let integer): String(integer)
        case .number(let number): String(describing: number)
        case .strings(let texts): texts.joined(separator: ", ")
        case .integers(let integers): integers.map(String.init).joined(separator: ", ")
        case .numbers(let numbers): numbers.map { String(describing: $0) }.joined(separator: ", ")
        case .other(let type): type
        }
    }
}
