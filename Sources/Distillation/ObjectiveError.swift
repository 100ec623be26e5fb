/// Why an objective cannot be evaluated.
public enum ObjectiveError: Error, Sendable, Equatable, CustomStringConvertible {
    case noObserver(objective: String)
    case noBatchNorm(objective: String, observer: String)
    case noTrajectory(objective: String)
    /// No epochs t and t + M within the range are both stored.
    case noStartEpoch(objective: String, trajectory: String, low: Double, high: Double, ahead: Double, stored: [Double])
    /// Expert weights that do not move have no distance to divide by.
    case restingExpert(objective: String, trajectory: String, epoch: Double)
    case badSet(name: String, reason: String)
    case badOption(objective: String, reason: String)

    public var description: String {
        switch self {
        case .noObserver(let objective):
            "\(objective): it asks a trained network, and there is none (an observer is a run on all images)"
        case .noBatchNorm(let objective, let observer):
            "\(objective): it compares statistics of batch normalisation, and observer \(observer) has none "
                + "(a model with 'norm: batch', or a ResNet)"
        case .noTrajectory(let objective):
            "\(objective): it follows an expert's trajectory, and there is none (an expert is a run on all images with "
                + "'record: { weights: all }')"
        case .noStartEpoch(let objective, let trajectory, let low, let high, let ahead, let stored):
            "\(objective): \(trajectory) keeps weights at epochs \(stored.map { "\($0)" }.joined(separator: ", ")); a "
                + "start epoch t needs those of t and t + \(ahead), with t in \(low)…\(high)"
        case .restingExpert(let objective, let trajectory, let epoch):
            "\(objective): \(trajectory) does not move after epoch \(epoch), and the loss divides by how far it does"
        case .badSet(let name, let reason): "set '\(name)': \(reason)"
        case .badOption(let objective, let reason): "\(objective): \(reason)"
        }
    }

    public var exitCode: Int32 { 65 }
}
