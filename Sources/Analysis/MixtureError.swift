import Tables

/// Why mixtures of pools could not be predicted.
public enum MixtureError: Error, Sendable, Equatable, CustomStringConvertible {
    case noPools(String)
    /// `place` is a line of a table, or the pool's name.
    case invalidPool(place: String, problem: String)
    case unknownPool(String, known: [String])
    case tooMany(pools: Int, upTo: Int)
    case unknownSize(pool: String, known: [String])
    case notAFit(String)
    case option(String)

    /// 64 for what was asked, 65 for what the data hold.
    public var exitCode: Int32 {
        switch self {
        case .noPools, .invalidPool, .notAFit: 65
        default: 64
        }
    }

    public var description: String {
        switch self {
        case .noPools(let why): return "no pool to mix: \(why)"
        case .invalidPool(let place, let problem): return "\(place): \(problem)"
        case .unknownPool(let name, let known): return "no pool '\(name)'" + Self.suggestion(name, known)
        case .tooMany(let pools, let upTo):
            return "\(pools) pools have more than \(MixtureAnalysis.mostMixtures) mixtures of up to \(upTo): "
                + "choose fewer pools, or mix fewer at a time"
        case .unknownSize(let pool, let known):
            let given = known.isEmpty ? "none is given" : "given are \(known.joined(separator: ", "))"
            return
                "the size of pool '\(pool)' is unknown (\(given)): a mixture needs the samples per epoch of each pool"
        case .notAFit(let problem): return "not the JSON of a fit: \(problem)"
        case .option(let problem): return problem
        }
    }

    private static func suggestion(_ word: String, _ known: [String]) -> String {
        if let near = closest(to: word, in: known) { return " (did you mean '\(near)'?)" }
        return " (known: \(known.joined(separator: ", ")))"
    }
}
