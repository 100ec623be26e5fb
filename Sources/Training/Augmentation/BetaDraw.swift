import Randomness

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension RandomStream {
    /// Beta(α, α), in 0…1: of two gammas (uniform for α = 1).
    mutating func beta(_ alpha: Double) -> Double {
        if alpha == 1 { return uniform() }
        let (a, b) = (logGamma(alpha), logGamma(alpha))
        return 1 / (1 + exp(b - a))
    }

    /// The logarithm of a Gamma(α, 1) variable: a small α makes variables that underflow, their logarithms do not.
    /// Source: Marsaglia & Tsang, "A simple method for generating gamma variables", 2000.
    private mutating func logGamma(_ alpha: Double) -> Double {
        let boost = alpha < 1 ? log(1 - uniform()) / alpha : 0
        let d = (alpha < 1 ? alpha + 1 : alpha) - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        while true {
            let x = normal()
            let v = 1 + c * x
            guard v > 0 else { continue }
            let cube = v * v * v
            if log(1 - uniform()) < 0.5 * x * x + d - d * cube + d * log(cube) { return log(d * cube) + boost }
        }
    }
}
