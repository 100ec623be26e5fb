#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension RandomStream {
    /// Standard normal (Box–Muller, the cosine branch: one normal per two uniforms, so that the count of numbers drawn
    /// does not depend on their values).
    public mutating func normal() -> Double {
        let u = 1 - uniform()  // (0, 1]: the logarithm is finite
        let v = uniform()
        return (-2 * log(u)).squareRoot() * cos(2 * .pi * v)
    }
}
