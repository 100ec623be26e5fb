#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The smallest |ρ| that a two-sided test at `alpha` finds with probability `power`; nil without degrees of freedom.
///
/// By Fisher's z, whose variance for Spearman's ρ is 1.06/(m − 3) (Fieller, Hartley & Pearson 1957).
///
/// - Parameter degrees: m − 3 of the independent sets, less one per covariate held fixed; Σ (m_k − 3) over strata.
public func smallestDetectable(degrees: Double, alpha: Double = 0.05, power: Double = 0.8) -> Double? {
    precondition(alpha > 0 && alpha < 1 && power > 0 && power < 1, "alpha and power lie between 0 and 1")
    guard degrees > 0 else { return nil }
    return tanh((normalQuantile(1 - alpha / 2) + normalQuantile(power)) * (1.06 / degrees).squareRoot())
}
