/// Operations in the order in which they are done, with a place for each result: what does not depend on the row once per
/// call, the rest for blocks of rows that fit the processor's cache.
struct ExpressionProgram: Sendable {
    struct Place: Sendable, Equatable {
        enum Kind: UInt8, Sendable { case scalar, constant, register, output }
        let kind: Kind
        let index: Int32

        init(_ kind: Kind, _ index: Int) {
            self.kind = kind
            self.index = Int32(index)
        }
    }

    struct Instruction: Sendable {
        let code: ExpressionCode
        let result: Place
        let operands: (Place, Place, Place)
    }

    /// Numbers that stand for all rows: first the literals, then the parameters, then what follows from them.
    private var literals: [Double] = []
    private var parameterCount: Int
    private var scalarCount = 0
    private var scalarCode: [Instruction] = []
    private var columnCode: [Instruction] = []
    private var registerCount = 0
    /// Outputs that no instruction fills: from where they are copied, nil = 0.
    private var copies: [(output: Int, from: Place?)] = []
    /// What the program reads of columns that are there before it runs, as nodes, in the order of their indices.
    let constants: [Int]

    /// - Parameters:
    ///   - outputs: the nodes wanted; nil is zero in every row.
    ///   - constants: nodes whose columns are there before, in this order.
    init(_ graph: ExpressionGraph, outputs: [Int?], constants: [Int], parameterCount: Int) {
        self.parameterCount = parameterCount
        self.constants = constants
        var places: [Int: Place] = [:]
        for (index, node) in constants.enumerated() { places[node] = Place(.constant, index) }
        let live = graph.nodes(behind: outputs, given: constants)
        placeScalars(graph, live, &places)
        let columns = live.filter { graph.nodes[$0].dependsOnColumns }
        // The first output that is a column's node receives it; others of the same node are copies.
        for (output, node) in outputs.enumerated() {
            guard let node, graph.nodes[node].dependsOnColumns, places[node] == nil else { continue }
            places[node] = Place(.output, output)
        }
        schedule(graph, columns, &places)
        for (output, node) in outputs.enumerated() {
            let place = node.flatMap { places[$0] }
            if place != Place(.output, output) { copies.append((output, place)) }
        }
    }

    private mutating func placeScalars(_ graph: ExpressionGraph, _ live: [Int], _ places: inout [Int: Place]) {
        for node in live {
            guard let value = graph.value(of: node) else { continue }
            places[node] = Place(.scalar, literals.count)
            literals.append(value)
        }
        scalarCount = literals.count + parameterCount
        for node in live where !graph.nodes[node].dependsOnColumns {
            switch graph.nodes[node].content {
            case .parameter(let j): places[node] = Place(.scalar, literals.count + j)
            case .operation(let code, let a, let b, let c):
                let result = Place(.scalar, scalarCount)
                places[node] = result
                scalarCount += 1
                append(code, result, (a, b, c), places, to: &scalarCode)
            case .literal, .column: break
            }
        }
    }

    private func append(
        _ code: ExpressionCode, _ result: Place, _ nodes: (Int, Int, Int), _ places: [Int: Place],
        to list: inout [Instruction]
    ) {
        guard let a = places[nodes.0], let b = places[nodes.1], let c = places[nodes.2] else { return }
        list.append(Instruction(code: code, result: result, operands: (a, b, c)))
    }

    /// Gives each column a register from its making to its last use.
    private mutating func schedule(_ graph: ExpressionGraph, _ columns: [Int], _ places: inout [Int: Place]) {
        var lastUse: [Int: Int] = [:]
        for node in columns {
            guard case .operation(_, let a, let b, let c) = graph.nodes[node].content else { continue }
            for operand in [a, b, c] { lastUse[operand] = node }
        }
        var free: [Int] = []
        for node in columns {
            guard case .operation(let code, let a, let b, let c) = graph.nodes[node].content else { continue }
            if places[node] == nil {
                if free.isEmpty {
                    free.append(registerCount)
                    registerCount += 1
                }
                places[node] = Place(.register, free.removeLast())
            }
            guard let result = places[node] else { continue }
            append(code, result, (a, b, c), places, to: &columnCode)
            for operand in a == b ? [a] : b == c || a == c ? [a, b] : [a, b, c] where lastUse[operand] == node {
                if let place = places[operand], place.kind == .register { free.append(Int(place.index)) }
            }
        }
    }
}

extension ExpressionProgram {
    /// Where one run reads and writes: columns of n rows, one behind the other.
    struct Columns {
        let n: Int
        let constants: UnsafePointer<Double>?
        let firstOutput: UnsafeMutablePointer<Double>?
        /// Those after the first.
        let otherOutputs: UnsafeMutablePointer<Double>?

        func output(_ index: Int) -> UnsafeMutablePointer<Double>? {
            index == 0 ? firstOutput : otherOutputs.map { $0 + (index - 1) * n }
        }
    }

    func run(_ parameters: UnsafeBufferPointer<Double>, _ columns: Columns) {
        let block = min(columns.n, max(32, min(512, 16384 / max(1, registerCount))))
        withUnsafeTemporaryAllocation(of: Double.self, capacity: scalarCount + registerCount * block + 1) { scratch in
            guard let scalars = scratch.baseAddress else { return }
            for (i, value) in literals.enumerated() { scalars[i] = value }
            for (j, value) in parameters.enumerated() { scalars[literals.count + j] = value }
            let registers = scalars + scalarCount
            for instruction in scalarCode {
                let (a, b, c) = instruction.operands
                compute(
                    instruction.code, scalars + Int(instruction.result.index),
                    ExpressionOperand(pointer: scalars + Int(a.index), isUniform: false),
                    ExpressionOperand(pointer: scalars + Int(b.index), isUniform: false),
                    ExpressionOperand(pointer: scalars + Int(c.index), isUniform: false), count: 1)
            }
            for start in stride(from: 0, to: columns.n, by: max(1, block)) {
                let frame = Frame(
                    columns: columns, scalars: scalars, registers: registers, block: block, start: start,
                    count: min(block, columns.n - start))
                for instruction in columnCode { frame.run(instruction) }
                for copy in copies { frame.copy(copy.from, to: copy.output) }
            }
        }
    }

    /// One block of rows.
    private struct Frame {
        let columns: Columns
        let scalars: UnsafeMutablePointer<Double>
        let registers: UnsafeMutablePointer<Double>
        let block: Int
        let start: Int
        let count: Int

        @inline(__always) func operand(_ place: Place) -> ExpressionOperand {
            switch place.kind {
            case .scalar: ExpressionOperand(pointer: scalars + Int(place.index), isUniform: true)
            case .constant:
                ExpressionOperand(
                    pointer: columns.constants.unsafelyUnwrapped + Int(place.index) * columns.n + start,
                    isUniform: false)
            case .register, .output: ExpressionOperand(pointer: UnsafePointer(result(place)), isUniform: false)
            }
        }

        @inline(__always) func result(_ place: Place) -> UnsafeMutablePointer<Double> {
            place.kind == .register
                ? registers + Int(place.index) * block : columns.output(Int(place.index)).unsafelyUnwrapped + start
        }

        func run(_ instruction: Instruction) {
            let (a, b, c) = instruction.operands
            compute(
                instruction.code, result(instruction.result), operand(a), operand(b), operand(c), count: count)
        }

        func copy(_ from: Place?, to output: Int) {
            guard let target = columns.output(output) else { return }
            guard let from else { return (target + start).update(repeating: 0, count: count) }
            let source = operand(from)
            if source.isUniform {
                (target + start).update(repeating: source.pointer[0], count: count)
            } else {
                (target + start).update(from: source.pointer, count: count)
            }
        }
    }
}
