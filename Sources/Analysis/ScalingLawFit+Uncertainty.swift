import Fitting

/// The covariance of the parameters at an estimate, by its curvature.
struct FitUncertainty: Sendable {
    /// [p, p] over all parameters: zero where one is not free, NaN where the data do not determine it.
    var covariance: [Double]
    /// Of the free parameters.
    var conditionNumber: Double
    /// Free parameters that the data do not determine; those of a list cannot be told apart.
    var undetermined: [[Int]]
    /// Free parameters whose common change alters the curve least.
    var weakest: [Int]
    /// s², of a new residual at weight 1.
    var variance: Double
    /// n less the estimated parameters.
    var degrees: Int
    /// Of Student's t: `degrees`, or the number of clusters less one.
    var quantileDegrees: Int
    /// What the covariance takes of the errors.
    var kind: ParameterUncertainty.Kind
    /// How the parameters hang together with those of other groups; nil where none is shared.
    var joint: JointCovariance?
    /// Of this group by itself; nil where parameters are shared.
    private let alone: CurveUncertainty?

    /// s² (JᵀJ)⁻¹, Huber's M-estimator covariance under his losses, or the sandwich over clusters where there are some.
    init(_ problem: FitProblem, _ estimate: FitEstimate) {
        let found = CurveUncertainty(
            estimate.model, data: problem.data, loss: problem.loss, parameters: estimate.parameters,
            free: estimate.free, estimatedCount: problem.estimated.count, clusters: problem.points.clusters)
        let free = estimate.free
        covariance = found.covariance
        conditionNumber = found.ofFree.conditionNumber
        undetermined = found.ofFree.undeterminedGroups.map { $0.map { free[$0] } }
        weakest = found.ofFree.weakest.map { free[$0] }
        variance = found.ofFree.variance
        degrees = problem.points.count - problem.estimated.count
        quantileDegrees = found.ofFree.degreesOfFreedom
        kind = found.ofFree.kind
        alone = found
    }

    init(
        covariance: [Double], conditionNumber: Double, undetermined: [[Int]], variance: Double, degrees: Int,
        kind: ParameterUncertainty.Kind, joint: JointCovariance
    ) {
        (self.covariance, self.conditionNumber, self.undetermined) = (covariance, conditionNumber, undetermined)
        (self.variance, self.degrees, self.kind) = (variance, degrees, kind)
        quantileDegrees = if case .clustered(let count) = kind { count - 1 } else { degrees }
        self.joint = joint
        weakest = []
        alone = nil
    }

    /// Of a quantity with these derivatives by all parameters; NaN where the data do not determine it.
    func standardError(of gradient: [Double]) -> Double {
        joint?.standardError(of: gradient) ?? alone?.standardError(of: gradient) ?? .nan
    }

    /// nil for a parameter that is held, on a bound or not determined.
    func error(_ j: Int) -> Double? {
        let p = Int(Double(covariance.count).squareRoot())
        let error = covariance[j * p + j].squareRoot()
        return error.isFinite && error > 0 ? error : nil
    }
}
