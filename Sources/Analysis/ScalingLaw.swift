import Fitting

/// A law y = f(x; parameters) that can be fitted to the points of a table: an entry of `assay laws`, or an expression.
public protocol ScalingLaw: Sendable {
    var name: String { get }
    var formula: String { get }
    /// The paper and equation.
    var source: String { get }
    /// What the x columns are, in order.
    var columns: [LawColumn] { get }
    /// In the order of every array of parameter values.
    var parameters: [LawParameter] { get }
    /// N0, the unit of samples, in laws that have one.
    var unit: Double? { get }

    /// f and its exact derivatives at these points, in the law's own parameters.
    func curve(at points: LawPoints) -> CurveModel.Evaluate
    /// The search for the parameters behind `y`, perhaps in other coordinates.
    ///
    /// - Parameters:
    ///   - bounds: of the law's parameters; zero width where one is held.
    ///   - isShared: which parameters are common to several groups: their coordinates must not depend on the points.
    func search(points: LawPoints, y: [Double], bounds: [Bounds], isShared: [Bool]) -> LawSearch

    /// Whether a point belongs to the law's domain; x is one row.
    func check(_ x: [Double]) -> LawPointCheck
    /// Quantities that follow from the parameters, by name.
    func derived(_ parameters: [Double]) -> [(name: String, value: Double)]
    /// Parameters that no fit to these points can determine, and why.
    func undetermined(by points: LawPoints) -> [(parameter: Int, reason: String)]
    /// What these points make hard to tell.
    func cautions(on points: LawPoints) -> [String]
    /// What it says about the data that a parameter ended on a bound.
    func remark(_ parameter: Int, on side: Bounds.Side) -> String?
}

extension ScalingLaw {
    public var unit: Double? { nil }
    public func derived(_ parameters: [Double]) -> [(name: String, value: Double)] { [] }
    public func undetermined(by points: LawPoints) -> [(parameter: Int, reason: String)] { [] }
    public func cautions(on points: LawPoints) -> [String] { [] }
    public func remark(_ parameter: Int, on side: Bounds.Side) -> String? { nil }

    /// In the law's own parameters.
    public func search(points: LawPoints, y: [Double], bounds: [Bounds], isShared: [Bool]) -> LawSearch {
        let parameters = zip(self.parameters, bounds).map { parameter, bounds in
            CurveParameter(
                bounds: bounds, isLinear: parameter.isLinear, spread: parameter.spread.values(points, y, bounds))
        }
        return LawSearch(
            model: CurveModel(pointCount: points.count, parameters: parameters, evaluate: curve(at: points)),
            parameters: { $0 }, coordinates: { $0 })
    }

    public func values(_ parameters: [Double], at points: LawPoints) -> [Double] {
        model(at: points).values(parameters)
    }

    /// ∂f/∂parameters, [n, p] row-major.
    public func jacobian(_ parameters: [Double], at points: LawPoints) -> [Double] {
        model(at: points).jacobian(parameters)
    }

    private func model(at points: LawPoints) -> CurveModel {
        CurveModel(
            pointCount: points.count,
            parameters: parameters.map { CurveParameter(bounds: $0.bounds, spread: .even(0, 1)) },
            evaluate: curve(at: points))
    }
}

/// The x columns of n points.
public struct LawPoints: Sendable, Equatable {
    /// One array of n values per x column.
    public let columns: [[Double]]
    public let count: Int

    public init(_ columns: [[Double]]) {
        precondition(columns.allSatisfy { $0.count == columns[0].count }, "x columns have equal lengths")
        self.columns = columns
        count = columns.first?.count ?? 0
    }

    /// One point's x columns.
    public subscript(row: Int) -> [Double] { columns.map { $0[row] } }

    public func rows(_ indices: [Int]) -> LawPoints { LawPoints(columns.map { column in indices.map { column[$0] } }) }
}

public struct LawColumn: Sendable, Equatable {
    public let name: String
    public let meaning: String

    public init(name: String, meaning: String) {
        self.name = name
        self.meaning = meaning
    }
}

public struct LawParameter: Sendable, Equatable {
    public let name: String
    public let meaning: String
    public let bounds: Bounds
    /// The upper bound is the group's lowest y: an asymptote that the curve falls to.
    public let staysBelowData: Bool
    /// The upper bound is the group's highest y.
    public let staysBelowHighest: Bool
    /// Between the group's highest y and a hundred times its largest magnitude: a level that the curve falls from.
    public let staysAboveData: Bool
    /// f is affine in all linear parameters together.
    public internal(set) var isLinear: Bool
    public internal(set) var spread: LawSpread

    public init(
        name: String, meaning: String, bounds: Bounds = .none, staysBelowData: Bool = false,
        staysBelowHighest: Bool = false, staysAboveData: Bool = false, isLinear: Bool = false,
        spread: LawSpread = .any
    ) {
        self.name = name
        self.meaning = meaning
        self.bounds = bounds
        self.staysBelowData = staysBelowData
        self.staysBelowHighest = staysBelowHighest
        self.staysAboveData = staysAboveData
        self.isLinear = isLinear
        self.spread = spread
    }

    /// The bounds in a group whose y is given; nil where no value lies between them.
    public func bounds(over y: [Double]) -> Bounds? {
        guard let lowest = y.min(), let highest = y.max() else { return bounds }
        var (lower, upper) = (bounds.lower, bounds.upper)
        if staysBelowData { upper = min(upper, lowest) }
        if staysBelowHighest { upper = min(upper, highest) }
        if staysAboveData {
            lower = max(lower, highest)
            upper = min(upper, 100 * max(abs(lowest), abs(highest)))
        }
        return lower <= upper ? Bounds(lower, upper) : nil
    }
}

public enum LawPointCheck: Sendable, Equatable {
    case fine
    /// The point says nothing about the law; it is left out and counted.
    case leftOut(String)
    case invalid(String)
}

/// One group's search: a model in the search's own coordinates and the way to and from the law's parameters.
public struct LawSearch: Sendable {
    public let model: CurveModel
    /// The law's parameters at given coordinates.
    public let parameters: @Sendable (_ coordinates: [Double]) -> [Double]
    /// The coordinates of given parameters; NaN stands for one that is not given, and for what needs it.
    public let coordinates: @Sendable (_ parameters: [Double]) -> [Double]

    public init(
        model: CurveModel, parameters: @escaping @Sendable ([Double]) -> [Double],
        coordinates: @escaping @Sendable ([Double]) -> [Double]
    ) {
        self.model = model
        self.parameters = parameters
        self.coordinates = coordinates
    }
}
