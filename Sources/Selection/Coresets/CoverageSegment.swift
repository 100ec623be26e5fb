import LinearAlgebra

/// Samples whose coverage one pick raised.
struct CoverageSegment {
    let targets: [Int]
    let before: [Float]
    let after: [Float]

    /// How much the gain of a candidate with these similarities falls; overwrites them.
    func loss(_ values: UnsafeMutableBufferPointer<Float>) -> Double {
        before.withUnsafeBufferPointer { before in
            after.withUnsafeBufferPointer { after in
                for j in values.indices { values[j] = max(0, values[j] - before[j]) - max(0, values[j] - after[j]) }
            }
        }
        return FloatRows.sumOfAbsolutes(UnsafeBufferPointer(values))
    }
}

extension UnsafeMutableBufferPointer<Float> {
    /// Σ_j max(0, value_j − threshold_j).
    func excess(over thresholds: UnsafeBufferPointer<Float>, scratch: inout [Float]) -> Double {
        scratch.withUnsafeMutableBufferPointer { scratch in
            for j in indices { scratch[j] = Swift.max(0, self[j] - thresholds[j]) }
            return FloatRows.sumOfAbsolutes(UnsafeBufferPointer(rebasing: UnsafeBufferPointer(scratch)[..<count]))
        }
    }
}
