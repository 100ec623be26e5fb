/// The search for the distance at which a profile's root crosses its threshold: asks for distances, learns roots.
///
/// Bracketing by growing steps, each aimed by the last root, then Brent's method (1973, chapter 4).
struct ProfileCrossing {
    private let threshold: Double
    /// The distance of the bound, perhaps infinite.
    private let reach: Double
    /// The larger of the parameter's value and its standard error.
    private let size: Double
    private var inside = (distance: 0.0, root: 0.0)
    private var outside: (distance: Double, root: Double)?
    private var brent: Brent?
    /// The factor of the last outward step.
    private var growth = 0.5
    private var asked = 0
    /// Whether the profile ends before it crosses.
    private var isUnbounded = false
    /// The next distance to try; nil at the end.
    private(set) var next: Double?

    private static let tolerance = 1e-6
    private static let limit = 80

    init(threshold: Double, reach: Double, firstStep: Double, size: Double) {
        self.threshold = threshold
        self.reach = reach
        self.size = size > 0 ? size : firstStep
        next = min(firstStep, reach)
    }

    /// The crossing; nil where there is none.
    var distance: Double? {
        guard next == nil, !isUnbounded, let outside else { return nil }
        // A curve that does not exist at its bound, and is allowed up to there, is not bounded.
        let isOpenEnd = reach.isFinite && !outside.root.isFinite && reach - outside.distance <= 1e-5 * reach
        return isOpenEnd ? nil : brent?.root ?? outside.distance
    }

    mutating func record(_ root: Double, at distance: Double) {
        asked += 1
        let last = inside
        note(root, at: distance)
        if var brent {
            brent.record(excess(root))
            self.brent = brent
            next = brent.next
        } else {
            next = bracket(last)
        }
        if asked >= Self.limit { next = nil }
    }

    private mutating func note(_ root: Double, at distance: Double) {
        if root < threshold {
            if distance > inside.distance { inside = (distance, root) }
        } else if distance < outside?.distance ?? .infinity {
            outside = (distance, root)
        }
    }

    /// How far beyond the threshold; kept in proportion where no curve exists.
    private func excess(_ root: Double) -> Double { min(root, 4 * threshold) - threshold }

    private mutating func bracket(_ last: (distance: Double, root: Double)) -> Double? {
        guard let outside else { return further(last) }
        // The root is roughly proportional to the distance: shrink until the bracket shows it.
        if outside.root > 4 * threshold && inside.distance < outside.distance / 8 {
            let aimed = outside.distance * min(max(1.1 * threshold / outside.root, 0.01), 0.5)
            return max(aimed, (inside.distance * outside.distance).squareRoot())
        }
        let brent = Brent(
            (inside.distance, inside.root - threshold), (outside.distance, excess(outside.root)),
            tolerance: Self.tolerance)
        self.brent = brent
        return brent.next
    }

    private mutating func further(_ last: (distance: Double, root: Double)) -> Double? {
        let hasFlattened = inside.root - last.root <= 1e-3 * threshold
        let isFar = inside.distance >= 1e6 * size && hasFlattened || inside.distance >= 1e12 * size
        if inside.distance >= reach || isFar {
            isUnbounded = true
            return nil
        }
        // Aimed at the crossing of a straight root; longer each time that this was too short.
        growth = min(max(inside.root > 0 ? 1.1 * threshold / inside.root : 10, 2 * growth), 10)
        return min(inside.distance * max(growth, 1.2), reach)
    }
}

/// Brent's root search (1973, chapter 4), one function value at a time.
struct Brent {
    private var a: (x: Double, f: Double)
    /// The best so far.
    private var b: (x: Double, f: Double)
    private var c: (x: Double, f: Double)
    private var step: Double
    private var lastStep: Double
    private let tolerance: Double
    /// nil at the end.
    private(set) var next: Double?

    var root: Double { b.x }

    /// Begins with two points at which the function has different signs.
    ///
    /// - Parameter tolerance: of the root, as a share of it.
    init(_ a: (Double, Double), _ b: (Double, Double), tolerance: Double) {
        self.a = a
        self.b = b
        c = self.a
        step = self.b.x - self.a.x
        lastStep = step
        self.tolerance = tolerance
        next = proposal()
    }

    mutating func record(_ f: Double) {
        guard let x = next else { return }
        a = b
        b = (x, f)
        if (b.f > 0) == (c.f > 0) {
            c = a
            step = b.x - a.x
            lastStep = step
        }
        next = proposal()
    }

    private mutating func proposal() -> Double? {
        if abs(c.f) < abs(b.f) { (a, b, c) = (b, c, b) }
        let slack = 0.5 * tolerance * abs(b.x) + 2 * Double.ulpOfOne * abs(b.x)
        let half = 0.5 * (c.x - b.x)
        guard abs(half) > slack, b.f != 0 else { return nil }
        if abs(lastStep) >= slack, abs(a.f) > abs(b.f), let jump = interpolation(half), isSafe(jump, half, slack) {
            (lastStep, step) = (step, jump)
        } else {
            (lastStep, step) = (half, half)
        }
        return b.x + (abs(step) > slack ? step : (half > 0 ? slack : -slack))
    }

    /// A secant, or the inverse parabola through three points.
    private func interpolation(_ half: Double) -> Double? {
        let s = b.f / a.f
        var (p, q) = (2 * half * s, 1 - s)
        if a.x != c.x {
            let (u, v) = (a.f / c.f, b.f / c.f)
            p = s * (2 * half * u * (u - v) - (b.x - a.x) * (v - 1))
            q = (u - 1) * (v - 1) * (s - 1)
        }
        let jump = p > 0 ? p / -q : -p / q
        return jump.isFinite ? jump : nil
    }

    private func isSafe(_ jump: Double, _ half: Double, _ slack: Double) -> Bool {
        let isForward = jump * half > 0
        return isForward && abs(jump) < min(1.5 * abs(half) - 0.5 * slack, 0.5 * abs(lastStep))
    }
}
