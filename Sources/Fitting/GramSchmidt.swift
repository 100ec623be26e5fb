/// One step of modified Gram–Schmidt: takes from `column`, [n], what the orthonormal rows of `basis`, [count, n], span, and
/// scales the rest to length 1.
///
/// - Parameters:
///   - share: of the column's square that must be its own; less consists of rounding.
///   - keep: gets the component along each row of the basis.
/// - Returns: the length of the rest; nil, with `column` unscaled, where it is no more than rounding or not finite.
@inline(__always) func gramSchmidt(
    _ column: UnsafeMutablePointer<Double>, _ n: Int, against basis: UnsafeMutablePointer<Double>, _ count: Int,
    share: Double, _ keep: (_ row: Int, _ component: Double) -> Void = { _, _ in }
) -> Double? {
    let before = sumOfProducts(column, column, n)
    for row in 0..<count {
        let component = sumOfProducts(basis + row * n, column, n)
        keep(row, component)
        addScaled(-component, basis + row * n, column, n)
    }
    let after = sumOfProducts(column, column, n)
    guard after > share * before, after.isFinite, after > .leastNormalMagnitude else { return nil }
    let length = after.squareRoot()
    let inverse = 1 / length
    for i in 0..<n { column[i] *= inverse }
    return length
}

/// Σ x_i y_i in eight interleaved sums: the order of additions is fixed, and the processor overlaps them.
@inline(__always) func sumOfProducts(
    _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ n: Int
) -> Double {
    var sums = SIMD8<Double>.zero
    var i = 0
    while i + 8 <= n {
        let a = UnsafeRawPointer(x + i).loadUnaligned(as: SIMD8<Double>.self)
        let b = UnsafeRawPointer(y + i).loadUnaligned(as: SIMD8<Double>.self)
        sums += a * b
        i += 8
    }
    var sum = 0.0
    while i < n {
        sum += x[i] * y[i]
        i += 1
    }
    return sum + ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]))
}

/// y += c x.
@inline(__always) func addScaled(
    _ c: Double, _ x: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ n: Int
) {
    for i in 0..<n { y[i] += c * x[i] }
}
