import Randomness
import Testing

@testable import Fitting

@Suite struct BoundsTests {
    static let intervals = [
        Bounds(), Bounds(0, .infinity), Bounds(-.infinity, 3), Bounds(-5, 0), Bounds(9.5e-7, 0.9993),
    ]

    @Test(arguments: intervals) func coordinatesLeadBack(bounds: Bounds) {
        for share in [0.0, 1e-9, 0.03, 0.5, 0.97, 1.0] {
            let low = bounds.lower.isFinite ? bounds.lower : bounds.upper.isFinite ? bounds.upper - 7 : -7
            let value = low + share * ((bounds.upper.isFinite ? bounds.upper : low + 7) - low)
            let back = bounds.parameter(at: bounds.coordinate(of: value)).value
            // Square roots halve the digits near an end, squares bring them back: a few ulps of the interval.
            #expect(abs(back - value) < 1e-14)
            #expect(bounds.contains(back))
        }
    }

    @Test(arguments: intervals) func slopesMatchDifferences(bounds: Bounds) {
        for t in [-2.0, 0.3, 0.9, 1.4] {
            let h = 1e-5  // error of the central difference: h² times a third derivative below 100
            let difference = (bounds.parameter(at: t + h).value - bounds.parameter(at: t - h).value) / (2 * h)
            #expect(abs(bounds.parameter(at: t).slope - difference) < 1e-8)
        }
    }

    @Test func endsAreRecognised() {
        let bounds = Bounds(-5, 0)
        #expect(bounds.side(of: -1e-6, within: 1e-5) == .upper)
        #expect(bounds.side(of: -5, within: 0) == .lower)
        #expect(bounds.side(of: -1, within: 1e-3) == nil)
        #expect(Bounds(0, .infinity).side(of: 1e12, within: 1e-3) == nil)
    }

    @Test func spreadsStayInside() {
        let spreads: [(Spread, ClosedRange<Double>)] = [
            (.even(-5, 0), -5...0), (.denseNear(.upper, k: 5.5, -5, 0), -5...0),
            (.denseNear(.lower, k: 2, 1, 2), 1...2),
            (.logarithmic(0.05, 1000), 0.05...1000), (.signed(1e-3, 10), -10...10),
        ]
        for (spread, range) in spreads {
            // A last bit of the power may fall outside; clamping to the bounds is the search's.
            for t in [0.0, 0.25, 0.5, 1.0] {
                #expect(
                    spread.value(t) >= range.lowerBound - 1e-12 && spread.value(t) <= range.upperBound * (1 + 1e-12))
            }
        }
        #expect(Spread.denseNear(.upper, k: 5.5, -5, 0).value(0.5) > -0.4)
        #expect(Spread.signed(1e-3, 10).value(0) == -10 && abs(Spread.signed(1e-3, 10).value(0.5) - 1e-3) < 1e-15)
    }
}

@Suite struct BoundedLinearTests {
    /// The optimality conditions of a convex problem prove an optimum: no gradient where free, outward where held.
    @Test(arguments: 0..<200) func optimalityConditionsHold(seed: Int) {
        var stream = RandomStream(seed: seed, purpose: "bounded linear")
        let (n, k) = (6 + stream.integer(below: 10), 1 + stream.integer(below: 3))
        let bounds = (0..<k).map { _ -> Bounds in
            let low = stream.uniform() - 0.5
            switch stream.integer(below: 4) {
            case 0: return Bounds()
            case 1: return Bounds(0, .infinity)
            case 2: return Bounds(low, low)
            default: return Bounds(low, low + 0.4)
            }
        }
        let solver = BoundedLinear(n: n, bounds: bounds)
        for i in 0..<n * k { solver.columns[i] = stream.uniform() - 0.3 }
        let y = (0..<n).map { _ in 2 * stream.uniform() - 1 }
        for i in 0..<n { solver.target[i] = y[i] }
        let rss = solver.solve()
        var recomputed = 0.0
        for i in 0..<n {
            var r = -y[i]
            for j in 0..<k { r += solver.coefficients[j] * solver.columns[j * n + i] }
            recomputed += r * r
            #expect(abs(r - solver.residuals[i]) < 1e-12)
        }
        #expect(abs(rss - recomputed) < 1e-12)
        for j in 0..<k {
            #expect(bounds[j].contains(solver.coefficients[j]))
            guard bounds[j].lower < bounds[j].upper else { continue }
            let gradient = (0..<n).reduce(0) { $0 + solver.columns[j * n + $1] * solver.residuals[$1] }
            switch solver.side(j) {
            case nil: #expect(abs(gradient) < 1e-12)
            case .lower: #expect(gradient >= -1e-12)
            case .upper: #expect(gradient <= 1e-12)
            }
        }
    }

    @Test func dependentColumnsEndOnABound() {
        let solver = BoundedLinear(n: 3, bounds: [Bounds(0, .infinity), Bounds(0, 1)])
        for i in 0..<6 { solver.columns[i] = 1 }
        for i in 0..<3 { solver.target[i] = Double(i + 1) }
        let rss = solver.solve()
        #expect(abs(rss - 2) < 1e-14)
        #expect(abs(solver.coefficients[0] + solver.coefficients[1] - 2) < 1e-14)
    }
}
