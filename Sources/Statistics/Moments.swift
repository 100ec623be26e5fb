/// The arithmetic mean; NaN of nothing.
public func mean(_ values: [Double]) -> Double {
    values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
}

/// The sample standard deviation (n − 1); nil below two values.
public func standardDeviation(_ values: [Double]) -> Double? {
    guard values.count > 1 else { return nil }
    let center = mean(values)
    let squares = values.reduce(0) { $0 + ($1 - center) * ($1 - center) }
    return (squares / Double(values.count - 1)).squareRoot()
}

/// The quantile of ascending values by linear interpolation (Hyndman and Fan's type 7, NumPy's default).
public func quantile(_ p: Double, ofSorted values: [Double]) -> Double {
    precondition(!values.isEmpty && p >= 0 && p <= 1, "a quantile needs values and a share in 0…1")
    let place = p * Double(values.count - 1)
    let below = Int(place)
    guard below + 1 < values.count else { return values[values.count - 1] }
    return values[below] + (place - Double(below)) * (values[below + 1] - values[below])
}
