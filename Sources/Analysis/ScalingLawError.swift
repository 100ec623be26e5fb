import Tables

/// Why scaling laws could not be fitted at all; what goes wrong in one group is part of that group's result.
public enum ScalingLawError: Error, Sendable, Equatable, CustomStringConvertible {
    case unknownLaw(String)
    case columnCount(law: String, needed: [String], given: Int)
    case unknownParameter(String, option: String, known: [String])
    case outOfBounds(String, value: Double, low: Double, high: Double, option: String)
    case errorAboveOne(column: String, value: Double, place: String)
    case invalidPoint(place: String, problem: String)
    case expression(String, offset: Int, problem: String)
    case noRows(String)
    case option(String)

    /// 64 for what was asked, 65 for what the data hold.
    public var exitCode: Int32 {
        switch self {
        case .errorAboveOne, .invalidPoint, .noRows: 65
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
        case .outOfBounds(let name, let value, let low, let high, let option):
            return "\(option): \(name) = \(significant(value)) is outside its bounds \(significant(low))…"
                + significant(high)
        case .errorAboveOne(let column, let value, let place):
            return "\(place): \(column) is \(significant(value)), but an error lies in 0…1; "
                + "for percentages write --y \"\(column)/100\""
        case .invalidPoint(let place, let problem): return "\(place): \(problem)"
        case .expression(let text, let offset, let problem):
            return Self.pointed(text, offset: offset, problem: problem)
        case .noRows(let why): return "no row is left to fit: \(why)"
        case .option(let problem): return problem
        }
    }

    private static func suggestion(_ word: String, _ known: [String]) -> String {
        if let near = closest(to: word, in: known) { return " (did you mean '\(near)'?)" }
        return " (known: \(known.joined(separator: ", ")))"
    }
}
