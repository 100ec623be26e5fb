/// The operations of an expression and of its derivatives, each distinct one once, operands before what uses them.
///
/// Derivatives are those of dual numbers (forward mode): each operation's rule combines the derivatives of its operands,
/// and a derivative that is zero whatever the values is not there at all.
struct ExpressionGraph: Sendable {
    /// What a name stands for.
    enum Role: Sendable, Equatable {
        case parameter(Int)
        case column(Int)
    }

    enum Content: Hashable {
        /// The bits of a number.
        case literal(UInt64)
        case parameter(Int)
        case column(Int)
        case operation(ExpressionCode, Int, Int, Int)
    }

    struct Node: Sendable {
        let content: Content
        /// The parameters on which it depends, a bit for each.
        let parameters: UInt64
        let dependsOnColumns: Bool
    }

    static let mostParameters = 64

    private(set) var nodes: [Node] = []
    private var places: [Content: Int] = [:]

    /// The expression's value, as a node.
    private(set) var root = 0

    init(_ expression: Expression, roles: [Role]) {
        var stack: [Int] = []
        for step in expression.steps {
            switch step {
            case .number(let value): stack.append(literal(value))
            case .name(let index): stack.append(source(roles[index]))
            case .apply(let code):
                let right = stack.removeLast()
                let isUnary = code.operandCount == 1
                stack.append(isUnary ? apply(code, right) : apply(code, stack.removeLast(), right))
            }
        }
        root = stack[0]
    }

    private mutating func add(_ content: Content, parameters: UInt64, dependsOnColumns: Bool) -> Int {
        if let place = places[content] { return place }
        nodes.append(Node(content: content, parameters: parameters, dependsOnColumns: dependsOnColumns))
        places[content] = nodes.count - 1
        return nodes.count - 1
    }

    mutating func literal(_ value: Double) -> Int {
        add(.literal(value.bitPattern), parameters: 0, dependsOnColumns: false)
    }

    private mutating func source(_ role: Role) -> Int {
        switch role {
        case .parameter(let j): add(.parameter(j), parameters: 1 << UInt64(j), dependsOnColumns: false)
        case .column(let j): add(.column(j), parameters: 0, dependsOnColumns: true)
        }
    }

    func value(of node: Int) -> Double? {
        if case .literal(let bits) = nodes[node].content { Double(bitPattern: bits) } else { nil }
    }

    private func operands(of node: Int, of code: ExpressionCode) -> (Int, Int)? {
        if case .operation(code, let a, let b, _) = nodes[node].content { (a, b) } else { nil }
    }

    /// The nodes on which `outputs` depend, in their order, without those that are given and what only they need.
    func nodes(behind outputs: [Int?], given: [Int] = []) -> [Int] {
        var isGiven = [Bool](repeating: false, count: nodes.count)
        for node in given { isGiven[node] = true }
        var isNeeded = [Bool](repeating: false, count: nodes.count)
        for case let node? in outputs where !isGiven[node] { isNeeded[node] = true }
        for node in nodes.indices.reversed() where isNeeded[node] {
            guard case .operation(_, let a, let b, let c) = nodes[node].content else { continue }
            for operand in [a, b, c] where !isGiven[operand] { isNeeded[operand] = true }
        }
        return nodes.indices.filter { isNeeded[$0] }
    }

    // MARK: - Operations

    /// The node of an operation; unused operands repeat the first.
    mutating func apply(_ code: ExpressionCode, _ a: Int, _ b: Int? = nil, _ c: Int? = nil) -> Int {
        var (a, b, c) = (a, b ?? a, c ?? a)
        if let simpler = simplified(code, a, b) { return simpler }
        if code.isCommutative && b < a { (a, b) = (b, a) }
        if code.operandCount < 3 { c = a }
        let used = [a, b, c]
        if used.allSatisfy({ value(of: $0) != nil }) { return literal(folded(code, used.compactMap(value(of:)))) }
        return add(
            .operation(code, a, b, c), parameters: used.reduce(0) { $0 | nodes[$1].parameters },
            dependsOnColumns: used.contains { nodes[$0].dependsOnColumns })
    }

    private func folded(_ code: ExpressionCode, _ values: [Double]) -> Double {
        values.withUnsafeBufferPointer { v in
            guard let first = v.baseAddress else { return .nan }
            func operand(_ index: Int) -> ExpressionOperand {
                ExpressionOperand(pointer: first + index, isUniform: false)
            }
            var result = 0.0
            compute(code, &result, operand(0), operand(1), operand(2), count: 1)
            return result
        }
    }

    /// What an operation comes to without computing anything, or by something cheaper that is as exact.
    private mutating func simplified(_ code: ExpressionCode, _ a: Int, _ b: Int) -> Int? {
        let (x, y) = (value(of: a), value(of: b))
        switch code {
        case .add where x == 0: return b
        case .add where y == 0, .subtract where y == 0: return a
        case .subtract where x == 0: return apply(.negate, b)
        case .multiply where x == 1, .chain where x == 1: return b
        case .multiply where y == 1, .chain where y == 1, .divide where y == 1: return a
        case .multiply where x == -1, .chain where x == -1: return apply(.negate, b)
        case .multiply where y == -1, .chain where y == -1: return apply(.negate, a)
        case .chain where x == 0 || y == 0: return literal(0)
        case .negate: return operands(of: a, of: .negate)?.0
        case .power: return simplifiedPower(a, exponent: y)
        case .divide: return simplifiedQuotient(a, b)
        default: return nil
        }
    }

    private mutating func simplifiedPower(_ base: Int, exponent: Double?) -> Int? {
        switch exponent {
        case 0: literal(1)
        case 1: base
        case 2: apply(.multiply, base, base)
        case 0.5: apply(.sqrt, base)
        case -1: apply(.divide, literal(1), base)
        default: nil
        }
    }

    /// a/x^p is a·x^(−p), and a/exp(u) is a·exp(−u): what becomes small does so without passing through infinity, where
    /// its derivative would be lost.
    private mutating func simplifiedQuotient(_ a: Int, _ b: Int) -> Int? {
        if let (base, exponent) = operands(of: b, of: .power), value(of: exponent) == nil {
            let inverse = apply(.power, base, apply(.negate, exponent))
            return apply(.multiply, a, inverse)
        }
        if let (exponent, _) = operands(of: b, of: .exp) {
            let inverse = apply(.exp, apply(.negate, exponent))
            return apply(.multiply, a, inverse)
        }
        return nil
    }
}
