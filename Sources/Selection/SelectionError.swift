/// Why a subset cannot be chosen.
public enum SelectionError: Error, Sendable, Equatable, CustomStringConvertible {
    case classTooSmall(label: Int, count: Int, needed: Int)
    case tooFewSamples(count: Int, needed: Int)
    case nonFiniteScore(row: Int)
    case labelOutOfRange(row: Int, label: Int, classes: Int)
    case emptySubset

    public var exitCode: Int32 { 65 }

    public var description: String {
        switch self {
        case .classTooSmall(let label, let count, let needed):
            "class \(label) has \(count) samples, and \(needed) of each class are asked for"
        case .tooFewSamples(let count, let needed): "there are \(count) samples, and \(needed) are asked for"
        case .nonFiniteScore(let row): "the score in row \(row) is not a finite number"
        case .labelOutOfRange(let row, let label, let classes):
            "row \(row) has label \(label), and there are \(classes) classes"
        case .emptySubset: "the subset would be empty"
        }
    }
}
