#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Paired data and how their rank correlation is adjusted; asked for its estimate, an interval and a p-value.
public struct RankCorrelation: Sendable, Equatable {
    public enum Adjustment: Sendable, Equatable {
        case none
        /// A stratum's code per row.
        case within([Int])
        /// Covariates [k][m], as ranks.
        case partial([[Double]])
        /// Covariates [k][m], positive, as logarithms.
        case residual([[Double]])
    }

    public let x: [Double]
    public let y: [Double]
    public let adjustment: Adjustment

    /// - Precondition: all columns have the length of `x`.
    public init(_ x: [Double], _ y: [Double], adjustment: Adjustment = .none) {
        precondition(x.count == y.count, "one y per x")
        switch adjustment {
        case .none: break
        case .within(let strata): precondition(strata.count == x.count, "one stratum per x")
        case .partial(let columns), .residual(let columns):
            precondition(columns.allSatisfy { $0.count == x.count }, "one covariate per x")
        }
        self.x = x
        self.y = y
        self.adjustment = adjustment
    }

    /// The number of pairs.
    public var count: Int { x.count }

    /// The correlation; nil where it is undefined.
    public var estimate: Double? {
        guard count > 1, isDefined else { return nil }
        var evaluator = makeCopyEvaluator()
        let rho = [Double](repeating: 1, count: count).withUnsafeBufferPointer { evaluator.value($0) }
        return rho.isNaN ? nil : rho
    }

    /// The correlation without the rows of each group of `codes` in turn, by ascending code; nil where it is undefined.
    public func leavingOut(groups codes: [Int]) -> [(code: Int, rho: Double?)] {
        precondition(codes.count == count, "one group per row")
        guard isDefined else { return Set(codes).sorted().map { ($0, nil) } }
        var evaluator = makeCopyEvaluator()
        return Set(codes).sorted().map { code in
            let copies = codes.map { $0 == code ? 0.0 : 1 }
            let rho = copies.withUnsafeBufferPointer { evaluator.value($0) }
            return (code, rho.isNaN ? nil : rho)
        }
    }

    var isDefined: Bool {
        guard !x.contains(where: \.isNaN), !y.contains(where: \.isNaN) else { return false }
        return switch adjustment {
        case .none, .within: true
        case .partial(let columns): !columns.joined().contains(where: \.isNaN)
        case .residual(let columns):
            columns.joined().allSatisfy { $0 > 0 && $0.isFinite } && (x + y).allSatisfy(\.isFinite)
        }
    }

    /// The work space for evaluating resamples given as copies; not shared between threads.
    func makeCopyEvaluator() -> any CopyEvaluator {
        switch adjustment {
        case .none: GramEvaluator([x, y])
        case .within(let strata): StrataEvaluator(x, y, strata)
        case .partial(let columns): GramEvaluator([x, y] + columns)
        case .residual(let columns): ResidualEvaluator(x, y, columns.map { $0.map { log($0) } })
        }
    }
}
