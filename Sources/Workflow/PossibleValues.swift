import Scoring

/// The values that a run's dataset of that path can have; nil where any number will do.
public func possibleValues(_ dataset: String) -> ClosedRange<Float>? {
    // Sums of rounded probabilities may pass 1 by a little.
    if dataset == "/targets" { return SampleRecord.targetProbability.bounds }
    guard dataset.hasPrefix("/scores/") else { return nil }
    return SampleRecord(rawValue: String(dataset.dropFirst("/scores/".count)))?.bounds
}
