/// Why a subset cannot be chosen.
public enum SelectionError: Error, Sendable, Equatable, CustomStringConvertible {
    case classTooSmall(label: Int, count: Int, needed: Int)
    case tooFewSamples(count: Int, needed: Int)
    case nonFiniteScore(row: Int)
    case labelOutOfRange(row: Int, label: Int, classes: Int)
    case emptySubset
    /// A window that starts at a rank does not fit; the label is nil where all classes are chosen from together.
    case windowBeyondEnd(label: Int?, count: Int, start: Int, needed: Int)
    /// The hard cut leaves too few; the label is nil where all classes are chosen from together.
    case cutTooDeep(label: Int?, left: Int, needed: Int)
    /// A mean target probability is not in 0…1.
    case probabilityOutOfRange(row: Int, value: Double)
    case negativeScore(row: Int, value: Double)
    /// A weight is infinite: the sample was always predicted with certainty and its score is not 0.
    case infiniteWeight(row: Int)
    /// Too few samples have a weight above 0; the label is nil where all classes are chosen from together.
    case tooFewWeights(label: Int?, positive: Int, needed: Int)
    /// A subset names a row that its data set does not have.
    case rowOutOfRange(place: Int, row: Int, count: Int)
    case repeatedRow(place: Int, row: Int)
    /// The rule needs softmax errors and was given none.
    case missingErrors
    case nonFiniteElement(CoresetInput, row: Int, column: Int)
    /// So large that sums of squares overflow.
    case hugeElement(CoresetInput, row: Int, column: Int)
    /// Softmax minus one-hot label is −1…0 for the label and 0…1 elsewhere.
    case notSoftmaxError(CoresetInput, row: Int, column: Int)
    case noValidation(label: Int?)

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
        case .windowBeyondEnd(let label, let count, let start, let needed):
            "\(Self.whole(label)) \(count) samples: a window of \(needed) cannot start at rank \(start) "
                + "(start at \(max(0, count - needed)) or before)"
        case .cutTooDeep(let label, let left, let needed):
            "\(Self.whole(label)) \(left) samples after the hard cut, and \(needed) are asked for (cut less)"
        case .probabilityOutOfRange(let row, let value):
            "the mean target probability in row \(row) is \(value): it must lie in 0...1"
        case .negativeScore(let row, let value):
            "the score in row \(row) is \(value): beta sampling draws in proportion to scores of 0 or more"
        case .infiniteWeight(let row):
            "the mean target probability in row \(row) is exactly 0 or 1 and its score is not 0: its weight is infinite"
        case .tooFewWeights(let label, let positive, let needed):
            "\(Self.whole(label)) \(positive) samples with a weight above 0, and \(needed) are asked for"
        case .rowOutOfRange(let place, let row, let count):
            "entry \(place) of the subset is row \(row), and the data set has \(count) rows"
        case .repeatedRow(let place, let row): "entry \(place) of the subset repeats row \(row)"
        case .missingErrors: "this rule needs the softmax errors p − e beside the features (log logits or p)"
        case .nonFiniteElement(let input, let row, let column):
            "the \(input.rawValue) in row \(row), column \(column) is NaN or infinite"
        case .hugeElement(let input, let row, let column):
            "the \(input.rawValue) in row \(row), column \(column) is beyond 2⁶⁰: scale all of them down"
        case .notSoftmaxError(let input, let row, let column):
            "the \(input.rawValue) in row \(row), column \(column) is not softmax minus one-hot label"
        case .noValidation(let label):
            "there are no validation samples" + (label.map { " of class \($0)" } ?? "")
        }
    }

    private static func whole(_ label: Int?) -> String { label.map { "class \($0) has" } ?? "there are" }
}
