import Fitting
import Tables

/// Why scaling laws could not be fitted at all; what goes wrong in one group is part of that group's result.
public enum ScalingLawError: Error, Sendable, Equatable, CustomStringConvertible {
    case unknownLaw(String)
    case columnCount(law: String, needed: [String], given: Int)
    case unknownParameter(String, option: String, known: [String])
    /// `boundOption`: the option that set the bounds, nil for the law's own.
    case outOfBounds(String, value: Double, low: Double, high: Double, option: String, boundOption: String?)
    case errorAboveOne(column: String, value: Double, place: String)
    case invalidPoint(place: String, problem: String)
    /// The law has no value at the start that was asked for.
    case startNotFinite(law: String, start: String, place: String)
    case missing(column: String, places: [String], source: String)
    case expression(String, offset: Int, problem: String)
    case noRows(String, source: String)
    case option(String)

    /// 64 for what was asked, 65 for what the data hold.
    public var exitCode: Int32 {
        switch self {
        case .errorAboveOne, .invalidPoint, .missing, .noRows: 65
        default: 64
        }
    }

    public var description: String {
        switch self {
        case .unknownLaw(let name):
            return "unknown law '\(name)'" + Self.suggestion(name, ScalingLaws.names)
        case .columnCount(let law, let needed, let given):
            return "law \(law) takes \(needed.count) x columns (\(needed.joined(separator: ", "))), not \(given)"
        case .unknownParameter(let name, let option, let known):
            return "\(option): the law has no parameter '\(name)'" + Self.suggestion(name, known)
        case .outOfBounds(let name, let value, let low, let high, let option, let boundOption):
            let interval = Self.interval(Bounds(low, high))
            guard let boundOption else {
                return "\(option): \(name) = \(significant(value)) is outside its bounds \(interval)"
            }
            return "\(option): \(name) = \(significant(value)) is outside the bounds \(interval) of \(boundOption)"
        case .errorAboveOne(let column, let value, let place):
            return "\(place): \(column) is \(significant(value)), but an error lies in 0…1; "
                + "for percentages write --y \"\(column)/100\""
        case .invalidPoint(let place, let problem): return "\(place): \(problem)"
        case .startNotFinite(let law, let start, let place):
            return "--start: \(law) has no finite value at \(place) for \(start)"
        case .missing(let column, let places, let source):
            let shown = Self.few(places)
            return "\(source): \(column) is empty in \(counted(places.count, "row")) (\(shown)); "
                + "--missing drop leaves them out"
        case .expression(let text, let offset, let problem):
            return Self.pointed(text, offset: offset, problem: problem)
        case .noRows(let why, let source): return "\(source): no row is left to fit: \(why)"
        case .option(let problem): return problem
        }
    }

    /// The first few are enough to find the cause.
    static func few(_ places: [String]) -> String {
        places.prefix(5).joined(separator: ", ") + (places.count > 5 ? ", …" : "")
    }

    /// `-5…0`
    static func interval(_ bounds: Bounds) -> String { "\(end(bounds.lower))…\(end(bounds.upper))" }

    private static func end(_ x: Double) -> String { x.isInfinite ? (x < 0 ? "-∞" : "∞") : significant(x) }

    private static func suggestion(_ word: String, _ known: [String]) -> String {
        if let near = closest(to: word, in: known) { return " (did you mean '\(near)'?)" }
        return " (known: \(known.joined(separator: ", ")))"
    }
}

/// "a", "a and b", "a, b and c".
func listed(_ names: [String]) -> String {
    guard let last = names.last, names.count > 1 else { return names.first ?? "" }
    return names.dropLast().joined(separator: ", ") + " and " + last
}
