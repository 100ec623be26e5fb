import Tables

/// Reads an expression by two stacks (shunting yard, Dijkstra 1961); errors carry the offset of the character at fault.
struct ExpressionParser {
    private let text: String
    private let characters: [Character]
    private var position = 0
    private var pending: [Pending] = []
    private var depth = 0
    /// The operand that was read last, for messages.
    private var last = 0..<0
    private var places: [String: Int] = [:]

    private(set) var names: [String] = []
    private(set) var offsets: [Int] = []
    private(set) var steps: [Expression.Step] = []

    /// What waits for its right operand or its closing parenthesis.
    private enum Pending {
        case sign
        case binary(ExpressionCode)
        case group(offset: Int)
        case call(name: String, code: ExpressionCode, arguments: Int, offset: Int)

        /// 0 for what only `)` ends.
        var precedence: Int {
            switch self {
            case .group, .call: 0
            case .binary(.add), .binary(.subtract): 1
            case .binary(.power): 4
            case .binary: 2
            case .sign: 3
            }
        }
    }

    static let deepest = 500

    init(_ text: String) {
        self.text = text
        characters = Array(text)
    }

    mutating func read() throws(ScalingLawError) {
        var expectsOperand = true
        while let next = peek() {
            if expectsOperand {
                expectsOperand = try !operand(next)
            } else {
                expectsOperand = try !operation(next)
            }
        }
        if steps.isEmpty && pending.isEmpty { throw error(at: 0, "the expression is empty") }
        if expectsOperand { throw error(at: characters.count, "something is missing at the end") }
        reduce(above: 0)
        switch pending.last {
        case .group(let offset): throw error(at: offset, "this '(' is never closed")
        case .call(let name, _, _, let offset): throw error(at: offset, "the '(' of \(name) is never closed")
        default: break
        }
    }

    private func error(at offset: Int, _ problem: String) -> ScalingLawError {
        .expression(text, offset: offset, problem: problem)
    }

    /// The next character that is not a space.
    private mutating func peek() -> Character? {
        while position < characters.count && characters[position].isWhitespace { position += 1 }
        return position < characters.count ? characters[position] : nil
    }

    private mutating func take(while isWanted: (Character) -> Bool) -> String {
        let start = position
        while position < characters.count && isWanted(characters[position]) { position += 1 }
        return String(characters[start..<position])
    }

    // MARK: - Where an operand is due

    /// Reads one token; true when the operand is complete.
    private mutating func operand(_ next: Character) throws(ScalingLawError) -> Bool {
        let start = position
        if next.isDigit || next == "." { return try number() }
        if next.startsName { return try word() }
        position += 1
        switch next {
        case "-": pending.append(.sign)
        case "+": break
        case "(": try open(.group(offset: start))
        case ")":
            if case .call(let name, let code, 0, let offset) = pending.last, characters[..<start].last == "(" {
                throw error(at: offset, Self.wrongCount(name, code))
            }
            throw error(at: start, "something is missing before ')'")
        case "*", "/", "^", ",": throw error(at: start, "something is missing before '\(next)'")
        default: throw unexpected(next, at: start)
        }
        return false
    }

    private mutating func open(_ parenthesis: Pending) throws(ScalingLawError) {
        depth += 1
        if depth > Self.deepest {
            throw error(at: position - 1, "parentheses are nested more than \(Self.deepest) deep")
        }
        pending.append(parenthesis)
    }

    private mutating func number() throws(ScalingLawError) -> Bool {
        let start = position
        var digits = take { $0.isDigit || $0 == "." }
        if let exponent = exponentLength() {
            digits += String(characters[position..<position + exponent])
            position += exponent
        }
        guard let value = Double(digits) else { throw error(at: start, "'\(digits)' is not a number") }
        guard value.isFinite else { throw error(at: start, "\(digits) is too large a number") }
        steps.append(.number(value))
        last = start..<position
        return true
    }

    /// `e`, perhaps a sign, and digits; nil where an `e` begins something else.
    private func exponentLength() -> Int? {
        func at(_ offset: Int) -> Character? {
            position + offset < characters.count ? characters[position + offset] : nil
        }
        guard at(0) == "e" || at(0) == "E" else { return nil }
        var length = at(1) == "-" || at(1) == "+" ? 2 : 1
        guard at(length)?.isDigit == true else { return nil }
        while at(length)?.isDigit == true { length += 1 }
        return length
    }

    private mutating func word() throws(ScalingLawError) -> Bool {
        let start = position
        let word = take(while: \.continuesName)
        let end = position
        let isCall = peek() == "("
        if let function = Expression.functions.first(where: { $0.name == word }) {
            guard isCall else { throw error(at: start, "\(word) is a function: write \(word)(…)") }
            position += 1
            try open(.call(name: word, code: function.code, arguments: 0, offset: start))
            return false
        }
        if isCall { throw error(at: start, Self.unknownFunction(word)) }
        last = start..<end
        if word == "pi" {
            steps.append(.number(.pi))
            return true
        }
        let place = places[word] ?? names.count
        if place == names.count {
            places[word] = place
            names.append(word)
            offsets.append(start)
        }
        steps.append(.name(place))
        return true
    }

    // MARK: - Where an operator is due

    /// Reads one token; true when it wants no further operand.
    private mutating func operation(_ next: Character) throws(ScalingLawError) -> Bool {
        let start = position
        let code: ExpressionCode
        position += 1
        switch next {
        case "+": code = .add
        case "-": code = .subtract
        case "*" where position < characters.count && characters[position] == "*":
            throw error(at: start, "a power is written x^2, not x**2")
        case "*": code = .multiply
        case "/": code = .divide
        case "^": code = .power
        case ",":
            try separate(at: start)
            return false
        case ")":
            try close(at: start)
            return true
        default: throw missingOperator(next, at: start)
        }
        let operation = Pending.binary(code)
        // A power binds to its right: what waits for the same precedence goes on waiting.
        reduce(above: code == .power ? operation.precedence : operation.precedence - 1)
        pending.append(operation)
        return false
    }

    /// Applies what waits with a higher precedence, up to the last open parenthesis.
    private mutating func reduce(above precedence: Int) {
        while let top = pending.last, top.precedence > precedence {
            pending.removeLast()
            if case .binary(let code) = top { steps.append(.apply(code)) } else { steps.append(.apply(.negate)) }
        }
    }

    private mutating func separate(at offset: Int) throws(ScalingLawError) {
        reduce(above: 0)
        guard case .call(let name, let code, let arguments, let start) = pending.popLast() else {
            throw error(at: offset, "',' only separates the arguments of min and max (a decimal point is '.')")
        }
        guard code.operandCount == 2 else { throw error(at: offset, Self.wrongCount(name, code)) }
        if arguments > 0 { steps.append(.apply(code)) }
        pending.append(.call(name: name, code: code, arguments: arguments + 1, offset: start))
    }

    private mutating func close(at offset: Int) throws(ScalingLawError) {
        reduce(above: 0)
        switch pending.popLast() {
        case .group(let start): last = start..<offset + 1
        case .call(let name, let code, let arguments, let start):
            guard code.operandCount == 1 || arguments > 0 else { throw error(at: start, Self.wrongCount(name, code)) }
            steps.append(.apply(code))
            last = start..<offset + 1
        default: throw error(at: offset, "this ')' closes nothing")
        }
        depth -= 1
    }
}

// MARK: - Wording

extension ExpressionParser {
    private static func wrongCount(_ name: String, _ code: ExpressionCode) -> String {
        code.operandCount == 1 ? "\(name) takes one argument" : "\(name) takes two or more arguments"
    }

    private static let otherWords = [
        "ln": "log(…), the natural logarithm", "log10": "log(…)/log(10)", "log2": "log(…)/log(2)", "log1p": "log(1+…)",
        "expm1": "exp(…)-1", "pow": "x^2 for a power", "tan": "sin(…)/cos(…)", "arctan": "atan(…)", "pi": "pi*(…)",
    ]

    private static func unknownFunction(_ word: String) -> String {
        let known = Expression.functions.map(\.name)
        if let other = otherWords[word] { return "'\(word)' is not a function here: write \(other)" }
        if let near = closest(to: word, in: known) { return "unknown function '\(word)' (did you mean '\(near)'?)" }
        return "'\(word)' is not a function (known: \(known.joined(separator: ", "))); a product is written \(word)*(…)"
    }

    private func missingOperator(_ next: Character, at offset: Int) -> ScalingLawError {
        guard next.startsName || next.isDigit || next == "." || next == "(" else { return unexpected(next, at: offset) }
        let end = characters[offset...].firstIndex { !$0.continuesName && $0 != "." } ?? characters.count
        let (left, right) = (characters[last], next == "(" ? characters[offset...offset] : characters[offset..<end])
        guard left.count + right.count <= 30 else { return error(at: offset, "an operator is missing here") }
        let example = "\(String(left))*\(String(right))" + (next == "(" ? "…)" : "")
        return error(at: offset, "an operator is missing here; a product is written \(example)")
    }

    private func unexpected(_ next: Character, at offset: Int) -> ScalingLawError {
        let hint =
            switch next {
            case "=": ": write the right-hand side alone"
            case "[", "]", "{", "}": ": write ( and )"
            case "×", "·", "⋅", "∗": ": write *"
            case "−", "–": ": write -"
            case "÷", ":": ": write /"
            case "²", "³", "¹": ": write ^ for a power"
            case "√": ": write sqrt(…)"
            case ";": ": one expression makes one law"
            default: ""
            }
        return error(at: offset, "unexpected '\(next)'" + hint)
    }
}

extension ScalingLawError {
    /// The problem, the text, and a caret under the character at `offset`; a long text is cut to 35 characters around it.
    static func pointed(_ text: String, offset: Int, problem: String) -> String {
        let characters = Array(text)
        let window = max(0, offset - 35)..<min(characters.count, offset + 36)
        var shown = window.lowerBound > 0 ? "…" : ""
        let caret = shown.count + offset - window.lowerBound
        shown += String(
            characters[window].map { $0.isWhitespace || $0.unicodeScalars.contains { $0.value < 32 } ? " " : $0 })
        if window.upperBound < characters.count { shown += "…" }
        return "character \(offset + 1): \(problem)\n    \(shown)\n    \(String(repeating: " ", count: caret))^"
    }
}
