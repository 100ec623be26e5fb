/// Why a score cannot be computed.
public enum ScoringError: Error, Sendable, Equatable {
    case unknownMethod(String)
    case unknownVariant(method: String, variant: String)
    /// A parameter that the score does not have.
    case unusedParameter(method: String, parameter: String)
    /// A parameter beyond what the score is defined for.
    case badParameter(method: String, parameter: String, value: String, allowed: String)
    /// The score needs more checkpoints than were asked for or exist.
    case tooFewCheckpoints(method: String, parameters: String, needed: Int, found: Int)
    /// Checkpoints that do not exist were asked for.
    case noSuchCheckpoints(Range<Int>, found: Int)
    case noCheckpoints
    /// `/features` belong to the last checkpoint only.
    case featuresElsewhere(method: String, asked: Int, last: Int)
    /// Neither logits nor a stored record that the score can be had from.
    case missingRecord(method: String, record: SampleRecord)
    case missingTemperature(method: String)
    /// A logit is NaN or infinite.
    case nonFinite(position: Int, row: Int)
    /// A stored record is NaN, infinite or no value of that record.
    case badRecord(SampleRecord, position: Int, row: Int, value: Float)
    case badTarget(row: Int)
    case nonFiniteFeature(row: Int)
    case labelOutOfRange(row: Int, label: Int, classes: Int)

    public var exitCode: Int32 {
        switch self {
        case .unknownMethod, .unknownVariant, .unusedParameter, .badParameter: 64
        default: 65
        }
    }
}

extension ScoringError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownMethod(let name):
            "unknown score '\(name)'; there are \(Scores.names.joined(separator: ", "))"
        case .unknownVariant(let method, let variant):
            "\(method) has no variant '\(variant)'; there are "
                + (Scores.table.first { $0.name == method }?.variants ?? []).map(\.name).joined(separator: ", ")
        case .unusedParameter(let method, let parameter): "\(method) has no \(parameter): leave it out"
        case .badParameter(let method, let parameter, let value, let allowed):
            "\(method) with \(parameter) \(value): it must be \(allowed)"
        case .tooFewCheckpoints(let method, let parameters, let needed, let found):
            "\(method)\(parameters) needs \(needed) checkpoints after epoch 0 and found \(found): "
                + (needed - found == 1 ? "position \(found) is" : "positions \(found)…\(needed - 1) are")
                + " missing (checkpoint more often, or choose a smaller span or window)"
        case .noSuchCheckpoints(let range, let found):
            "checkpoints \(range.lowerBound):\(range.upperBound) were asked for, and there are \(found) after epoch 0"
        case .noCheckpoints: "no checkpoint after epoch 0 to score"
        case .featuresElsewhere(let method, let asked, let last):
            "\(method) at position \(asked): /features are those of the last checkpoint, position \(last)"
        case .missingRecord(let method, let record):
            "\(method) needs /logits"
                + record.sources.map { " or /scores/\($0.rawValue)" }.joined() + ", and the run has none of these"
        case .missingTemperature(let method):
            "\(method) needs a temperature (--temperature): the run does not say at which its /targets are"
        case .nonFinite(let position, let row):
            "a logit of sample row \(row) at checkpoint position \(position) is NaN or infinite"
        case .badRecord(let record, let position, let row, let value):
            "/scores/\(record.rawValue) of sample row \(row) at checkpoint position \(position) is \(value), which is "
                + "no value that it can have"
        case .badTarget(let row):
            "/targets of sample row \(row) are no probabilities: they must be finite and not negative, and sum to 1"
        case .nonFiniteFeature(let row): "a feature of sample row \(row) is NaN or infinite"
        case .labelOutOfRange(let row, let label, let classes):
            "sample row \(row) has label \(label), and there are \(classes) classes"
        }
    }
}
