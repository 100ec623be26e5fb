import Fitting

/// How far each cluster's residuals move the parameters of groups that are fitted together.
///
/// Legend: n points of a group, l parameters of its own, q shared ones, C clusters.
enum ClusterScores {
    /// With (JᵀJ)⁺ = F Fᵀ, Σ_{i∈c} Fᵀ Jᵢ rᵢ by cluster times the root of CR1's correction C/(C − 1) · (N − 1)/(N − P)
    /// over all groups (Cameron & Miller 2015, eq. 11–12); NaN with one cluster or without degrees of freedom.
    ///
    /// - Parameters:
    ///   - influences: r, [n] per group.
    ///   - own: per group its own Jacobian, [n, l] row-major, and the uncertainty of variance 1 made of it.
    ///   - shared: per group the Jacobian of the shared parameters less what the own ones explain, [n, q] row-major.
    ///   - estimatedCount: P.
    /// - Returns: [C, parts] per group, and [C, parts] of the shared parameters over all groups.
    static func all(
        _ clusters: (codes: [[Int]], count: Int), _ influences: [[Double]],
        own: [(jacobian: [Double], uncertainty: ParameterUncertainty)],
        shared: (jacobians: [[Double]], uncertainty: ParameterUncertainty), estimatedCount: Int
    ) -> (own: [[[Double]]], shared: [[Double]]) {
        let (n, c) = (influences.reduce(0) { $0 + $1.count }, clusters.count)
        let isKnown = c > 1 && n > estimatedCount
        let correction = Double(c) / Double(c - 1) * Double(n - 1) / Double(n - estimatedCount)
        let scale = isKnown ? correction.squareRoot() : .nan
        let ofOwn = own.indices.map { g in
            sums(own[g].jacobian, own[g].uncertainty, influences[g], clusters.codes[g], count: c, scale)
        }
        let ofShared = sums(
            shared.jacobians.flatMap(\.self), shared.uncertainty, influences.flatMap(\.self),
            clusters.codes.flatMap(\.self), count: c, scale)
        return (ofOwn, ofShared)
    }

    private static func sums(
        _ jacobian: [Double], _ uncertainty: ParameterUncertainty, _ influences: [Double], _ codes: [Int], count: Int,
        _ scale: Double
    ) -> [[Double]] {
        let p = uncertainty.standardErrors.count
        let none = uncertainty.parts(of: [Double](repeating: 0, count: p)) ?? []
        var sums = [[Double]](repeating: none, count: count)
        for (i, influence) in influences.enumerated() {
            // A row that is not determined consists of rounding.
            guard let parts = uncertainty.parts(of: Array(jacobian[i * p..<(i + 1) * p])) else { continue }
            for k in parts.indices { sums[codes[i]][k] += scale * influence * parts[k] }
        }
        return sums
    }
}
