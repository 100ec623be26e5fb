/// Linear least squares for few coefficients between bounds: minimise ‖Σ c_k Φ_k − y‖² over lower ≤ c ≤ upper.
///
/// The problem is convex, so the best of all combinations "free, on its lower, on its upper bound" is the optimum.
/// Free coefficients are solved by modified Gram–Schmidt on the columns with y appended, which is backward stable.
/// All storage is made once: a search calls `solve` thousands of times.
final class BoundedLinear {
    let n: Int
    let k: Int
    private let bounds: [Bounds]
    /// The columns Φ, [k, n]; the caller fills them.
    let columns: UnsafeMutableBufferPointer<Double>
    /// Σ c_k Φ_k − y at the solution, [n].
    let residuals: UnsafeMutableBufferPointer<Double>
    /// The solution, [k].
    private(set) var coefficients: [Double]
    /// The bound that each coefficient is held on.
    private(set) var sides: [Bounds.Side?]
    /// Orthonormal basis of the free columns, the first `basisCount` rows of [k, n].
    let basis: UnsafeMutableBufferPointer<Double>
    private(set) var basisCount = 0
    /// The smallest part of a free column that earlier ones leave over: rounding in the projector grows as this shrinks.
    private(set) var independence = 1.0

    private enum State: Equatable { case free, held(Bounds.Side) }
    private let states: [[State]]  // all free first
    private let triangle: UnsafeMutableBufferPointer<Double>  // R, [k, k]
    private let projected: UnsafeMutableBufferPointer<Double>  // Qᵀy, [k]
    private let trial: UnsafeMutableBufferPointer<Double>  // [k]
    private let free: UnsafeMutableBufferPointer<Int>  // the coefficients solved for, the first `freeCount`
    private var freeCount = 0

    init(n: Int, bounds: [Bounds]) {
        self.n = n
        k = bounds.count
        self.bounds = bounds
        func zeros(_ count: Int) -> UnsafeMutableBufferPointer<Double> {
            let buffer = UnsafeMutableBufferPointer<Double>.allocate(capacity: max(1, count))
            buffer.initialize(repeating: 0)
            return buffer
        }
        columns = zeros(n * k)
        residuals = zeros(n)
        basis = zeros(n * k)
        triangle = zeros(k * k)
        projected = zeros(k)
        trial = zeros(k)
        free = .allocate(capacity: max(1, k))
        free.initialize(repeating: 0)
        coefficients = [Double](repeating: 0, count: k)
        sides = [Bounds.Side?](repeating: nil, count: k)
        var all: [[State]] = [[]]
        for bound in bounds {
            var choices: [State] = bound.lower < bound.upper ? [.free] : []
            if bound.lower.isFinite { choices.append(.held(.lower)) }
            if bound.upper.isFinite && bound.lower < bound.upper { choices.append(.held(.upper)) }
            all = all.flatMap { head in choices.map { head + [$0] } }
        }
        states = all.sorted { a, b in  // the fewest bounds first: usually the first is the answer
            a.count { $0 != .free } < b.count { $0 != .free }
        }
    }

    deinit {
        columns.deallocate()
        residuals.deallocate()
        basis.deallocate()
        triangle.deallocate()
        projected.deallocate()
        trial.deallocate()
        free.deallocate()
    }

    /// Solves for target y, [n]; returns the sum of squared residuals.
    func solve(_ y: UnsafeBufferPointer<Double>) -> Double {
        var best = Double.infinity
        var chosen = 0
        var last = 0
        for (index, state) in states.enumerated() {
            let rss = attempt(state, y)
            last = index
            if rss < best {
                best = rss
                chosen = index
                if index == 0 && state.allSatisfy({ $0 == .free }) { break }  // nothing can be lower
            }
        }
        guard best.isFinite else { return .infinity }
        if chosen != last { best = attempt(states[chosen], y) }
        for (j, state) in states[chosen].enumerated() {
            coefficients[j] = trial[j]
            if case .held(let side) = state { sides[j] = side } else { sides[j] = nil }
        }
        basisCount = freeCount
        return best
    }

    /// Solves with the given coefficients held; infinite where the columns depend on each other or a bound is broken.
    private func attempt(_ state: [State], _ y: UnsafeBufferPointer<Double>) -> Double {
        let (n, k, columns, residuals, triangle, trial) = (n, k, columns, residuals, triangle, trial)
        for i in 0..<n { residuals[i] = y[i] }
        var count = 0
        for j in 0..<k {
            switch state[j] {
            case .free:
                free[count] = j
                count += 1
            case .held(let side):
                trial[j] = bounds[j][side]
                if trial[j] != 0 { addMultiple(-trial[j], of: columns.slice(j, n), to: residuals) }
            }
        }
        freeCount = count
        independence = 1
        for slot in 0..<count {
            let (column, q) = (columns.slice(free[slot], n), basis.slice(slot, n))
            for i in 0..<n { q[i] = column[i] }
            let before = dot(q, q)
            for earlier in 0..<slot {
                let r = dot(basis.slice(earlier, n), q)
                triangle[earlier * k + slot] = r
                addMultiple(-r, of: basis.slice(earlier, n), to: q)
            }
            let after = dot(q, q)
            // 1e-26: a column whose own part is below 1e-13 of it has no digits left to be solved for.
            guard after > 1e-26 * before, after.isFinite, after > .leastNormalMagnitude else { return .infinity }
            independence = min(independence, (after / before).squareRoot())
            let norm = after.squareRoot()
            triangle[slot * k + slot] = norm
            for i in 0..<n { q[i] /= norm }
            projected[slot] = dot(q, residuals)
            addMultiple(-projected[slot], of: q, to: residuals)
        }
        for slot in (0..<count).reversed() {
            var value = projected[slot]
            for later in slot + 1..<max(count, slot + 1) { value -= triangle[slot * k + later] * trial[free[later]] }
            value /= triangle[slot * k + slot]
            guard bounds[free[slot]].contains(value) else { return .infinity }
            trial[free[slot]] = value
        }
        for i in 0..<n { residuals[i] = -residuals[i] }
        return dot(residuals, residuals)
    }
}

extension UnsafeMutableBufferPointer<Double> {
    /// Row `index` of a matrix of rows of `width`.
    @inline(__always) func slice(_ index: Int, _ width: Int) -> UnsafeMutableBufferPointer<Double> {
        UnsafeMutableBufferPointer(rebasing: self[index * width..<(index + 1) * width])
    }
}

/// Σ x_i y_i in four interleaved sums: the order of additions is fixed, and the processor overlaps them.
@inline(__always) func dot(_ x: UnsafeMutableBufferPointer<Double>, _ y: UnsafeMutableBufferPointer<Double>) -> Double {
    let n = min(x.count, y.count)
    var (s0, s1, s2, s3) = (0.0, 0.0, 0.0, 0.0)
    var i = 0
    while i + 4 <= n {
        s0 += x[i] * y[i]
        s1 += x[i + 1] * y[i + 1]
        s2 += x[i + 2] * y[i + 2]
        s3 += x[i + 3] * y[i + 3]
        i += 4
    }
    while i < n {
        s0 += x[i] * y[i]
        i += 1
    }
    return (s0 + s1) + (s2 + s3)
}

/// y += c x.
@inline(__always) func addMultiple(
    _ c: Double, of x: UnsafeMutableBufferPointer<Double>, to y: UnsafeMutableBufferPointer<Double>
) {
    for i in 0..<min(x.count, y.count) { y[i] += c * x[i] }
}
