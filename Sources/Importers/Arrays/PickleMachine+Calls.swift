extension PickleMachine {
    /// Names, calls, states: all that could do harm.
    mutating func call(_ code: UInt8, _ start: Int) throws(ImportError) {
        switch code {
        case UInt8(ascii: "c"):
            let module = String(decoding: try cursor.line(longest: 1024), as: UTF8.self)
            try name(module, String(decoding: try cursor.line(longest: 1024), as: UTF8.self), start)
        case 0x93:
            guard case .text(let name) = try pop(), case .text(let module) = try pop() else {
                throw cursor.error("a name that is no text", at: start)
            }
            try self.name(module, name, start)
        case UInt8(ascii: "R"):
            let arguments = try pop()
            let callable = try pop()
            guard case .global(let global) = callable, case .tuple(let values)? = node(arguments) else {
                throw cursor.error("the pickle calls what is no name that is known here; refused", at: start)
            }
            try push(try reduce(global, values, start))
        case UInt8(ascii: "b"): try build(start)
        case UInt8(ascii: "P"):
            throw cursor.error("a persistent id in text; PyTorch writes none", at: start)
        case UInt8(ascii: "Q"): try persistent(start)
        case UInt8(ascii: "i"):
            let module = String(decoding: try cursor.line(longest: 1024), as: UTF8.self)
            throw refusal(module, String(decoding: try cursor.line(longest: 1024), as: UTF8.self), start)
        case UInt8(ascii: "o"), 0x81, 0x92:
            throw cursor.error("the pickle makes an object of a class; objects are refused, arrays are read", at: start)
        case 0x82, 0x83, 0x84:
            throw cursor.error("the pickle names a class by a number of its writer's registry; refused", at: start)
        case 0x97, 0x98:
            throw cursor.error("the pickle keeps its arrays outside of itself (out-of-band buffers)", at: start)
        default:
            throw cursor.error("byte \(code) is no instruction of a pickle; this is no pickle, or damaged", at: start)
        }
    }

    private mutating func name(_ module: String, _ name: String, _ start: Int) throws(ImportError) {
        guard let global = PickleGlobal(module: module, name: name) else { throw refusal(module, name, start) }
        try push(.global(global))
    }

    private func refusal(_ module: String, _ name: String, _ start: Int) -> ImportError {
        func shown(_ text: String) -> String { String(text.prefix(100).filter { !$0.isNewline && $0 != "\u{1b}" }) }
        return cursor.error(
            "the pickle asks for '\(shown(module)).\(shown(name))', which is not on the list of names that are read "
                + "(tensors, NumPy arrays, lists, dictionaries, numbers, strings); refused, nothing was executed. "
                + "Save plain arrays and tensors only", at: start)
    }

    private mutating func persistent(_ start: Int) throws(ImportError) {
        guard case .tuple(let parts)? = node(try pop()), parts.count >= 5, case .text("storage") = parts[0],
            case .global(.storage(let type)) = parts[1], case .integer(let count) = parts[4], count >= 0
        else { throw cursor.error("a persistent id that is no storage of PyTorch's", at: start) }
        let key: String
        switch parts[2] {
        case .text(let text): key = text
        case .integer(let number): key = String(number)
        default: throw cursor.error("a storage without a key", at: start)
        }
        if parts.count > 5 {
            guard case .none = parts[5] else {
                throw cursor.error(
                    "a storage that is a view of another, as PyTorch before 0.4 wrote; save it again", at: start)
            }
        }
        document.storages.append(TorchStorage(key: key, type: type, count: count))
        try push(try make(.storage(document.storages.count - 1)))
    }

    private mutating func build(_ start: Int) throws(ImportError) {
        let state = try pop()
        guard case .node(let index)? = stack.last else {
            throw cursor.error("the pickle sets the state of what has none; refused", at: start)
        }
        switch document.nodes[index] {
        case .dtype(let type):
            guard case .tuple(let parts)? = node(state) else {
                throw cursor.error("a type without its state", at: start)
            }
            document.nodes[index] = .dtype(try PickleCalls.dtype(type, state: parts, cursor, start))
        case .blankArray:
            guard case .tuple(let parts)? = node(state), parts.count == 5 else {
                throw cursor.error("an array without its state", at: start)
            }
            document.nodes[index] = .array(try PickleCalls.array(parts, document, cursor, start))
        case .dict:
            // What torch.nn.Module.state_dict() hangs on its dictionary: versions of layers. It is passed over.
            break
        default:
            throw cursor.error("the pickle sets the state of what has none; refused", at: start)
        }
    }

    private mutating func reduce(
        _ global: PickleGlobal, _ arguments: [PickleValue], _ start: Int
    ) throws(ImportError) -> PickleValue {
        switch global {
        case .orderedDict, .defaultDict:
            let members = try PickleCalls.dictionary(global, arguments, document, cursor, start)
            try charge(members.count)
            return try make(.dict(members))
        case .set:
            guard arguments.count <= 1 else { break }
            if arguments.isEmpty { return try make(.list([])) }
            if case .list(let values)? = node(arguments[0]) { return try make(.list(values)) }
        case .size:
            if arguments.count == 1, case .tuple(let sizes)? = node(arguments[0]) { return try make(.tuple(sizes)) }
        case .device: return .text("device")
        case .bytes, .byteArray, .encode:
            let bytes = try PickleCalls.bytes(arguments, cursor, start)
            try charge(bytes.count / 16)
            return .bytes(.memory(bytes))
        case .reconstruct:
            if arguments.count == 3, case .global(.array) = arguments[0] { return try make(.blankArray) }
        case .dtype:
            if case .text(let text)? = arguments.first { return try make(.dtype(NumPyType(text))) }
        case .scalar: return try PickleCalls.scalar(arguments, document, cursor, start)
        case .fromBuffer: return try make(.array(try PickleCalls.buffer(arguments, document, cursor, start)))
        case .tensor, .tensorWithType:
            return try make(.array(try PickleCalls.tensor(global, arguments, document, cursor, start)))
        case .parameter:
            if let first = arguments.first, case .array? = node(first) { return first }
        case .storageBytes:
            guard !isWithin, arguments.count == 1, case .bytes(let source) = arguments[0] else { break }
            var (storage, bytes) = try TorchFile.storage(within: source, path: cursor.path, origin: start)
            storage.inline = bytes
            document.storages.append(storage)
            return try make(.storage(document.storages.count - 1))
        case .inert, .array, .storage, .torchType: break
        }
        throw cursor.error("the pickle calls '\(global)' in a way that its writers do not; refused", at: start)
    }
}
