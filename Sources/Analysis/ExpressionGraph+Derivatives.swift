extension ExpressionGraph {
    /// The derivatives of one node by the parameters on which it depends, in their order.
    private typealias Dual = [(parameter: Int, node: Int)]

    /// ∂root/∂p for each parameter; nil where it is zero whatever the values.
    mutating func differentiate(parameterCount: Int) -> [Int?] {
        var duals = [Dual](repeating: [], count: root + 1)
        for node in 0...root where nodes[node].parameters != 0 {
            switch nodes[node].content {
            case .parameter(let j): duals[node] = [(j, literal(1))]
            case .operation(let code, let a, let b, _):
                let isUnary = code.operandCount == 1
                duals[node] = dual(of: node, code, (a, duals[a]), (b, isUnary ? [] : duals[b]))
            case .literal, .column: break
            }
        }
        var result = [Int?](repeating: nil, count: parameterCount)
        for (parameter, node) in duals[root] where value(of: node) != 0 { result[parameter] = node }
        return result
    }

    private mutating func dual(
        of f: Int, _ code: ExpressionCode, _ a: (node: Int, dual: Dual), _ b: (node: Int, dual: Dual)
    ) -> Dual {
        switch code {
        case .minimum, .maximum:
            // Of two equals the first, as in the value itself.
            let takesFirst =
                code == .minimum ? apply(.atMost, a.node, b.node) : apply(.atMost, b.node, a.node)
            let zero = literal(0)
            return merge(a.dual, b.dual) { graph, da, db in graph.apply(.select, takesFirst, da ?? zero, db ?? zero) }
        case .subtract:
            return merge(a.dual, b.dual) { graph, da, db in
                guard let db else { return da ?? graph.literal(0) }
                return da.map { graph.apply(.subtract, $0, db) } ?? graph.apply(.negate, db)
            }
        case .log:
            return a.dual.map { ($0.parameter, apply(.divide, $0.node, a.node)) }
        default:
            let (left, right) = slopes(of: f, code, a.node, b.node, a.dual.isEmpty, b.dual.isEmpty)
            // Only a product's own factors are slopes whose zero does not win over an infinite derivative.
            let product = code == .multiply ? ExpressionCode.multiply : .chain
            return merge(a.dual, b.dual) { graph, da, db in
                let first = da.map { graph.apply(product, left, $0) }
                let second = db.map { graph.apply(product, right, $0) }
                if let first, let second { return graph.apply(.add, first, second) }
                return first ?? second ?? graph.literal(0)
            }
        }
    }

    /// ∂f/∂a and ∂f/∂b of an operation; anything for an operand that is constant.
    private mutating func slopes(
        of f: Int, _ code: ExpressionCode, _ a: Int, _ b: Int, _ isConstantA: Bool, _ isConstantB: Bool
    ) -> (Int, Int) {
        let one = literal(1)
        switch code {
        case .multiply: return (b, a)
        case .divide:
            let inverse = apply(.divide, one, b)
            return (inverse, isConstantB ? one : apply(.negate, apply(.multiply, f, inverse)))
        case .power:
            return (
                isConstantA ? one : apply(.powerSlope, a, b, f),
                isConstantB ? one : apply(.chain, apply(.log, a), f)
            )
        case .negate: return (literal(-1), one)
        case .exp: return (f, one)
        case .sqrt: return (apply(.divide, literal(0.5), f), one)
        case .sin: return (apply(.cos, a), one)
        case .cos: return (apply(.negate, apply(.sin, a)), one)
        case .atan: return (apply(.divide, one, apply(.add, one, apply(.multiply, a, a))), one)
        case .abs: return (apply(.sign, a), one)
        default: return (one, one)
        }
    }

    /// Derivatives by all parameters of two operands, from those of each, nil where one has none.
    private mutating func merge(
        _ a: Dual, _ b: Dual, _ combine: (inout ExpressionGraph, Int?, Int?) -> Int
    ) -> Dual {
        var result: Dual = []
        result.reserveCapacity(a.count + b.count)
        var (i, j) = (0, 0)
        while i < a.count || j < b.count {
            let left = i < a.count ? a[i].parameter : .max
            let right = j < b.count ? b[j].parameter : .max
            let (da, db) = (left <= right ? a[i].node : nil, right <= left ? b[j].node : nil)
            result.append((min(left, right), combine(&self, da, db)))
            if left <= right { i += 1 }
            if right <= left { j += 1 }
        }
        return result
    }
}
