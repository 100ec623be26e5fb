/// How a fit ended; the payload is the sentence for the reader.
public enum Termination: Sendable, Equatable, CustomStringConvertible {
    case converged(String)
    case notConverged(String)
    case refused(String)

    public var isConverged: Bool {
        if case .converged = self { return true }
        return false
    }

    /// The word that results carry: `converged`, `not converged`, `refused`.
    public var word: String {
        switch self {
        case .converged: "converged"
        case .notConverged: "not converged"
        case .refused: "refused"
        }
    }

    public var description: String {
        switch self {
        case .converged(let sentence): sentence
        case .notConverged(let sentence): "NOT CONVERGED: \(sentence)"
        case .refused(let sentence): "REFUSED: \(sentence)"
        }
    }
}
