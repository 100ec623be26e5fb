/// ρ under rearrangements of the data.
public struct PermutationDistribution: Sendable, Equatable {
    public let estimate: Double
    /// One per arrangement, all of them where `isExact`; NaN where ρ is undefined.
    public let values: [Double]
    public let scheme: PermutationTest.Scheme
    public let isExact: Bool

    /// |ρ| that differ by less count as equal: rounding of a quotient of exact sums.
    private static let tie = 1e-12

    /// Two-sided.
    public var test: PermutationTest {
        PermutationTest(
            pValue: share(of: values, reaching: abs(estimate)), scheme: scheme, isExact: isExact,
            arrangements: values.count)
    }

    /// The least p-value that any ρ of these data could have: whoever reaches the largest |ρ|, its mirror image does.
    public var leastPValue: Double { share(of: values, reaching: values.reduce(0) { max($0, abs($1)) }) }

    /// The family-wise p-values of several correlations under the same arrangements: how often the largest |ρ| of the
    /// family reaches each one's own (Westfall & Young 1993, single step). It holds however the losses depend on each
    /// other, and whichever of them are associated with the errors in truth.
    ///
    /// - Returns: nil where the arrangements are not the same ones: another number, or another scheme.
    public static func familyWise(_ members: [PermutationDistribution]) -> [Double]? {
        guard let first = members.first else { return [] }
        let areShared = members.allSatisfy {
            $0.values.count == first.values.count && $0.isExact == first.isExact && $0.scheme == first.scheme
        }
        guard areShared else { return nil }
        var largest = [Double](repeating: 0, count: first.values.count)
        for member in members {
            for (i, value) in member.values.enumerated() where abs(value) > largest[i] { largest[i] = abs(value) }
        }
        return members.map { $0.share(of: largest, reaching: abs($0.estimate)) }
    }

    /// b/B where all B arrangements were tried, (b + 1)/(B + 1) where a random part of them.
    private func share(of values: [Double], reaching bar: Double) -> Double {
        let hits = values.count { abs($0) >= bar - Self.tie }
        return isExact ? Double(hits) / Double(values.count) : Double(hits + 1) / Double(values.count + 1)
    }
}
