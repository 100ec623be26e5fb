/// Soft labels as `/targets` holds them: probabilities of the classes, [N, C].
public enum SoftLabels {
    /// How far a row may be from 1: probabilities rounded to bfloat16, the coarsest of all, sum to 1 within 2⁻⁸.
    private static let tolerance = 0.01

    /// The first row that does not sum to 1, and its sum; nil where all do.
    ///
    /// - Parameter values: [n, C], finite.
    public static func firstUnnormalized(
        _ values: UnsafeBufferPointer<Float>, classes: Int
    ) -> (row: Int, sum: Double)? {
        precondition(classes > 0 && values.count % classes == 0, "\(values.count) values of \(classes) classes")
        for start in stride(from: 0, to: values.count, by: classes) {
            var sum = 0.0
            for index in start..<start + classes { sum += Double(values[index]) }
            if abs(sum - 1) > tolerance { return (start / classes, sum) }
        }
        return nil
    }
}
