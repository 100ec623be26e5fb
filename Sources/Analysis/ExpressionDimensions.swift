/// Where starts of an expression's parameters may lie, from the units of measurement that make the formula consistent:
/// what is added has one unit, what stands in `exp` or in an exponent has none, f has that of y.
///
/// In `b1*(1-exp(-b2*x))`, b2 is measured in 1/x and b1 like y. Numbers have no unit; where a formula contradicts itself,
/// as `x + 1` does, what stands first counts.
struct ExpressionDimensions {
    /// A product of powers: of x columns and y (known), and of units still to be found, that of each parameter first.
    private struct Unit {
        var unknown: [Double]
        var known: [Double]

        func isPlain(_ numbers: [Double]) -> Bool { numbers.allSatisfy { abs($0) < 1e-9 } }
        var hasUnknown: Bool { !isPlain(unknown) }

        mutating func add(_ other: Unit, times factor: Double) {
            for i in unknown.indices { unknown[i] += factor * other.unknown[i] }
            for i in known.indices { known[i] += factor * other.known[i] }
        }
    }

    /// A step's result while the formula is read.
    private struct Slot {
        var unit: Unit
        var number: Double?
        var role: ExpressionGraph.Role?
        var parameters: Set<Int> = []
    }

    /// Units of powers with a parameter in the exponent; further ones are taken as none.
    private static let mostPowers = 16
    /// Longer formulas are not looked at: every parameter may be anything.
    private static let longest = 4000

    private let columnCount: Int
    private let parameterCount: Int
    /// Products of powers that are 1, each solved for its pivot.
    private var equations: [(pivot: Int, unit: Unit)] = []
    private var powers = 0
    private var places: [Int: Int] = [:]
    private var exponents: Set<Int> = []

    static func spreads(
        _ expression: Expression, roles: [ExpressionGraph.Role], columnCount: Int, parameterCount: Int
    ) -> [LawSpread] {
        guard expression.steps.count <= longest else { return [LawSpread](repeating: .any, count: parameterCount) }
        var dimensions = ExpressionDimensions(columnCount: columnCount, parameterCount: parameterCount)
        dimensions.read(expression, roles)
        return (0..<parameterCount).map(dimensions.spread)
    }

    private init(columnCount: Int, parameterCount: Int) {
        self.columnCount = columnCount
        self.parameterCount = parameterCount
    }

    private var none: Unit {
        Unit(
            unknown: [Double](repeating: 0, count: parameterCount + Self.mostPowers),
            known: [Double](repeating: 0, count: columnCount + 1))
    }

    private func unit(unknown index: Int) -> Unit {
        var unit = none
        unit.unknown[index] = 1
        return unit
    }

    private func unit(known index: Int) -> Unit {
        var unit = none
        unit.known[index] = 1
        return unit
    }

    // MARK: - Equations

    private func reduced(_ unit: Unit) -> Unit {
        var unit = unit
        for equation in equations where abs(unit.unknown[equation.pivot]) > 1e-9 {
            unit.add(equation.unit, times: -unit.unknown[equation.pivot])
        }
        return unit
    }

    /// States that a product of powers has no unit.
    private mutating func equate(_ unit: Unit) {
        var unit = reduced(unit)
        guard let pivot = unit.unknown.indices.max(by: { abs(unit.unknown[$0]) < abs(unit.unknown[$1]) }),
            abs(unit.unknown[pivot]) > 1e-9
        else { return }
        let factor = 1 / unit.unknown[pivot] - 1
        unit.add(unit, times: factor)
        for index in equations.indices {
            let share = equations[index].unit.unknown[pivot]
            if abs(share) > 1e-9 { equations[index].unit.add(unit, times: -share) }
        }
        equations.append((pivot, unit))
    }

    private mutating func equate(_ a: Unit, _ b: Unit) {
        var quotient = a
        quotient.add(b, times: -1)
        equate(quotient)
    }

    // MARK: - Reading

    private mutating func read(_ expression: Expression, _ roles: [ExpressionGraph.Role]) {
        var stack: [Slot] = []
        for step in expression.steps {
            switch step {
            case .number(let value): stack.append(Slot(unit: none, number: value))
            case .name(let index): stack.append(leaf(roles[index]))
            case .apply(let code):
                let last = stack.removeLast()
                stack.append(code.operandCount == 1 ? apply(code, last) : apply(code, stack.removeLast(), last))
            }
        }
        equate(stack[0].unit, unit(known: columnCount))
    }

    private func leaf(_ role: ExpressionGraph.Role) -> Slot {
        switch role {
        case .parameter(let j): Slot(unit: unit(unknown: j), role: role, parameters: [j])
        case .column(let c): Slot(unit: unit(known: c), role: role)
        }
    }

    private mutating func apply(_ code: ExpressionCode, _ a: Slot) -> Slot {
        var result = Slot(unit: a.unit, parameters: a.parameters)
        switch code {
        case .negate: result.number = a.number.map { -$0 }
        case .abs: break
        case .sqrt: result.unit.add(a.unit, times: -0.5)
        default:
            equate(a.unit)
            result.unit = none
        }
        return result
    }

    private mutating func apply(_ code: ExpressionCode, _ a: Slot, _ b: Slot) -> Slot {
        var result = Slot(unit: a.unit, parameters: a.parameters.union(b.parameters))
        switch code {
        case .multiply: result.unit.add(b.unit, times: 1)
        case .divide:
            result.unit.add(b.unit, times: -1)
            if let x = a.number, let y = b.number { result.number = x / y }
        case .power: result.unit = power(a, b)
        default:
            if case .column(let c) = a.role, case .parameter(let j) = b.role, code == .subtract { places[j] = c }
            if case .column(let c) = b.role, case .parameter(let j) = a.role, code == .subtract { places[j] = c }
            equate(a.unit, b.unit)
        }
        return result
    }

    private mutating func power(_ base: Slot, _ exponent: Slot) -> Unit {
        if let number = exponent.number {
            var unit = base.unit
            unit.add(base.unit, times: number - 1)
            return unit
        }
        equate(exponent.unit)
        exponents.formUnion(exponent.parameters)
        // (x/d)^p: a base that can be free of units is.
        let unit = reduced(base.unit)
        if unit.hasUnknown { equate(unit) }
        if unit.hasUnknown || unit.isPlain(unit.known) || powers == Self.mostPowers { return none }
        powers += 1
        return self.unit(unknown: parameterCount + powers - 1)
    }

    // MARK: - Answering

    private func spread(_ parameter: Int) -> LawSpread {
        if let column = places[parameter] { return .along(column: column) }
        guard let equation = equations.first(where: { $0.pivot == parameter }) else { return .any }
        var others = equation.unit
        others.unknown[parameter] = 0
        guard !others.hasUnknown else { return .any }
        let powers = equation.unit.known.map { abs($0) < 1e-9 ? 0 : -$0 }
        if exponents.contains(parameter) && others.isPlain(others.known) { return .exponent }
        return .scaled(columns: Array(powers.prefix(columnCount)), y: powers[columnCount])
    }
}
