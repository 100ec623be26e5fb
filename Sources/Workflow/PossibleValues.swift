import Foundation
import Scoring

/// The values that a run's dataset of that path can have in a run of so many classes; nil where any number will do.
public func possibleValues(_ dataset: String, classes: Int?) -> ClosedRange<Float>? {
    // Sums of rounded probabilities may pass 1 by a little.
    if dataset == "/targets" { return SampleRecord.targetProbability.bounds }
    guard dataset.hasPrefix("/scores/"),
        let record = SampleRecord(rawValue: String(dataset.dropFirst("/scores/".count)))
    else { return nil }
    // In nats; a half rounds up by 2⁻¹¹.
    if record == .entropy, let classes, classes > 1 {
        return record.bounds.lowerBound...Float(log(Double(classes)) * 1.001)
    }
    return record.bounds
}
