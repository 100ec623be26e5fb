import Testing

@testable import Tables

@Suite struct JSONTests {
    @Test func textHasSortedKeysAndShortestNumbers() {
        let value: JSON = ["b": [1, 2.5, nil], "a": ["x": 0.1, "y": .number(.nan)], "c": "q\"\n\u{1}é", "d": []]
        #expect(value.text(pretty: false) == #"{"a":{"x":0.1,"y":null},"b":[1,2.5,null],"c":"q\"\n\u0001é","d":[]}"#)
        #expect(
            value.text() == """
                {
                  "a": {
                    "x": 0.1,
                    "y": null
                  },
                  "b": [1, 2.5, null],
                  "c": "q\\"\\n\\u0001é",
                  "d": []
                }

                """)
    }

    @Test func wholeNumbersAreIntegersWhileExact() {
        #expect(JSON.exact(-3) == .integer(-3) && JSON.exact(2.5) == .number(2.5))
        #expect(JSON.exact(0x1p53 - 1) == .integer(9_007_199_254_740_991) && JSON.exact(0x1p53) == .number(0x1p53))
        #expect(JSON.exact(-.infinity) == .number(-.infinity) && JSON.exact(.nan).int == nil)
    }

    @Test func whatIsWrittenReadsBackTheSame() throws {
        let value: JSON = [
            "numbers": [0.1, 1e-300, 1.7976931348623157e308, .number(.leastNonzeroMagnitude), -0.0, 100000.0],
            "n": .integer(.max), "e": [:],
            "nested": [["a": [[1], []]], true, nil, "\u{1F600}\\/\u{7}"],
        ]
        #expect(try JSON.parse(value.text()) == value)
        #expect(try JSON.parse(value.text(pretty: false)) == value)
    }

    @Test func escapesAndPythonsNumbersAreRead() throws {
        #expect(try JSON.parse(#" "\ud83d\ude00\u00e9\/\b" "#) == .string("😀é/\u{8}"))
        #expect(try JSON.parse("[Infinity,-Infinity,1E2,-0]") == [.number(.infinity), .number(-.infinity), 100.0, 0])
        guard case .number(let x) = try JSON.parse("NaN") else { throw JSONError(line: 0, column: 0, problem: "") }
        #expect(x.isNaN)
    }

    @Test(arguments: [
        ("", "1:1: the JSON text ends too early"),
        ("{\"a\": 1,\n \"a\": 2}", "2:2: the key \"a\" occurs twice"),
        ("[1, 2", "1:6: the JSON text ends before ']'"),
        ("[1 2]", "1:4: expected ',' or ']'"),
        ("{\"a\" 1}", "1:6: expected ':' after the key \"a\""),
        ("[1,]", "1:4: unexpected character"),
        ("{a: 1}", "1:2: expected a key in quotation marks"),
        ("[tru]", "1:2: 'tru' is not a JSON value"),
        ("\"abc", "1:1: a string is not closed"),
        ("\"\\x\"", "1:3: an unknown escape in a string"),
        ("\"\\ud800\"", "1:8: half a surrogate pair in a string"),
        ("1 2", "1:3: text after the end of the JSON value"),
    ])
    func faultsNameTheirPlace(text: String, message: String) {
        let error = #expect(throws: JSONError.self) { try JSON.parse(text) }
        #expect(error?.description == message)
    }

    @Test func deepNestingIsRefused() {
        let error = #expect(throws: JSONError.self) { try JSON.parse(String(repeating: "[", count: 100_000)) }
        #expect(error?.problem == "more than 512 levels of nesting")
    }

    @Test func linesOfObjectsBecomeColumns() throws {
        let table = try Table.jsonLines(
            "{\"step\":1,\"loss\":0.5,\"tag\":\"a\"}\n{\"step\":2,\"loss\":NaN,\"m\":{\"z\":1,\"acc\":[1,2]}}\n")
        #expect(
            table
                == Table([
                    Column("step", [1, 2]), Column("loss", [0.5, .nan]), Column("tag", ["a", ""]),
                    Column("m.acc", ["", "[1,2]"]), Column("m.z", [.nan, 1.0]),
                ]))
    }

    @Test(arguments: [
        ("{\"a\":1}\n[2]\n", "t.jsonl:2:1: expected one JSON object per line"),
        ("{\"a\":1}\n{\"a\":}\n", "t.jsonl:2:6: unexpected character"),
        ("{\"a\":1} x\n", "t.jsonl:1:9: text after the end of the JSON value"),
        ("\n\n", "t.jsonl: a header but no rows"),
    ])
    func brokenLinesAreNamed(text: String, message: String) {
        let error = #expect(throws: TableError.self) { try Table.jsonLines(text, source: "t.jsonl") }
        #expect(error?.description == message)
    }
}
