import Randomness
import Testing

@testable import Analysis

/// What is wrong with a text, and under which character the caret stands.
private func mistake(_ text: String) -> (offset: Int, problem: String, shown: [Substring])? {
    do {
        _ = try Analysis.Expression(text)
        return nil
    } catch {
        guard case .expression(_, let offset, let problem) = error else { return nil }
        return (offset, problem, error.description.split(separator: "\n", omittingEmptySubsequences: false))
    }
}

@Suite struct ExpressionErrorTests {
    @Test(arguments: [
        ("", 0, "the expression is empty"),
        ("  ", 0, "the expression is empty"),
        ("b*", 2, "something is missing at the end"),
        ("exp(", 4, "something is missing at the end"),
        ("(a + b", 0, "this '(' is never closed"),
        ("a*(b + c", 2, "this '(' is never closed"),
        ("a*exp(b", 2, "the '(' of exp is never closed"),
        ("a + b)", 5, "this ')' closes nothing"),
        ("(a + )", 5, "something is missing before ')'"),
        ("()", 1, "something is missing before ')'"),
        ("a + * b", 4, "something is missing before '*'"),
        ("min(, b)", 4, "something is missing before ','"),
        ("2x", 1, "an operator is missing here; a product is written 2*x"),
        ("2.5 x1 + b", 4, "an operator is missing here; a product is written 2.5*x1"),
        ("(a + b) c", 8, "an operator is missing here; a product is written (a + b)*c"),
        ("(a)(b)", 3, "an operator is missing here; a product is written (a)*(…)"),
        ("a b", 2, "an operator is missing here; a product is written a*b"),
        ("3 4", 2, "an operator is missing here; a product is written 3*4"),
        ("2exp(x)", 1, "an operator is missing here; a product is written 2*exp"),
        ("0x10", 1, "an operator is missing here; a product is written 0*x10"),
        ("a*expp(x)", 2, "unknown function 'expp' (did you mean 'exp'?)"),
        ("sqr(x)", 0, "unknown function 'sqr' (did you mean 'sqrt'?)"),
        ("ln(x)", 0, "'ln' is not a function here: write log(…), the natural logarithm"),
        ("pow(x, 2)", 0, "'pow' is not a function here: write x^2 for a power"),
        ("b + pi(x)", 4, "'pi' is not a function here: write pi*(…)"),
        ("exp + 1", 0, "exp is a function: write exp(…)"),
        ("a*log x", 2, "log is a function: write log(…)"),
        ("exp()", 0, "exp takes one argument"),
        ("1 + exp(a, b)", 9, "exp takes one argument"),
        ("a + min(b)", 4, "min takes two or more arguments"),
        ("a, b", 1, "',' only separates the arguments of min and max (a decimal point is '.')"),
        ("max(1, (2, 3))", 9, "',' only separates the arguments of min and max (a decimal point is '.')"),
        ("a*1e999", 2, "1e999 is too large a number"),
        ("1 + 3..4", 4, "'3..4' is not a number"),
        (".", 0, "'.' is not a number"),
        ("x**2", 1, "a power is written x^2, not x**2"),
        ("x & 1", 2, "unexpected '&'"),
        ("y = a*x", 2, "unexpected '=': write the right-hand side alone"),
        ("a·x", 1, "unexpected '·': write *"),
        ("a*x²", 3, "unexpected '²': write ^ for a power"),
        ("[a + b]", 0, "unexpected '[': write ( and )"),
        ("αβ*x + 2é", 8, "an operator is missing here; a product is written 2*é"),
        ("👩‍👩‍👧 + 1", 0, "unexpected '👩‍👩‍👧'"),
    ]) func theCaretStandsUnderTheMistake(text: String, offset: Int, problem: String) throws {
        let found = try #require(mistake(text))
        #expect(found.offset == offset && found.problem == problem)
        try #require(found.shown.count == 3)
        #expect(found.shown[0] == "character \(offset + 1): \(problem)")
        #expect(found.shown[1] == "    " + text)
        #expect(found.shown[2] == String(repeating: " ", count: 4 + offset) + "^")
    }

    @Test func aLongTextIsCutAroundTheCaret() throws {
        let text = String(repeating: "a + ", count: 100) + "2x" + String(repeating: " + b", count: 100)
        let shown = try #require(mistake(text)).shown
        #expect(shown[1].count == 4 + 71 + 2 && shown[1].hasPrefix("    …") && shown[1].hasSuffix("…"))
        let caret = try #require(shown[2].firstIndex(of: "^"))
        #expect(Array(shown[1])[shown[2].distance(from: shown[2].startIndex, to: caret)] == "x")
        #expect(try #require(mistake("a" + String(repeating: " + a", count: 100) + " +")).shown[1].hasSuffix("a +"))
    }

    @Test func linesAreShownAsOne() throws {
        #expect(
            try #require(mistake("a +\n\tb c")).shown == [
                "character 8: an operator is missing here; a product is written b*c", "    a +  b c", "           ^",
            ])
    }

    @Test func nestingHasAnEnd() throws {
        #expect(mistake(String(repeating: "(", count: 500) + "x" + String(repeating: ")", count: 500)) == nil)
        let deep = try #require(mistake(String(repeating: "exp(", count: 10_000)))
        #expect(deep.offset == 4 * 500 + 3 && deep.problem == "parentheses are nested more than 500 deep")
    }

    /// Whatever is typed is either an expression or a mistake with a place.
    @Test(arguments: 0..<8) func garbageIsLocated(seed: Int) throws {
        let alphabet = Array("xxyab12.50e+-*/^^(()),, _expminlogsqrtpi=²é\t👩‍👩‍👧")
        var stream = RandomStream(seed: seed, purpose: "garbage")
        for _ in 0..<2000 {
            let text = String(
                (0..<stream.integer(below: 30)).map { _ in alphabet[stream.integer(below: alphabet.count)] })
            if let found = mistake(text) {
                #expect((0...text.count).contains(found.offset) && found.shown.count == 3, "\(text)")
                #expect(found.shown[2].count == found.offset + 5)
            } else if let law = try? ExpressionLaw(text, columns: ["x"]) {
                // Numbers of any kind, but a number for every row.
                let values = law.values([Double](repeating: 0.5, count: law.parameters.count), at: LawPoints([[1, 2]]))
                #expect(values.count == 2)
            }
        }
    }

    /// Garbage that is right more often: an expression from which one character is gone.
    @Test func missingCharactersAreLocated() {
        let text = Array("E + A/N^alpha*(1 - exp(-b*x)) + min(a, 2.5e-3, x)")
        for gone in text.indices {
            var characters = text
            characters.remove(at: gone)
            if let found = mistake(String(characters)) { #expect((0...characters.count).contains(found.offset)) }
        }
    }
}
