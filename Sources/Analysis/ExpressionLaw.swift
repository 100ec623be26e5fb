import Fitting
import Tables

/// A law stated as an expression: every name that is not an x column is a parameter.
///
/// The laws of `ScalingLaws` that are plain formulas are expression laws, too, with bounds and a domain.
public struct ExpressionLaw: ScalingLaw {
    public let name: String
    public let formula: String
    public let source: String
    public let columns: [LawColumn]
    public let parameters: [LawParameter]
    private let compiled: CompiledExpression
    /// The columns that must be positive.
    private let positive: Set<Int>
    private let unknown: Undetermined?
    private let remarks: [Remark]

    /// What it says about the data that a parameter ended on a bound.
    struct Remark: Sendable {
        let parameter: String
        let side: Bounds.Side
        let sentence: String
    }

    typealias Undetermined = @Sendable (LawPoints) -> [(parameter: Int, reason: String)]

    /// A law as a user states it, its parameters in the order of their first appearance, without bounds.
    ///
    /// - Parameter columns: the names of the x columns, each of which must appear.
    public init(_ text: String, columns: [String]) throws(ScalingLawError) {
        let expression = try Expression(text)
        try Self.check(expression, columns: columns)
        let names = expression.names.filter { !columns.contains($0) }
        let spreads = ExpressionDimensions.spreads(
            expression, roles: Self.roles(expression, columns: columns, parameters: names),
            columnCount: columns.count, parameterCount: names.count)
        self.init(
            name: text, formula: text, source: "stated as an expression", expression,
            columns: columns.map { LawColumn(name: $0, meaning: "") },
            parameters: zip(names, spreads).map { LawParameter(name: $0, meaning: "", spread: $1) })
    }

    init(
        name: String, formula: String, source: String, _ expression: Expression, columns: [LawColumn],
        parameters: [LawParameter], positive: Set<Int> = [], undetermined: Undetermined? = nil, remarks: [Remark] = []
    ) {
        self.name = name
        self.formula = formula
        self.source = source
        self.columns = columns
        self.positive = positive
        unknown = undetermined
        self.remarks = remarks
        let roles = Self.roles(expression, columns: columns.map(\.name), parameters: parameters.map(\.name))
        let compiled = CompiledExpression(expression, roles: roles, parameterCount: parameters.count)
        self.compiled = compiled
        self.parameters = parameters.enumerated().map { j, parameter in
            var parameter = parameter
            parameter.isLinear = compiled.linear[j]
            return parameter
        }
    }

    private static func roles(
        _ expression: Expression, columns: [String], parameters: [String]
    ) -> [ExpressionGraph.Role] {
        expression.names.map { name in
            if let column = columns.firstIndex(of: name) { return .column(column) }
            return .parameter(parameters.firstIndex(of: name) ?? 0)
        }
    }

    private static func check(_ expression: Expression, columns: [String]) throws(ScalingLawError) {
        let text = expression.text
        if let twice = columns.indices.first(where: { columns[..<$0].contains(columns[$0]) }) {
            throw .option("x column '\(columns[twice])' is given twice")
        }
        let parameters = expression.names.filter { !columns.contains($0) }
        for (name, offset) in zip(expression.names, expression.offsets) where !columns.contains(name) {
            guard let column = columns.first(where: { $0.lowercased() == name.lowercased() }) else { continue }
            throw .expression(
                text, offset: offset,
                problem: "is '\(name)' the x column '\(column)'? A parameter differs from it by more than its case")
        }
        if let unused = columns.first(where: { !expression.names.contains($0) }) {
            var hint = ""
            if !Expression.canName(unused) {
                hint = ": that name cannot stand in an expression, rename the column"
            } else if unused.count > 2, let near = closest(to: unused, in: parameters) {
                hint = " (is it meant by '\(near)'?)"
            }
            throw .option("the law \(abridged(text)) does not use the x column '\(unused)'\(hint)")
        }
        if parameters.isEmpty { throw .option("the law \(abridged(text)) has no parameter to fit") }
        if parameters.count > ExpressionGraph.mostParameters {
            throw .option(
                "the law \(abridged(text)) has \(parameters.count) parameters; "
                    + "an expression may have \(ExpressionGraph.mostParameters)")
        }
    }

    private static func abridged(_ text: String) -> String {
        "\"" + (text.count > 60 ? text.prefix(59) + "…" : text) + "\""
    }

    public func curve(at points: LawPoints) -> CurveModel.Evaluate { compiled.curve(at: points) }

    public func check(_ x: [Double]) -> LawPointCheck {
        if let column = x.indices.first(where: { positive.contains($0) && !(x[$0] > 0) }) {
            return .invalid("\(columns[column].name) must be positive, not \(significant(x[column]))")
        }
        // A logarithm or a power of something not positive has no value, whatever the parameters.
        if x.contains(where: { !($0 > 0) }) && !hasValue(at: x) {
            let place = zip(columns, x).map { "\($0.name) = \(significant($1))" }.joined(separator: ", ")
            return .invalid("the law has no finite value at \(place), whatever its parameters")
        }
        return .fine
    }

    private func hasValue(at x: [Double]) -> Bool {
        let point = LawPoints(x.map { [$0] })
        return [1, 0.1, 3, -1, -0.1, -3].contains { value in
            values(parameters.map { _ in value }, at: point)[0].isFinite
        }
    }
}

extension ExpressionLaw {
    public func undetermined(by points: LawPoints) -> [(parameter: Int, reason: String)] { unknown?(points) ?? [] }

    public func remark(_ parameter: Int, on side: Bounds.Side) -> String? {
        remarks.first { $0.parameter == parameters[parameter].name && $0.side == side }?.sentence
    }
}

extension ScalingLaw {
    /// The first of these points where the law is NaN or infinite; nil where there is none.
    public func firstNonFinite(_ parameters: [Double], at points: LawPoints) -> Int? {
        values(parameters, at: points).firstIndex { !$0.isFinite }
    }
}
