/// Linear least squares for few coefficients between bounds: minimise ‖Σ c_k Φ_k − y‖² over lower ≤ c ≤ upper.
///
/// The problem is convex, so the best of all combinations "free, on its lower, on its upper bound" is the optimum.
/// Free coefficients are solved by modified Gram–Schmidt on the columns with y appended, which is backward stable.
/// All storage is made once: a search calls `solve` thousands of times.
final class BoundedLinear {
    let n: Int
    let k: Int
    /// The columns Φ, [k, n]; the caller fills them.
    let columns: UnsafeMutablePointer<Double>
    /// y, [n]; the caller fills it.
    let target: UnsafeMutablePointer<Double>
    /// Σ c_k Φ_k − y at the solution, [n].
    let residuals: UnsafeMutablePointer<Double>
    /// The solution, [k].
    let coefficients: UnsafeMutablePointer<Double>
    /// Orthonormal basis of the free columns, the first `basisCount` rows of [k, n].
    let basis: UnsafeMutablePointer<Double>
    private(set) var basisCount = 0

    /// A combination of bounds that more coefficients than this could form would be too many to try.
    static let largestBounded = 6

    private let bounds: [Bounds]
    private let combinations: [[Bounds.Side?]]  // all free first
    private var chosen = 0
    private let storage: UnsafeMutablePointer<Double>
    private let triangle: UnsafeMutablePointer<Double>  // R, [k, k]
    private let projected: UnsafeMutablePointer<Double>  // Qᵀy, [k]
    private let trial: UnsafeMutablePointer<Double>  // [k]
    private let free: UnsafeMutablePointer<Int>  // the coefficients solved for, the first `freeCount`
    private var freeCount = 0

    init(n: Int, bounds: [Bounds]) {
        self.n = n
        k = bounds.count
        self.bounds = bounds
        let total = 2 * k * n + 2 * n + k * k + 3 * k
        storage = .allocate(capacity: max(1, total))
        storage.initialize(repeating: 0, count: max(1, total))
        columns = storage
        basis = columns + k * n
        target = basis + k * n
        residuals = target + n
        triangle = residuals + n
        projected = triangle + k * k
        trial = projected + k
        coefficients = trial + k
        free = .allocate(capacity: max(1, k))
        free.initialize(repeating: 0, count: max(1, k))
        var all: [[Bounds.Side?]] = [[]]
        for bound in bounds {
            var choices: [Bounds.Side?] = bound.lower < bound.upper ? [nil] : []
            if bound.lower.isFinite { choices.append(.lower) }
            if bound.upper.isFinite && bound.lower < bound.upper { choices.append(.upper) }
            all = all.flatMap { head in choices.map { head + [$0] } }
        }
        // The fewest bounds first: usually the first is the answer.
        combinations = all.sorted { a, b in a.count { $0 != nil } < b.count { $0 != nil } }
    }

    deinit {
        storage.deallocate()
        free.deallocate()
    }

    /// The bound that coefficient `j` is held on at the solution.
    func side(_ j: Int) -> Bounds.Side? { combinations[chosen][j] }

    /// Solves for `target`; returns the sum of squared residuals, infinite where there is no finite solution.
    func solve() -> Double {
        var best = Double.infinity
        var last = 0
        for index in combinations.indices {
            let rss = attempt(combinations[index])
            last = index
            if rss < best {
                best = rss
                chosen = index
                if index == 0 && freeCount == k { break }  // nothing can be lower
            }
        }
        guard best.isFinite else { return .infinity }
        if chosen != last { best = attempt(combinations[chosen]) }
        for j in 0..<k { coefficients[j] = trial[j] }
        basisCount = freeCount
        return best
    }

    /// Solves with the given coefficients held; infinite where a bound is broken.
    private func attempt(_ sides: [Bounds.Side?]) -> Double {
        let (n, k, residuals) = (n, k, residuals)
        for i in 0..<n { residuals[i] = target[i] }
        freeCount = 0
        for j in 0..<k {
            if let side = sides[j] {
                trial[j] = bounds[j][side]
                if trial[j] != 0 { addScaled(-trial[j], columns + j * n, residuals, n) }
            } else if orthonormalise(j) {
                free[freeCount] = j
                freeCount += 1
            } else if bounds[j].contains(0) {
                // A column without digits of its own beside the earlier ones: they do what it could.
                trial[j] = 0
            } else {
                return .infinity
            }
        }
        for slot in 0..<freeCount {
            let unit = basis + slot * n
            projected[slot] = sumOfProducts(unit, residuals, n)
            addScaled(-projected[slot], unit, residuals, n)
        }
        for slot in (0..<freeCount).reversed() {
            var value = projected[slot]
            for later in slot + 1..<max(freeCount, slot + 1) { value -= triangle[slot * k + later] * trial[free[later]] }
            value /= triangle[slot * k + slot]
            guard bounds[free[slot]].contains(value) else { return .infinity }
            trial[free[slot]] = value
        }
        for i in 0..<n { residuals[i] = -residuals[i] }
        return sumOfProducts(residuals, residuals, n)
    }

    /// Appends column `j` to the basis; false where less than 1e-13 of it is its own.
    private func orthonormalise(_ j: Int) -> Bool {
        let (column, unit) = (columns + j * n, basis + freeCount * n)
        for i in 0..<n { unit[i] = column[i] }
        let before = sumOfProducts(unit, unit, n)
        for earlier in 0..<freeCount {
            let projection = sumOfProducts(basis + earlier * n, unit, n)
            triangle[earlier * k + freeCount] = projection
            addScaled(-projection, basis + earlier * n, unit, n)
        }
        let after = sumOfProducts(unit, unit, n)
        guard after > 1e-26 * before, after.isFinite, after > .leastNormalMagnitude else { return false }
        let norm = after.squareRoot()
        triangle[freeCount * k + freeCount] = norm
        let inverse = 1 / norm
        for i in 0..<n { unit[i] *= inverse }
        return true
    }
}
