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
    /// How a coefficient enters a combination.
    private enum State: UInt8 { case free, lower, upper }
    /// [combinationCount, k], all free first where that is possible.
    private let combinations: UnsafeMutablePointer<State>
    private let combinationCount: Int
    private var chosen = 0
    private let storage: UnsafeMutablePointer<Double>
    private let triangle: UnsafeMutablePointer<Double>  // R, [k, k]
    private let projected: UnsafeMutablePointer<Double>  // Qᵀy, [k]
    private let trial: UnsafeMutablePointer<Double>  // [k]
    private let small: UnsafeMutablePointer<Double>  // the problem in R's rows, [k + 1, k]
    private let smallBasis: UnsafeMutablePointer<Double>  // and its factors, [2 k, k]
    private let free: UnsafeMutablePointer<Int>  // the coefficients solved for, the first `freeCount`
    private var freeCount = 0

    init(n: Int, bounds: [Bounds]) {
        self.n = n
        k = bounds.count
        self.bounds = bounds
        let total = 2 * k * n + 2 * n + 4 * k * k + 4 * k
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
        small = coefficients + k
        smallBasis = small + k * k + k
        free = .allocate(capacity: max(1, k))
        free.initialize(repeating: 0, count: max(1, k))
        var all: [[State]] = [[]]
        for bound in bounds {
            var choices: [State] = bound.lower < bound.upper ? [.free] : []
            if bound.lower.isFinite { choices.append(.lower) }
            if bound.upper.isFinite && bound.lower < bound.upper { choices.append(.upper) }
            all = all.flatMap { head in choices.map { head + [$0] } }
        }
        // The fewest bounds first: usually the first is the answer.
        all.sort { a, b in a.count { $0 != .free } < b.count { $0 != .free } }
        combinationCount = all.count
        combinations = .allocate(capacity: max(1, all.count * k))
        for (index, state) in all.joined().enumerated() { (combinations + index).initialize(to: state) }
    }

    deinit {
        storage.deallocate()
        free.deallocate()
        combinations.deallocate()
    }

    /// The bound that coefficient `j` is held on at the solution.
    func side(_ j: Int) -> Bounds.Side? {
        switch combinations[chosen * k + j] {
        case .free: nil
        case .lower: .lower
        case .upper: .upper
        }
    }

    /// Solves for `target`; returns the sum of squared residuals, infinite where there is no finite solution.
    func solve() -> Double {
        chosen = 0
        var rss = attempt(0)
        if combinationCount > 1 && !(rss.isFinite && freeCount == k) {
            // With all columns independent, their triangle stands for them in the choice of the combination.
            let isWhole = freeCount == k
            var best = isWhole ? Double.infinity : rss
            for index in 1..<combinationCount {
                let cost = isWhole ? reduced(index) : attempt(index)
                if cost < best {
                    best = cost
                    chosen = index
                }
            }
            guard best.isFinite else { return .infinity }
            rss = attempt(chosen)
        }
        guard rss.isFinite else { return .infinity }
        for j in 0..<k { coefficients[j] = trial[j] }
        basisCount = freeCount
        return rss
    }

    /// ‖R c − Qᵀy‖² of a combination, from the factors of all columns; infinite where a bound is broken.
    private func reduced(_ combination: Int) -> Double {
        let right = small + k * k
        for i in 0..<k { right[i] = projected[i] }
        var count = 0
        for j in 0..<k {
            let state = combinations[combination * k + j]
            if state == .free {
                for i in 0..<k { small[count * k + i] = i <= j ? triangle[i * k + j] : 0 }
                free[count] = j
                count += 1
            } else {
                let value = state == .lower ? bounds[j].lower : bounds[j].upper
                for i in 0...j { right[i] -= value * triangle[i * k + j] }
            }
        }
        let factors = smallBasis + k * k
        for slot in 0..<count {
            let unit = small + slot * k
            for earlier in 0..<slot {
                let projection = sumOfProducts(small + earlier * k, unit, k)
                smallBasis[earlier * k + slot] = projection
                addScaled(-projection, small + earlier * k, unit, k)
            }
            let norm = sumOfProducts(unit, unit, k).squareRoot()
            guard norm > 0 else { return .infinity }
            smallBasis[slot * k + slot] = norm
            for i in 0..<k { unit[i] /= norm }
            factors[slot] = sumOfProducts(unit, right, k)
            addScaled(-factors[slot], unit, right, k)
        }
        for slot in (0..<count).reversed() {
            for later in slot + 1..<max(count, slot + 1) {
                factors[slot] -= smallBasis[slot * k + later] * factors[later]
            }
            factors[slot] /= smallBasis[slot * k + slot]
            // A hair outside is the rounding of this shorter way; the full one decides.
            let (bound, slack) = (bounds[free[slot]], 1e-12 * abs(factors[slot]))
            guard factors[slot] >= bound.lower - slack && factors[slot] <= bound.upper + slack else { return .infinity }
        }
        return sumOfProducts(right, right, k)
    }

    /// Solves with the given coefficients held; infinite where a bound is broken.
    private func attempt(_ combination: Int) -> Double {
        let (n, k, residuals) = (n, k, residuals)
        for i in 0..<n { residuals[i] = target[i] }
        freeCount = 0
        for j in 0..<k {
            let state = combinations[combination * k + j]
            if state != .free {
                trial[j] = state == .lower ? bounds[j].lower : bounds[j].upper
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
            for later in slot + 1..<max(freeCount, slot + 1) {
                value -= triangle[slot * k + later] * trial[free[later]]
            }
            value /= triangle[slot * k + slot]
            let bound = bounds[free[slot]]
            if !bound.contains(value) {
                let inside = bound.clamp(value)
                guard abs(inside - value) <= 1e-12 * abs(value) else { return .infinity }
                value = inside
            }
            trial[free[slot]] = value
        }
        for i in 0..<n { residuals[i] = -residuals[i] }
        return sumOfProducts(residuals, residuals, n)
    }

    /// Appends column `j` to the basis; false where less than 1e-13 of it is its own.
    private func orthonormalise(_ j: Int) -> Bool {
        let (column, unit) = (columns + j * n, basis + freeCount * n)
        for i in 0..<n { unit[i] = column[i] }
        let (k, slot, triangle) = (k, freeCount, triangle)
        let length = gramSchmidt(unit, n, against: basis, slot, share: 1e-26) { triangle[$0 * k + slot] = $1 }
        guard let length else { return false }
        triangle[slot * k + slot] = length
        return true
    }
}
