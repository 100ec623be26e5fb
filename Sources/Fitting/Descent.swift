/// Residuals as a function of q variables between bounds: what a descent lowers the squares of.
///
/// Legend: n residuals, q variables.
protocol ResidualSource: AnyObject {
    var residualCount: Int { get }
    /// [q]
    var bounds: [Bounds] { get }
    /// Rounding makes sums of squares below this indistinguishable from zero.
    var floor: Double { get }
    /// Fills r, [n]; returns ‖r‖², infinite where the variables lead out of the model's domain.
    func residuals(_ theta: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Double>) -> Double
    /// Fills ∂r/∂θ, [q, n] one column per variable, where `residuals` was last asked.
    func jacobian(_ theta: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Double>)
}

struct DescentOptions {
    var iterations = 200
    /// Converged where the cosine between the residuals and each free column of the Jacobian is at most this.
    var gradientTolerance = 1e-10
    /// The first trust radius as a share of ‖Dθ‖; a warm start needs none.
    var radius = 100.0
}

struct DescentOutcome {
    var cost: Double
    /// The largest cosine between the residuals and a column that is free to move: 0 at a stationary point.
    var cosine: Double
    var iterations: Int
}

/// Levenberg–Marquardt in Moré's form (1978: trust radius, scaled columns, QR) for variables between bounds.
///
/// A variable on a bound towards which the residuals fall is held there; a step that would cross bounds ends on them and
/// is solved again for the rest. Everything is allocated once: small fits cost microseconds, a thousand times over.
final class Descent {
    private let n: Int
    private let q: Int
    private let storage: UnsafeMutablePointer<Double>
    private var r: UnsafeMutablePointer<Double>  // [n]
    private var trialR: UnsafeMutablePointer<Double>  // [n]
    private let jacobian: UnsafeMutablePointer<Double>  // [q, n]
    private let basis: UnsafeMutablePointer<Double>  // Q of the free columns, [q, n]
    private let rest: UnsafeMutablePointer<Double>  // what the basis leaves of r, [n]
    private let theta: UnsafeMutablePointer<Double>  // [q], and all below
    private let trial: UnsafeMutablePointer<Double>
    private let step: UnsafeMutablePointer<Double>
    private let gradient: UnsafeMutablePointer<Double>
    private let scale: UnsafeMutablePointer<Double>
    private let projected: UnsafeMutablePointer<Double>  // Qᵀr
    private let solution: UnsafeMutablePointer<Double>
    private let work: UnsafeMutablePointer<Double>
    private let triangle: UnsafeMutablePointer<Double>  // R, [q, q] row-major
    private let damped: UnsafeMutablePointer<Double>  // R of the damped problem, [q, q]
    private let free: UnsafeMutablePointer<Int>
    private var freeCount = 0

    init(residualCount n: Int, variableCount q: Int) {
        self.n = n
        self.q = q
        let total = 3 * n + 2 * q * n + 8 * q + 2 * q * q
        storage = .allocate(capacity: max(1, total))
        storage.initialize(repeating: 0, count: max(1, total))
        var next = storage
        func take(_ count: Int) -> UnsafeMutablePointer<Double> {
            defer { next += count }
            return next
        }
        r = take(n)
        trialR = take(n)
        rest = take(n)
        jacobian = take(q * n)
        basis = take(q * n)
        theta = take(q)
        trial = take(q)
        step = take(q)
        gradient = take(q)
        scale = take(q)
        projected = take(q)
        solution = take(q)
        work = take(q)
        triangle = take(q * q)
        damped = take(q * q)
        free = .allocate(capacity: max(1, q))
        free.initialize(repeating: 0, count: max(1, q))
    }

    deinit {
        storage.deallocate()
        free.deallocate()
    }

    /// Descends from `start`, which receives the end.
    func run<Source: ResidualSource>(
        _ source: Source, from start: UnsafeMutablePointer<Double>, options: DescentOptions
    ) -> DescentOutcome {
        let bounds = source.bounds
        for j in 0..<q { theta[j] = bounds[j].clamp(start[j]) }
        var cost = source.residuals(theta, r)
        guard cost.isFinite, q > 0 else { return DescentOutcome(cost: cost, cosine: q > 0 ? 1 : 0, iterations: 0) }
        source.jacobian(theta, jacobian)
        for j in 0..<q { scale[j] = 0 }
        var radius = -1.0
        var cosine = 1.0
        var iterations = 0
        var lastShare = Double.infinity
        while true {
            cosine = measure(bounds, cost)
            if cosine <= options.gradientTolerance || cost <= source.floor || iterations >= options.iterations { break }
            if radius < 0 { radius = options.radius * max(scaledNorm(theta), 1e-3) }
            iterations += 1
            let predicted = makeStep(bounds, radius)
            // The decrease that the linear model promises, as a share of the cost; below rounding it alone is judged.
            let share = predicted / cost
            // The model's values are rounded, and with them the cost: ‖y‖ against ‖r‖ says by how much.
            let noise = max(1e-13, 2 * (source.floor / cost).squareRoot())
            let isEndgame = share < noise
            var isStuck = !(share > 1e-26) || isEndgame && share > 0.5 * lastShare
            if !isStuck {
                let trialCost = source.residuals(trial, trialR)
                let ratio =
                    isEndgame ? (trialCost <= cost * (1 + noise) ? 1 : 0) : (cost - trialCost) / predicted
                let length = scaledNorm(step)
                if ratio < 0.25 || !ratio.isFinite {
                    // Infinity lies beyond: well inside.
                    radius = min(length, radius) * (trialCost.isFinite ? 0.25 : 0.1)
                } else if ratio > 0.75 {
                    radius = max(radius, 2 * length)
                }
                if ratio > 1e-4 {
                    if isEndgame { lastShare = share }
                    for j in 0..<q { theta[j] = trial[j] }
                    swap(&r, &trialR)
                    cost = trialCost
                    source.jacobian(theta, jacobian)
                } else {
                    isStuck = isEndgame || length <= 1e-15 * scaledNorm(theta) || radius < 1e-290
                }
            }
            guard isStuck else { continue }
            // A hair beside a bound, the rounding of the cost hides what the last bit of the way would gain.
            guard reachBounds(bounds) else { break }
            cost = source.residuals(theta, r)
            source.jacobian(theta, jacobian)
            radius = -1
            lastShare = .infinity
        }
        for j in 0..<q { start[j] = theta[j] }
        return DescentOutcome(cost: cost, cosine: cost <= source.floor ? 0 : cosine, iterations: iterations)
    }

    /// Gradient, column scales and the free variables at the present point; returns the largest free cosine.
    private func measure(_ bounds: [Bounds], _ cost: Double) -> Double {
        var largest = 0.0
        freeCount = 0
        for j in 0..<q {
            let column = jacobian + j * n
            let length = sumOfProducts(column, column, n).squareRoot()
            let g = sumOfProducts(column, r, n)
            gradient[j] = g
            scale[j] = max(scale[j], length)
            guard length > 0, bounds[j].lower < bounds[j].upper else { continue }
            if theta[j] <= bounds[j].lower && g >= 0 || theta[j] >= bounds[j].upper && g <= 0 { continue }
            free[freeCount] = j
            freeCount += 1
            largest = max(largest, abs(g) / (length * cost.squareRoot()))
        }
        return largest
    }

    /// Puts variables on the bound that they are within 1e-6 of and are drawn to; false where there is none.
    private func reachBounds(_ bounds: [Bounds]) -> Bool {
        var moved = false
        for j in 0..<q where gradient[j] != 0 {
            let end = gradient[j] > 0 ? bounds[j].lower : bounds[j].upper
            guard end.isFinite, theta[j] != end, abs(theta[j] - end) <= 1e-6 * max(abs(end), abs(theta[j])) else {
                continue
            }
            theta[j] = end
            moved = true
        }
        return moved
    }

    private func scaledNorm(_ x: UnsafeMutablePointer<Double>) -> Double {
        var sum = 0.0
        for j in 0..<q { sum += scale[j] * x[j] * scale[j] * x[j] }
        return sum.squareRoot()
    }

    /// Fills `step` and `trial`; returns the decrease of ‖r‖² that the linear model predicts for it.
    private func makeStep(_ bounds: [Bounds], _ radius: Double) -> Double {
        for j in 0..<q {
            step[j] = 0
            trial[j] = theta[j]
        }
        for i in 0..<n { rest[i] = r[i] }
        var left = radius
        while freeCount > 0 {
            factor()
            solveWithin(left)
            var stays = 0
            for slot in 0..<freeCount {
                let j = free[slot]
                let end = theta[j] + solution[slot]
                if end < bounds[j].lower || end > bounds[j].upper {
                    trial[j] = end < bounds[j].lower ? bounds[j].lower : bounds[j].upper
                    step[j] = trial[j] - theta[j]
                } else {
                    trial[j] = end
                    step[j] = solution[slot]
                    free[stays] = j
                    stays += 1
                }
            }
            if stays == freeCount { break }
            // What ends on a bound is settled; the others are solved for with it taken away.
            for i in 0..<n { rest[i] = r[i] }
            var settled = 0.0
            for j in 0..<q where !isFree(j, stays) && step[j] != 0 {
                settled += scale[j] * step[j] * scale[j] * step[j]
                addScaled(step[j], jacobian + j * n, rest, n)
            }
            freeCount = stays
            left = max(1e-3 * radius, (radius * radius - settled).squareRoot())
            if left.isNaN { left = 1e-3 * radius }
        }
        // ‖r‖² − ‖r + J s‖² = −2 gᵀs − ‖J s‖²
        for i in 0..<n { rest[i] = 0 }
        var slope = 0.0
        for j in 0..<q where step[j] != 0 {
            slope += gradient[j] * step[j]
            addScaled(step[j], jacobian + j * n, rest, n)
        }
        return -2 * slope - sumOfProducts(rest, rest, n)
    }

    private func isFree(_ j: Int, _ count: Int) -> Bool {
        for slot in 0..<count where free[slot] == j { return true }
        return false
    }

    /// QR of the free columns by modified Gram–Schmidt, `rest` carried along. A column that the earlier ones already
    /// span gets a zero diagonal, and no step.
    private func factor() {
        for slot in 0..<freeCount {
            let (column, unit) = (jacobian + free[slot] * n, basis + slot * n)
            for i in 0..<n { unit[i] = column[i] }
            let length = gramSchmidt(unit, n, against: basis, slot, share: 1e-30) {
                triangle[$0 * q + slot] = $1
            }
            guard let length else {
                triangle[slot * q + slot] = 0
                projected[slot] = 0
                for i in 0..<n { unit[i] = 0 }
                continue
            }
            triangle[slot * q + slot] = length
            projected[slot] = sumOfProducts(unit, rest, n)
            addScaled(-projected[slot], unit, rest, n)
        }
    }

    /// The step s that minimises ‖R s + Qᵀr‖ with ‖D s‖ ≤ radius (Moré 1978, section 5), in `solution`.
    private func solveWithin(_ radius: Double) {
        var length = solveDamped(0)
        if length <= 1.1 * radius { return }
        // The damping at which ‖D s‖ = radius, by Newton steps on 1/‖D s‖ between bounds.
        var upper = 0.0
        for slot in 0..<freeCount {
            var sum = 0.0
            for earlier in 0...slot { sum += triangle[earlier * q + slot] * projected[earlier] }
            let scaled = sum / scale[free[slot]]
            upper += scaled * scaled
        }
        upper = upper.squareRoot() / radius
        var lower = 0.0
        var damping = min(max(1e-3 * upper, .leastNormalMagnitude), upper)
        for _ in 0..<10 {
            length = solveDamped(damping)
            let excess = length - radius
            if abs(excess) <= 0.1 * radius { return }
            if excess > 0 { lower = max(lower, damping) } else { upper = min(upper, damping) }
            let slope = dampedSlope(length)
            let next = damping + excess / radius / slope
            damping =
                next.isFinite && next > lower && next < upper
                ? next : max(1e-3 * upper, (lower * upper).squareRoot())
        }
    }

    /// Solves with damping λ (‖R s + Qᵀr‖² + λ‖D s‖²); returns ‖D s‖, infinite where the problem is singular.
    private func solveDamped(_ damping: Double) -> Double {
        let root = damping.squareRoot()
        let f = freeCount
        for a in 0..<f {
            solution[a] = -projected[a]
            for b in a..<f { damped[a * q + b] = triangle[a * q + b] }
        }
        if damping > 0 {
            for start in 0..<f {
                // The row √λ D e_start is rotated into the triangle.
                for b in start..<f { work[b] = 0 }
                work[start] = root * scale[free[start]]
                var value = 0.0
                for a in start..<f where work[a] != 0 {
                    let (x, y) = (damped[a * q + a], work[a])
                    let hypotenuse = (x * x + y * y).squareRoot()
                    let (c, s) = (x / hypotenuse, y / hypotenuse)
                    for b in a..<f {
                        let (upper, lower) = (damped[a * q + b], work[b])
                        damped[a * q + b] = c * upper + s * lower
                        work[b] = c * lower - s * upper
                    }
                    let (upper, lower) = (solution[a], value)
                    solution[a] = c * upper + s * lower
                    value = c * lower - s * upper
                }
            }
        }
        var sum = 0.0
        for a in (0..<f).reversed() {
            let pivot = damped[a * q + a]
            if pivot == 0 {
                solution[a] = 0
                continue
            }
            var value = solution[a]
            for b in a + 1..<max(f, a + 1) { value -= damped[a * q + b] * solution[b] }
            solution[a] = value / pivot
            let scaled = scale[free[a]] * solution[a]
            sum += scaled * scaled
        }
        return sum.isFinite ? sum.squareRoot() : .infinity
    }

    /// ‖R_λ⁻ᵀ D² s / ‖D s‖ ‖²: minus the derivative of ln ‖D s‖ by λ.
    private func dampedSlope(_ length: Double) -> Double {
        var sum = 0.0
        for a in 0..<freeCount {
            let d = scale[free[a]]
            var value = d * d * solution[a] / length
            for b in 0..<a { value -= damped[b * q + a] * work[b] }
            work[a] = damped[a * q + a] == 0 ? 0 : value / damped[a * q + a]
            sum += work[a] * work[a]
        }
        return sum
    }
}
