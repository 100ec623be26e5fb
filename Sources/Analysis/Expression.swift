/// A formula in named quantities, as in `--law "b1*(1-exp(-b2*x))"`.
///
/// `+ - * / ^`, from the loosest to the closest; a sign stands between `*` and `^`, so that −x^2 = −(x^2); `^` is
/// right-associative. Parentheses, numbers, `pi`, and the functions of `Expression.functions`. It is kept as a flat
/// list in postfix order: neither reading nor using it nor letting it go recurses, however long it is.
struct Expression: Sendable, Equatable {
    enum Step: Sendable, Equatable {
        case number(Double)
        /// An index into `names`.
        case name(Int)
        /// Takes its operands from the steps before, leaves its result.
        case apply(ExpressionCode)
    }

    let text: String
    /// In the order of their first appearance, `pi` and functions left out.
    let names: [String]
    /// Where each name appears first, in characters from 0.
    let offsets: [Int]
    let steps: [Step]

    static let functions: [(name: String, code: ExpressionCode)] = [
        ("exp", .exp), ("log", .log), ("sqrt", .sqrt), ("sin", .sin), ("cos", .cos), ("atan", .atan), ("abs", .abs),
        ("min", .minimum), ("max", .maximum),
    ]

    /// Names that stand for something else than a quantity.
    static var reserved: [String] { functions.map(\.name) + ["pi"] }

    init(_ text: String) throws(ScalingLawError) {
        var parser = ExpressionParser(text)
        try parser.read()
        self.text = text
        names = parser.names
        offsets = parser.offsets
        steps = parser.steps
    }

    /// A text that is one column's name, whatever characters that has.
    init(name: String) {
        text = name
        names = [name]
        offsets = [0]
        steps = [.name(0)]
    }

    /// Whether a name can stand in an expression.
    static func canName(_ text: String) -> Bool {
        guard let first = text.first, first.startsName else { return false }
        return text.allSatisfy(\.continuesName) && !reserved.contains(text)
    }
}

extension Character {
    var startsName: Bool { isLetter || self == "_" }
    var continuesName: Bool { startsName || isDigit || ("\u{2080}"..."\u{2089}").contains(self) }
    var isDigit: Bool { ("0"..."9").contains(self) }
}
