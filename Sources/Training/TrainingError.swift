/// Why training stopped or could not start.
public enum TrainingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The loss of a step was not finite; `step` counts from 1.
    case diverged(run: String, step: Int, samplesSeen: Int, learningRate: Double)
    /// `shouldStop` said so.
    case interrupted(run: String, samplesSeen: Int)
    /// The job contradicts itself.
    case invalidJob(run: String, reason: String)
    /// A state or a set of weights does not belong to this network or run.
    case badState(String)
    /// A call into oneDNN failed.
    case engine(call: String, status: Int)

    public var description: String {
        switch self {
        case .diverged(let run, let step, let samplesSeen, let learningRate):
            "run '\(run)': the loss is not finite at step \(step) (\(samplesSeen) samples seen, learning rate "
                + "\(learningRate)): try a smaller learning rate"
        case .interrupted(let run, let samplesSeen): "run '\(run)': interrupted after \(samplesSeen) samples"
        case .invalidJob(let run, let reason): "run '\(run)': \(reason)"
        case .badState(let reason): "cannot take up these weights: \(reason)"
        case .engine(let call, let status): "\(call) failed in oneDNN with status \(status)"
        }
    }

    /// Of a program whose training diverged.
    public static let divergedExitCode: Int32 = 3

    public var exitCode: Int32 {
        switch self {
        case .diverged: Self.divergedExitCode
        case .engine: 1
        case .interrupted: 130
        case .invalidJob, .badState: 65
        }
    }
}
