import Fitting

/// What one group's parameters owe to those that all groups share.
struct JointCovariance: Sendable, Equatable {
    /// How this group's parameters move with the shared ones, [p, q].
    let response: [Double]
    /// Of the shared parameters, [q, q].
    let shared: [Double]

    /// gᵀ Cov h, where Cov is between this group's parameters and another's: R Cov_shared R′ᵀ.
    func common(_ gradient: [Double], with other: JointCovariance, _ otherGradient: [Double]) -> Double {
        let q = Int(Double(shared.count).squareRoot())
        func along(_ response: [Double], _ gradient: [Double]) -> [Double] {
            (0..<q).map { k in
                gradient.indices.reduce(0) { $0 + (gradient[$1] == 0 ? 0 : gradient[$1] * response[$1 * q + k]) }
            }
        }
        let (a, b) = (along(response, gradient), along(other.response, otherGradient))
        var sum = 0.0
        for k in 0..<q where a[k] != 0 { for l in 0..<q where b[l] != 0 { sum += a[k] * shared[k * q + l] * b[l] } }
        return sum
    }
}
