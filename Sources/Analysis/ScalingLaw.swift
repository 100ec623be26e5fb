import Fitting

/// A law y = f(x; parameters) that can be fitted to the points of a table: an entry of `assay laws`.
public protocol ScalingLaw: Sendable {
    var name: String { get }
    var formula: String { get }
    /// The paper and equation.
    var source: String { get }
    /// What the x columns are, in order.
    var columns: [LawColumn] { get }
    /// In the order of every array of parameter values.
    var parameters: [LawParameter] { get }

    func value(_ parameters: [Double], at x: [Double]) -> Double
    /// ∂f/∂parameters, exact.
    func gradient(_ parameters: [Double], at x: [Double]) -> [Double]
    /// The gradient at each of many points.
    func gradients(_ parameters: [Double], at points: [[Double]]) -> [[Double]]
    /// Quantities that follow from the parameters, by name.
    func derived(_ parameters: [Double]) -> [(name: String, value: Double)]
    /// Whether a point belongs to the law's domain.
    func check(_ x: [Double]) -> LawPointCheck
    /// Parameters that no fit to these points can determine, and why; x is one row per point.
    func undetermined(by points: [[Double]]) -> [(parameter: Int, reason: String)]
    /// What these points make hard to tell; x is one row per point.
    func cautions(on points: [[Double]]) -> [String]
    /// What it says about the data that a parameter ended on a bound.
    func remark(_ parameter: Int, on side: Bounds.Side) -> String?
    /// The search for one group's parameters. `bounds` has zero width where a parameter is fixed.
    func problem(points: [[Double]], bounds: [Bounds]) -> LawProblem
}

extension ScalingLaw {
    public func gradients(_ parameters: [Double], at points: [[Double]]) -> [[Double]] {
        points.map { gradient(parameters, at: $0) }
    }
}

public struct LawColumn: Sendable, Equatable {
    public let name: String
    public let meaning: String
}

public struct LawParameter: Sendable, Equatable {
    public let name: String
    public let meaning: String
    public let bounds: Bounds
    /// The upper bound is the group's lowest y: an asymptote that the curve falls to.
    public let staysBelowData: Bool
}

public enum LawPointCheck: Sendable, Equatable {
    case fine
    /// The point says nothing about the law; it is left out and counted.
    case leftOut(String)
    case invalid(String)
}

/// One group's search: a separable model in the search's own coordinates and the way back to the law's parameters.
public struct LawProblem {
    public let model: SeparableModel
    /// The law's parameters behind the model's nonlinear coordinates, in order.
    public let nonlinear: [Int]
    public let linear: [Int]
    /// A nonlinear parameter (by its place in the law) as search coordinate.
    public let coordinate: (_ parameter: Int, _ value: Double) -> Double
    /// The law's parameters at a solution.
    public let parameters: (_ linear: [Double], _ nonlinear: [Double]) -> [Double]
}

/// The laws that can be named.
public enum ScalingLaws {
    public static let names = ["goyal"]

    /// - Parameter unit: N0, the unit of samples in laws that have one.
    public static func named(_ name: String, unit: Double = 1) throws(ScalingLawError) -> any ScalingLaw {
        switch name {
        case "goyal": return GoyalLaw(unit: unit)
        default: throw .unknownLaw(name)
        }
    }
}
