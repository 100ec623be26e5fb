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

    private enum State: Equatable { case free, held(Bounds.Side) }
    private let states: [[State]]  // all free first
    private var triangle: [Double]  // R, [k, k]
    private var projected: [Double]  // Qᵀy, [k]
    private var free: [Int] = []
    private var trial: [Double]

    init(n: Int, bounds: [Bounds]) {
        self.n = n
        k = bounds.count
        self.bounds = bounds
        columns = .allocate(capacity: max(1, n * k))
        columns.initialize(repeating: 0)
        residuals = .allocate(capacity: max(1, n))
        residuals.initialize(repeating: 0)
        basis = .allocate(capacity: max(1, n * k))
        basis.initialize(repeating: 0)
        coefficients = [Double](repeating: 0, count: k)
        trial = coefficients
        projected = coefficients
        triangle = [Double](repeating: 0, count: k * k)
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
        coefficients = trial
        for (j, state) in states[chosen].enumerated() {
            if case .held(let side) = state { sides[j] = side } else { sides[j] = nil }
        }
        basisCount = free.count
        return best
    }

    /// Solves with the given coefficients held; infinite where the columns depend on each other or a bound is broken.
    private func attempt(_ state: [State], _ y: UnsafeBufferPointer<Double>) -> Double {
        for i in 0..<n { residuals[i] = y[i] }
        free.removeAll(keepingCapacity: true)
        for j in 0..<k {
            switch state[j] {
            case .free: free.append(j)
            case .held(let side):
                trial[j] = bounds[j][side]
                for i in 0..<n { residuals[i] -= trial[j] * columns[j * n + i] }
            }
        }
        for (slot, j) in free.enumerated() {
            let q = UnsafeMutableBufferPointer(rebasing: basis[slot * n..<(slot + 1) * n])
            var before = 0.0
            for i in 0..<n {
                q[i] = columns[j * n + i]
                before += q[i] * q[i]
            }
            for earlier in 0..<slot {
                var dot = 0.0
                for i in 0..<n { dot += basis[earlier * n + i] * q[i] }
                triangle[earlier * k + slot] = dot
                for i in 0..<n { q[i] -= dot * basis[earlier * n + i] }
            }
            var after = 0.0
            for i in 0..<n { after += q[i] * q[i] }
            // 1e-26: a column whose own part is below 1e-13 of it has no digits left to be solved for.
            guard after > 1e-26 * before, after.isFinite, after > .leastNormalMagnitude else { return .infinity }
            let norm = after.squareRoot()
            triangle[slot * k + slot] = norm
            var dot = 0.0
            for i in 0..<n {
                q[i] /= norm
                dot += q[i] * residuals[i]
            }
            projected[slot] = dot
            for i in 0..<n { residuals[i] -= dot * q[i] }
        }
        for slot in free.indices.reversed() {
            var value = projected[slot]
            for later in slot + 1..<free.count { value -= triangle[slot * k + later] * trial[free[later]] }
            value /= triangle[slot * k + slot]
            guard bounds[free[slot]].contains(value) else { return .infinity }
            trial[free[slot]] = value
        }
        var rss = 0.0
        for i in 0..<n {
            residuals[i] = -residuals[i]
            rss += residuals[i] * residuals[i]
        }
        return rss
    }
}
