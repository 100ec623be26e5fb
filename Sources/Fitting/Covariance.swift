internal import LinearAlgebra

/// Which directions of the parameters the residuals determine.
struct DeterminedDirections: Sendable, Equatable {
    /// Lengths of the Jacobian's columns, [p].
    let norms: [Double]
    /// Right singular vectors of the scaled Jacobian by falling singular value, one per row, [p, p].
    let directions: Matrix
    /// The first `rank` directions are determined.
    let rank: Int

    /// Parameters that lie together in directions that do not change the residuals: each group's parameters cannot be
    /// told apart, one that stands alone has no influence.
    var undeterminedGroups: [[Int]] {
        let p = norms.count
        var group = Array(0..<p)
        var isIn = norms.map { $0 == 0 }
        for a in 0..<p {
            for b in a..<p {
                // The projection on these directions, which does not depend on their basis.
                let shared = (rank..<p).reduce(0) { $0 + directions[$1, a] * directions[$1, b] }
                if a == b && shared > 1e-12 { isIn[a] = true }
                guard abs(shared) > 1e-6, group[a] != group[b] else { continue }
                let (kept, merged) = (min(group[a], group[b]), max(group[a], group[b]))
                for j in 0..<p where group[j] == merged { group[j] = kept }
            }
        }
        let members = Dictionary(grouping: (0..<p).filter { isIn[$0] }) { group[$0] }
        return members.keys.sorted().compactMap { members[$0] }
    }

    /// Parameters whose common change alters the residuals least: those with more than a tenth of that direction.
    var weakest: [Int] {
        let p = norms.count
        return p > 1 ? (0..<p).filter { abs(directions[p - 1, $0]) > 0.1 } : []
    }

    /// The share of a gradient, [p], along directions that the residuals do not determine: 0 where it is determined.
    func undeterminedShare(of gradient: [Double]) -> Double {
        let p = norms.count
        if gradient.indices.contains(where: { norms[$0] == 0 && gradient[$0] != 0 }) { return 1 }
        let scaled = gradient.indices.map { norms[$0] == 0 ? 0 : gradient[$0] / norms[$0] }
        let length = scaled.reduce(0) { $0 + $1 * $1 }
        guard rank < p, length > 0 else { return 0 }
        let along = (rank..<p).reduce(0.0) { sum, direction in
            let dot = (0..<p).reduce(0) { $0 + directions[direction, $1] * scaled[$1] }
            return sum + dot * dot
        }
        return (along / length).squareRoot()
    }
}

/// A Jacobian with its columns scaled to length 1, decomposed by QR and SVD, never through JᵀJ: what every covariance
/// of an optimum is made from.
///
/// Legend: n residuals, p parameters, k = rank.
struct ScaledJacobian {
    let directions: DeterminedDirections
    let conditionNumber: Double
    /// D⁻¹ V Σ⁻¹ over the determined directions, [p, k]: (JᵀJ)⁺ = factor · factorᵀ.
    let factor: Matrix
    /// The left singular vectors are q · u; rows of q beyond n are padding.
    private let q: Matrix
    private let u: Matrix

    /// Below this share of the largest, a singular value consists of rounding.
    private static let threshold = 1e-13

    /// nil where an element is not finite.
    ///
    /// - Parameter values: [n, p] row-major.
    init?(_ values: [Double], parameterCount p: Int) {
        let n = p > 0 ? values.count / p : 0
        var scaled = Matrix(rows: max(n, p), columns: p)
        var norms = [Double](repeating: 0, count: p)
        for j in 0..<p {
            // The largest element first: amplitudes in other units may lie near the ends of the number range.
            let largest = (0..<n).reduce(0) { max($0, abs(values[$1 * p + j])) }
            guard largest > 0 else { continue }
            let sum = (0..<n).reduce(0) { $0 + (values[$1 * p + j] / largest) * (values[$1 * p + j] / largest) }
            norms[j] = largest * sum.squareRoot()
            for i in 0..<n { scaled[i, j] = values[i * p + j] / norms[j] }
        }
        guard values.allSatisfy(\.isFinite), let (q, r) = try? scaled.qr(), let svd = try? r.svd() else { return nil }
        let s = svd.singularValues
        let rank = s.count { $0 > Self.threshold * (s.first ?? 0) }
        var factor = Matrix(rows: p, columns: rank)
        for j in 0..<p where norms[j] > 0 {
            for direction in 0..<rank { factor[j, direction] = svd.vt[direction, j] / s[direction] / norms[j] }
        }
        directions = DeterminedDirections(norms: norms, directions: svd.vt, rank: rank)
        conditionNumber = rank == p ? (s.first ?? 1) / (s.last ?? 1) : .infinity
        self.factor = factor
        self.q = q
        u = svd.u
    }

    /// How far the residuals, [n], move the parameters when they are summed by cluster: (JᵀJ)⁺ Σ_{i∈c} Jᵢ rᵢ, one
    /// column per cluster, [p, C].
    ///
    /// - Parameter clusters: codes in 0..<C, [n].
    func influences(_ residuals: [Double], clusters: [Int], count: Int) -> Matrix {
        let p = q.columns
        // Scores per cluster in the orthonormal basis, [p, C].
        var scores = Matrix(rows: p, columns: count)
        for (i, r) in residuals.enumerated() {
            for k in 0..<p { scores[k, clusters[i]] += q[i, k] * r }
        }
        let rotated = u.transposed * scores
        let kept = Matrix(
            rows: factor.columns, columns: count, values: Array(rotated.values[..<(factor.columns * count)]))
        return factor * kept
    }
}
