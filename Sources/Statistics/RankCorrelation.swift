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
        var evaluator = makeEvaluator()
        let all = (0..<Int32(count)).map { $0 }
        let rho = evaluator.value(all, all)
        return rho.isNaN ? nil : rho
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

    /// The work space for evaluating resamples; not shared between threads.
    func makeEvaluator() -> any RankEvaluator {
        switch adjustment {
        case .none: PlainEvaluator(x, y)
        case .within(let strata): StratifiedEvaluator(x, y, strata)
        case .partial(let columns): PartialEvaluator(x, y, columns)
        case .residual(let columns): ResidualEvaluator(x, y, columns.map { $0.map { log($0) } })
        }
    }
}

/// Evaluates a correlation on rows drawn again and again.
protocol RankEvaluator {
    /// The correlation of x (and the covariates) at `xRows` with y at `yRows`; NaN where undefined. A bootstrap hands in
    /// the same rows twice, a permutation all rows and their rearrangement.
    mutating func value(_ xRows: [Int32], _ yRows: [Int32]) -> Double
}

struct PlainEvaluator: RankEvaluator, Sendable {
    private let x: DenseRanks
    private let y: DenseRanks
    private var core: CountedCorrelation
    private var a = [Int32]()
    private var b = [Int32]()

    init(_ x: [Double], _ y: [Double]) {
        self.x = DenseRanks(x)
        self.y = DenseRanks(y)
        core = CountedCorrelation(self.x.distinct, self.y.distinct)
    }

    mutating func value(_ xRows: [Int32], _ yRows: [Int32]) -> Double {
        a.removeAll(keepingCapacity: true)
        b.removeAll(keepingCapacity: true)
        x.codes.withUnsafeBufferPointer { codes in for row in xRows { a.append(codes[Int(row)]) } }
        y.codes.withUnsafeBufferPointer { codes in for row in yRows { b.append(codes[Int(row)]) } }
        return a.withUnsafeBufferPointer { a in b.withUnsafeBufferPointer { b in core.value(a, b) } }
    }
}

/// The correlation of two lists of codes by counted ranks.
struct CountedCorrelation: Sendable {
    private var first: RankTable
    private var second: RankTable

    init(_ distinctFirst: Int, _ distinctSecond: Int) {
        first = RankTable(distinct: distinctFirst)
        second = RankTable(distinct: distinctSecond)
    }

    mutating func value(_ a: UnsafeBufferPointer<Int32>, _ b: UnsafeBufferPointer<Int32>) -> Double {
        let scale = first.fill(a) * second.fill(b)
        guard scale > 0 else { return .nan }
        let product = first.ranks.withUnsafeBufferPointer { ra in
            second.ranks.withUnsafeBufferPointer { rb in
                var sum = 0.0
                for i in a.indices { sum += ra[Int(a[i])] * rb[Int(b[i])] }
                return sum
            }
        }
        return min(1, max(-1, product / scale.squareRoot()))
    }
}

struct StratifiedEvaluator: RankEvaluator {
    private let stratum: [Int32]
    private let x: [Int32]
    private let y: [Int32]
    private var cores: [CountedCorrelation]
    private var a: [[Int32]]
    private var b: [[Int32]]

    init(_ x: [Double], _ y: [Double], _ strata: [Int]) {
        let codes = DenseRanks(strata.map(Double.init))
        var rows = [[Int]](repeating: [], count: codes.distinct)
        for (row, code) in codes.codes.enumerated() { rows[Int(code)].append(row) }
        var (dx, dy) = ([Int32](repeating: 0, count: x.count), [Int32](repeating: 0, count: x.count))
        var cores = [CountedCorrelation]()
        for members in rows {
            let (rx, ry) = (DenseRanks(members.map { x[$0] }), DenseRanks(members.map { y[$0] }))
            for (i, row) in members.enumerated() { (dx[row], dy[row]) = (rx.codes[i], ry.codes[i]) }
            cores.append(CountedCorrelation(rx.distinct, ry.distinct))
        }
        stratum = codes.codes
        (self.x, self.y, self.cores) = (dx, dy, cores)
        a = Array(repeating: [], count: rows.count)
        b = a
    }

    mutating func value(_ xRows: [Int32], _ yRows: [Int32]) -> Double {
        for k in cores.indices {
            a[k].removeAll(keepingCapacity: true)
            b[k].removeAll(keepingCapacity: true)
        }
        for i in xRows.indices {
            let k = Int(stratum[Int(xRows[i])])
            a[k].append(x[Int(xRows[i])])
            b[k].append(y[Int(yRows[i])])  // a permutation stays within its stratum
        }
        var pool = FisherPool()
        for k in cores.indices where a[k].count >= PooledCorrelation.smallest {
            let rho = a[k].withUnsafeBufferPointer { a in b[k].withUnsafeBufferPointer { b in cores[k].value(a, b) } }
            pool.add(rho, count: a[k].count)
        }
        return pool.value
    }
}
