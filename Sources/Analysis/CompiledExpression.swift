import Fitting

/// An expression made ready for fitting: its value, its derivatives, and what of them depends on x alone.
struct CompiledExpression: Sendable {
    let parameterCount: Int
    /// Columns of x alone, computed once for given points.
    private let preparation: ExpressionProgram
    private let preparedCount: Int
    private let values: ExpressionProgram
    /// f and then ∂f/∂p for each parameter.
    private let derivatives: ExpressionProgram
    /// Which parameters f is affine in, all together.
    let linear: [Bool]

    /// More columns of x alone are not kept: a formula may be long, and points many.
    private static let mostPrepared = 32

    /// - Parameter roles: of the expression's names; parameters are counted from 0 to below 64.
    init(_ expression: Expression, roles: [ExpressionGraph.Role], parameterCount: Int) {
        self.parameterCount = parameterCount
        var graph = ExpressionGraph(expression, roles: roles)
        let root = graph.root
        let gradient = graph.differentiate(parameterCount: parameterCount)
        linear = jointlyLinear(gradient.map { node in node.map { graph.nodes[$0].parameters } })
        let prepared = Self.prepared(graph, outputs: [root] + gradient)
        let columns = graph.nodes.indices.filter { if case .column = graph.nodes[$0].content { true } else { false } }
        preparation = ExpressionProgram(graph, outputs: prepared, constants: columns, parameterCount: 0)
        preparedCount = prepared.count
        values = ExpressionProgram(graph, outputs: [root], constants: prepared, parameterCount: parameterCount)
        derivatives = ExpressionProgram(
            graph, outputs: [root] + gradient, constants: prepared, parameterCount: parameterCount)
        columnsRead = columns.compactMap { if case .column(let j) = graph.nodes[$0].content { j } else { nil } }
    }

    /// In the order in which `preparation` has them.
    private let columnsRead: [Int]

    /// The nodes without parameters that nodes with parameters, or outputs, use.
    private static func prepared(_ graph: ExpressionGraph, outputs: [Int?]) -> [Int] {
        func isFixed(_ node: Int) -> Bool { graph.nodes[node].parameters == 0 && graph.nodes[node].dependsOnColumns }
        var isUsed = [Bool](repeating: false, count: graph.nodes.count)
        for case let node? in outputs { isUsed[node] = true }
        for node in graph.nodes(behind: outputs) where graph.nodes[node].parameters != 0 {
            guard case .operation(_, let a, let b, let c) = graph.nodes[node].content else { continue }
            for operand in [a, b, c] { isUsed[operand] = true }
        }
        let wanted = graph.nodes.indices.filter { isUsed[$0] && isFixed($0) }
        if wanted.count <= mostPrepared { return wanted }
        return graph.nodes.indices.filter { if case .column = graph.nodes[$0].content { true } else { false } }
    }

    /// f and its derivatives at these points.
    func curve(at points: LawPoints) -> CurveModel.Evaluate {
        let n = points.count
        let given = columnsRead.flatMap { points.columns[$0] }
        let prepared = [Double](unsafeUninitializedCapacity: preparedCount * n) { buffer, count in
            given.withUnsafeBufferPointer { given in
                preparation.run(
                    UnsafeBufferPointer(start: nil, count: 0),
                    .init(
                        n: n, constants: given.baseAddress, firstOutput: buffer.baseAddress,
                        otherOutputs: buffer.baseAddress.map { $0 + n }))
            }
            count = preparedCount * n
        }
        let (values, derivatives) = (values, derivatives)
        return { parameters, f, jacobian in
            prepared.withUnsafeBufferPointer { prepared in
                let program = jacobian == nil ? values : derivatives
                program.run(
                    parameters,
                    .init(
                        n: n, constants: prepared.baseAddress, firstOutput: f.baseAddress,
                        otherOutputs: jacobian?.baseAddress))
            }
        }
    }
}
