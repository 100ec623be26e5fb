internal import COneDNN

/// Turns a status of oneDNN into an error that names the call.
func check(_ status: dnnl_status_t, _ call: StaticString) throws(TrainingError) {
    guard status == dnnl_success else { throw .engine(call: "\(call)", status: Int(status.rawValue)) }
}

/// Owns the processor as oneDNN sees it.
final class ComputeEngine {
    let handle: dnnl_engine_t

    init() throws(TrainingError) {
        var engine: dnnl_engine_t?
        try check(dnnl_engine_create(&engine, dnnl_cpu, 0), "dnnl_engine_create")
        guard let engine else { throw .engine(call: "dnnl_engine_create", status: 0) }
        handle = engine
    }

    deinit { dnnl_engine_destroy(handle) }
}

/// Owns a stream: one per thread.
final class ComputeStream {
    let handle: dnnl_stream_t
    private let engine: ComputeEngine

    init(_ engine: ComputeEngine) throws(TrainingError) {
        var stream: dnnl_stream_t?
        let flags = UInt32(dnnl_stream_default_flags.rawValue)
        try check(dnnl_stream_create(&stream, engine.handle, flags), "dnnl_stream_create")
        guard let stream else { throw .engine(call: "dnnl_stream_create", status: 0) }
        handle = stream
        self.engine = engine
    }

    deinit { dnnl_stream_destroy(handle) }
}

/// Owns a primitive descriptor. Scratch memory is the caller's, so that any thread may run the primitive.
final class PrimitiveDescriptor {
    let handle: dnnl_primitive_desc_t
    let engine: ComputeEngine

    init(_ engine: ComputeEngine, _ operation: UnsafeRawPointer, hint: PrimitiveDescriptor? = nil) throws(TrainingError)
    {
        var attributes: dnnl_primitive_attr_t?
        try check(dnnl_primitive_attr_create(&attributes), "dnnl_primitive_attr_create")
        defer { dnnl_primitive_attr_destroy(attributes) }
        try check(
            dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user),
            "dnnl_primitive_attr_set_scratchpad_mode")
        var descriptor: dnnl_primitive_desc_t?
        try check(
            dnnl_primitive_desc_create(&descriptor, operation, attributes, engine.handle, hint?.handle),
            "dnnl_primitive_desc_create")
        guard let descriptor else { throw .engine(call: "dnnl_primitive_desc_create", status: 0) }
        handle = descriptor
        self.engine = engine
    }

    /// A reorder between two layouts of the same tensor.
    init(_ engine: ComputeEngine, from: dnnl_memory_desc_t, to: dnnl_memory_desc_t) throws(TrainingError) {
        var from = from
        var to = to
        var descriptor: dnnl_primitive_desc_t?
        try check(
            dnnl_reorder_primitive_desc_create(&descriptor, &from, engine.handle, &to, engine.handle, nil),
            "dnnl_reorder_primitive_desc_create")
        guard let descriptor else { throw .engine(call: "dnnl_reorder_primitive_desc_create", status: 0) }
        handle = descriptor
        self.engine = engine
    }

    deinit { dnnl_primitive_desc_destroy(handle) }

    /// Whether oneDNN has nothing better than its reference code.
    var isReference: Bool {
        var name: UnsafePointer<CChar>?
        let status = dnnl_primitive_desc_query(handle, dnnl_query_impl_info_str, 0, &name)
        guard status == dnnl_success, let name else { return true }
        return String(cString: name).hasPrefix("ref")
    }

    /// The layout that the primitive wants for one of its tensors.
    func memory(_ query: dnnl_query_t) throws(TrainingError) -> dnnl_memory_desc_t {
        guard let found = dnnl_primitive_desc_query_md(handle, query, 0) else {
            throw .engine(call: "dnnl_primitive_desc_query_md", status: 0)
        }
        return found.pointee
    }
}

/// A primitive together with the memory that it works on: `execute` allocates nothing.
final class BoundPrimitive {
    struct Operand {
        let argument: Int32
        var layout: dnnl_memory_desc_t
        let pointer: UnsafeMutablePointer<Float>

        init(_ argument: Int32, _ layout: dnnl_memory_desc_t, _ pointer: UnsafeMutablePointer<Float>) {
            self.argument = argument
            self.layout = layout
            self.pointer = pointer
        }
    }

    private var primitive: dnnl_primitive_t?
    private var arguments: [dnnl_exec_arg_t] = []
    private let scratch: FloatBuffer
    private let descriptor: PrimitiveDescriptor

    init(_ descriptor: PrimitiveDescriptor, _ operands: [Operand]) throws(TrainingError) {
        var layout: dnnl_memory_desc_t = try descriptor.memory(dnnl_query_scratchpad_md)
        let bytes = dnnl_memory_desc_get_size(&layout)
        scratch = FloatBuffer((bytes + 3) / 4)
        self.descriptor = descriptor
        try check(dnnl_primitive_create(&primitive, descriptor.handle), "dnnl_primitive_create")
        for var operand in operands + [Operand(DNNL_ARG_SCRATCHPAD, layout, scratch.pointer)] {
            var memory: dnnl_memory_t?
            try check(
                dnnl_memory_create(&memory, &operand.layout, descriptor.engine.handle, operand.pointer),
                "dnnl_memory_create")
            arguments.append(dnnl_exec_arg_t(arg: operand.argument, memory: memory))
        }
    }

    deinit {
        for argument in arguments { dnnl_memory_destroy(argument.memory) }
        dnnl_primitive_destroy(primitive)
    }

    /// Points the operand at `index` elsewhere.
    func rebind(_ index: Int, _ pointer: UnsafeMutablePointer<Float>) throws(TrainingError) {
        try check(dnnl_memory_set_data_handle(arguments[index].memory, pointer), "dnnl_memory_set_data_handle")
    }

    func execute(_ stream: ComputeStream) throws(TrainingError) {
        try check(
            dnnl_primitive_execute(primitive, stream.handle, Int32(arguments.count), arguments),
            "dnnl_primitive_execute")
    }
}
