import Randomness

/// One draw of the noise of measured means: the same identity, seed and index give the same noise.
public struct NoiseDraw: Sendable {
    private var stream: RandomStream

    public init(_ identity: String, seed: Int, index: Int) {
        stream = RandomStream(identity, seed: seed, purpose: "noise", index: index)
    }

    /// A mean disturbed by normal noise of its standard error.
    public mutating func mean(_ center: Double, standardError: Double) -> Double {
        center + standardError * stream.normal()
    }

    /// The mean of a resample with replacement, its deviation stretched by √(k/(k − 1)), since k resampled values vary
    /// by (k − 1)/k of their variance; one value comes back as it is.
    public mutating func resampledMean(_ values: [Double]) -> Double {
        guard values.count > 1 else { return values.first ?? .nan }
        let k = Double(values.count)
        let center = values.reduce(0, +) / k
        var sum = 0.0
        for _ in values { sum += values[stream.integer(below: values.count)] }
        return center + (sum / k - center) * (k / (k - 1)).squareRoot()
    }
}
