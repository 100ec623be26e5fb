/// Files of `torch.save`: the zip archive that it writes since PyTorch 1.6, and the older sequence of pickles.
enum TorchFile {
    /// Where a zip archive keeps its pickle: `archive/data.pkl`. Nil: not PyTorch's.
    static func pickle(of archive: ZipArchive) -> ZipArchive.Member? {
        archive.members.first { $0.name == "data.pkl" || $0.name.hasSuffix("/data.pkl") }
    }

    /// More than a structure of arrays needs; the pickle is held in memory.
    private static let largestPickle = 1 << 30

    static func read(
        _ archive: ZipArchive, pickle: ZipArchive.Member, notes: inout [String]
    ) throws(ImportError) -> ForeignValue {
        let path = archive.file.path
        let prefix = String(pickle.name.dropLast("data.pkl".count))
        if archive.member(prefix + "constants.pkl") != nil {
            throw ImportError(path, "it is a TorchScript program, not data; save tensors with torch.save")
        }
        guard pickle.bytes <= largestPickle else {
            throw ImportError(path, at: "member '\(pickle.name)'", "it declares \(pickle.bytes) bytes of structure")
        }
        let source = try archive.source(pickle)
        let origin: Int
        if case .file(_, let offset, _) = source { origin = offset } else { origin = 0 }
        var cursor = PickleCursor(source, at: 0, path: path, origin: origin)
        let document = try PickleMachine.read(&cursor)
        var isBigEndian = false
        if let order = archive.member(prefix + "byteorder"), order.bytes <= 16 {
            let bytes = try archive.source(order)
            isBigEndian = String(decoding: try bytes.read(at: 0, count: bytes.count), as: UTF8.self) == "big"
        }
        let byName = Dictionary(archive.members.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var sources: [String: ByteSource] = [:]
        var storages: [StridedStorage?] = []
        for storage in document.storages {
            if let inline = storage.inline {
                storages.append(inline)
                continue
            }
            guard let member = byName[prefix + "data/" + storage.key] else {
                storages.append(nil)
                continue
            }
            let source: ByteSource
            if let known = sources[storage.key] {
                source = known
            } else {
                source = try archive.source(member)
                sources[storage.key] = source
            }
            try check(storage, holds: source.count, path)
            storages.append(StridedStorage(source: source, offset: 0, strides: [], isBigEndian: isBigEndian))
        }
        return try PickleTree.value(of: document, path: path, storages: storages, notes: &notes)
    }

    private static func check(_ storage: TorchStorage, holds bytes: Int, _ path: String) throws(ImportError) {
        let (needed, overflows) = storage.count.multipliedReportingOverflow(by: storage.type?.bytes ?? 1)
        guard !overflows, needed <= bytes else {
            throw ImportError(
                path, at: "storage '\(storage.key)'",
                "it declares \(storage.count) elements of \(storage.type?.bytes ?? 1) bytes, but \(bytes) bytes are "
                    + "there"
            )
        }
    }

    // MARK: Before PyTorch 1.6

    /// The first pickle of a legacy file is this number: 0x1950a86a20f9469cfc6c.
    private static let magic: [UInt8] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]

    static func isLegacy(_ start: [UInt8]) -> Bool {
        // Protocol 2, LONG1 of 10 bytes.
        start.count >= 14 && start[0] == 0x80 && start[2] == 0x8a && start[3] == 10
            && start[4..<14].elementsEqual(magic)
    }

    static func readLegacy(_ file: ByteFile, notes: inout [String]) throws(ImportError) -> ForeignValue {
        let (document, storages) = try legacy(
            .file(file, offset: 0, count: file.size), path: file.path, origin: 0, isWithin: false)
        return try PickleTree.value(of: document, path: file.path, storages: storages, notes: &notes)
    }

    /// The storage that `torch.storage._load_from_bytes` would make: PyTorch writes its tensors into plain pickles as
    /// whole files of the old format.
    static func storage(
        within source: ByteSource, path: String, origin: Int
    ) throws(ImportError) -> (storage: TorchStorage, bytes: StridedStorage) {
        let (document, storages) = try legacy(source, path: path, origin: origin, isWithin: true)
        guard case .node(let index) = document.root, case .storage(let number) = document.nodes[index],
            let bytes = storages[number]
        else { throw ImportError(path, at: "byte \(origin)", "a tensor's bytes that hold no storage") }
        return (document.storages[number], bytes)
    }

    private static func legacy(
        _ source: ByteSource, path: String, origin: Int, isWithin: Bool
    ) throws(ImportError) -> (PickleDocument, [StridedStorage?]) {
        var cursor = PickleCursor(source, at: 0, path: path, origin: origin)
        guard isLegacy(try source.read(at: 0, count: min(14, source.count))) else {
            throw cursor.error("a tensor's bytes that are not in PyTorch's old format")
        }
        _ = try PickleMachine.read(&cursor, isWithin: true)
        guard case .integer(1001) = try PickleMachine.read(&cursor, isWithin: true).root else {
            throw cursor.error("its version of PyTorch's old format is unknown; save it again with torch.save")
        }
        // PyTorch's own values, of which nothing is told.
        var own: [String] = []
        let system = try PickleTree.value(of: try PickleMachine.read(&cursor, isWithin: true), path: path, notes: &own)
        if case .dict(let members) = system,
            case .number(0)? = members.first(where: { $0.key == .text("little_endian") })?.value
        {
            throw cursor.error(
                "it was written by a big-endian machine in PyTorch's old format; save it again with torch.save")
        }
        let document = try PickleMachine.read(&cursor, isWithin: isWithin)
        let keys = try PickleTree.value(of: try PickleMachine.read(&cursor, isWithin: true), path: path, notes: &own)
        var order: [String] = []
        switch keys {
        case .texts(let texts): order = try texts.strings()
        case .list(let all) where all.isEmpty: break
        default: throw cursor.error("the list of storages is not understood")
        }
        let named = Dictionary(
            document.storages.enumerated().map { ($0.element.key, $0.offset) }, uniquingKeysWith: { first, _ in first })
        var found: [String: StridedStorage] = [:]
        var position = cursor.position
        for key in order {
            guard let index = named[key] else {
                throw cursor.error("storage '\(key)' is named by no tensor", at: position)
            }
            let storage = document.storages[index]
            guard source.count - position >= 8 else {
                throw cursor.error("the file ends before storage '\(key)': it is truncated", at: position)
            }
            let count = Int(clamping: try source.read(at: position, count: 8).little64(0))
            position += 8
            guard count == storage.count else {
                throw cursor.error("storage '\(key)' has \(count) elements and declares \(storage.count)", at: position)
            }
            try check(storage, holds: source.count - position, path)
            found[key] = StridedStorage(source: source, base: position, offset: 0, strides: [])
            position += count * (storage.type?.bytes ?? 1)
        }
        if !isWithin, position < source.count {
            throw cursor.error(
                "\(source.count - position) bytes follow the end: are there several saves in one file? Save them apart, or as one "
                    + "list", at: position)
        }
        return (document, document.storages.map { $0.inline ?? found[$0.key] })
    }
}
