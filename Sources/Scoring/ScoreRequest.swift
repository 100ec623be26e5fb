/// One score as asked for: a method, its variant and its parameters.
public struct ScoreRequest: Sendable, Equatable {
    public let definition: ScoreDefinition
    public let variant: ScoreVariant
    /// J, where the score has windows.
    public let span: Int?
    /// W, where the score counts windows.
    public let window: Int?
    /// T, where the score has one and another than the targets' own was asked for.
    public let temperature: Double?
    /// Positions; nil: all.
    public let checkpoints: Range<Int>?

    public var method: String { definition.name }
    public var direction: ScoreDirection { definition.direction }
    var formula: Formula { variant.formula }
    /// The record that it is made of.
    public var record: SampleRecord { formula.record }
    public var needsTargets: Bool { formula == .softMean }
    public var needsFeatures: Bool { formula == .gradientNorm }

    /// - Throws: `ScoringError` for an unknown name, and for a parameter that the score does not have or that is beyond
    ///   what it is defined for.
    public init(
        _ method: String, variant: String? = nil, span: Int? = nil, window: Int? = nil, temperature: Double? = nil,
        checkpoints: Range<Int>? = nil
    ) throws(ScoringError) {
        (definition, self.variant) = try Scores.named(method, variant: variant)
        let formula = self.variant.formula
        if span != nil, !formula.takesSpan { throw .unusedParameter(method: method, parameter: "span") }
        if window != nil, !formula.takesWindow { throw .unusedParameter(method: method, parameter: "window") }
        if temperature != nil, formula != .softMean { throw .unusedParameter(method: method, parameter: "temperature") }
        if let span, span < formula.smallestSpan {
            throw .badParameter(
                method: method, parameter: "span", value: "\(span)", allowed: "\(formula.smallestSpan) or more")
        }
        if let window, window < 1 {
            throw .badParameter(method: method, parameter: "window", value: "\(window)", allowed: "1 or more")
        }
        if let temperature, !(temperature > 0 && temperature < .infinity) {
            throw .badParameter(
                method: method, parameter: "temperature", value: "\(temperature)", allowed: "above 0 and finite")
        }
        if let checkpoints, checkpoints.isEmpty || checkpoints.lowerBound < 0 {
            throw .badParameter(
                method: method, parameter: "checkpoints", value: "\(checkpoints.lowerBound):\(checkpoints.upperBound)",
                allowed: "A:B with 0 <= A < B")
        }
        self.span = formula.takesSpan ? span ?? definition.span : nil
        self.window = formula.takesWindow ? window ?? definition.window : nil
        self.temperature = temperature
        self.checkpoints = checkpoints
    }

    /// The positions that it reads, ascending and without gaps.
    ///
    /// - Parameter count: K, the checkpoints after epoch 0.
    /// - Throws: `ScoringError` where there are too few, or others than exist were asked for.
    public func positions(of count: Int) throws(ScoringError) -> Range<Int> {
        guard count > 0 else { throw .noCheckpoints }
        let range = checkpoints ?? 0..<count
        guard range.upperBound <= count else { throw .noSuchCheckpoints(range, found: count) }
        guard range.count >= needed else {
            throw .tooFewCheckpoints(method: method, parameters: parameters, needed: needed, found: range.count)
        }
        let last = range.upperBound - 1
        switch formula {
        case .mean, .sum, .deviation, .forgetting, .softMean, .steps, .windows(_, _, false): return range
        case .sumOfFirst(_, let first): return range.prefix(first)
        case .last: return last..<last + 1
        case .gradientNorm:
            guard last == count - 1 else { throw .featuresElsewhere(method: method, asked: last, last: count - 1) }
            return last..<count
        case .windows(_, _, true): return range.dropLast()
        case .lastWindows(_, let dropsLast):
            let end = dropsLast ? last : last + 1
            return end - ((span ?? 0) + (window ?? 0) - 1)..<end
        }
    }

    /// The fewest checkpoints that it is defined for.
    private var needed: Int {
        let span = span ?? 0
        switch formula {
        case .sumOfFirst(_, let first): return first
        case .windows(_, _, let dropsLast): return sum(span, dropsLast ? 1 : 0)
        case .steps: return span
        case .lastWindows(_, let dropsLast): return sum(span, (window ?? 0) - (dropsLast ? 0 : 1))
        default: return 1
        }
    }

    /// A sum that stays at the largest number.
    private func sum(_ a: Int, _ b: Int) -> Int {
        let (result, overflow) = a.addingReportingOverflow(b)
        return overflow ? .max : result
    }

    /// ` with span 6 and window 2`, or nothing.
    private var parameters: String {
        let words = [span.map { "span \($0)" }, window.map { "window \($0)" }].compactMap(\.self)
        return words.isEmpty ? "" : " with " + words.joined(separator: " and ")
    }

    /// The definition with its parameters and positions filled in, for what lies beside a result.
    func sentence(positions: Range<Int>, temperature: Double?) -> String {
        let words =
            [span.map { "J = \($0)" }, window.map { "W = \($0)" }, temperature.map { "T = \($0)" }].compactMap(\.self)
            + [
                positions.count == 1
                    ? "position \(positions.lowerBound)"
                    : "positions \(positions.lowerBound)...\(positions.upperBound - 1)"
            ]
        return variant.definition + "; " + words.joined(separator: ", ")
    }
}
