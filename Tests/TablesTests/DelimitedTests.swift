import Randomness
import Testing

@testable import Tables

@Suite struct DelimitedTests {
    @Test func columnsTakeTheNarrowestType() throws {
        let table = try Table.csv("run,ipc,error,note\na,10,0.5,x\nb,50,,\nc,-3,1e-3,\"y, z\"\n")
        #expect(
            table
                == Table([
                    Column("run", ["a", "b", "c"]), Column("ipc", [10, 50, -3]), Column("error", [0.5, .nan, 1e-3]),
                    Column("note", ["x", "", "y, z"]),
                ]))
    }

    @Test(arguments: ["a,b\r\n1,2\r\n3,4\r\n", "\u{FEFF}a,b\n1,2\n3,4", "a,b\r1,2\r3,4\r", "\na,b\n\n1,2\n\n3,4\n\n"])
    func lineEndsMarksAndEmptyLinesAreAccepted(text: String) throws {
        #expect(try Table.csv(text) == Table([Column("a", [1, 3]), Column("b", [2, 4])]))
    }

    @Test func quotedFieldsKeepMarksSeparatorsAndLines() throws {
        let table = try Table.csv("name,\"x,1\"\n\"say \"\"hi\"\"\",1\n\"two\nlines\",2\n\"\",3\n")
        #expect(table == Table([Column("name", ["say \"hi\"", "two\nlines", ""]), Column("x,1", [1, 2, 3])]))
        #expect(table.line(ofRow: 1) == 3)
        #expect(table.line(ofRow: 2) == 5)
    }

    @Test func numbersFollowedByTextAreReadAsTheyStand() throws {
        let table = try Table.csv("a,b\n1.10,007\n2,NA\nx,3\n")
        #expect(table == Table([Column("a", ["1.10", "2", "x"]), Column("b", [7.0, .nan, 3])]))
        #expect(try table.texts("b") == ["7", "", "3"])
    }

    @Test func everyDoubleIsReadExactly() throws {
        // Halfway cases, subnormals, long mantissas: the literals are rounded by the compiler, an independent reader.
        let cases: [(String, Double)] = [
            ("0.1", 0.1), ("9007199254740993", 9_007_199_254_740_992),
            ("123456789012345678901234567890", 1.2345678901234568e29),
            ("2.2250738585072011e-308", Double(bitPattern: 0x000F_FFFF_FFFF_FFFF)),
            ("4.9e-324", .leastNonzeroMagnitude), ("1e22", 1e22),
            ("1e23", 1e23),
            ("0.000000000000000000000000000001", 1e-30), ("-.5", -0.5), ("5.", 5), ("+1E+2", 100),
            ("0.30000000000000004", 0.30000000000000004), ("1.7976931348623157e308", 1.7976931348623157e308),
            ("8.41", 8.41), ("inf", .infinity), ("-Infinity", -.infinity),
        ]
        for (text, value) in cases { #expect(number(text) == value, "\(text)") }
        #expect(number("nan")?.isNaN == true)
        for text in ["1e400", "0x10", "1e", "1e+", "1.2.3", "--1", "e5", ".", "-", "1_000", "1,5", "12a", "nanx"] {
            #expect(number(text) == nil, "\(text)")
        }
    }

    @Test(arguments: [
        ("", "runs.csv: the file is empty; a table needs a header line and rows"),
        ("a,b\n", "runs.csv: a header but no rows"),
        (
            "1,2\n3,4\n",
            "runs.csv:1: the first line is data (it starts with 1); add a header line that names the columns"
        ),
        ("a,b,a\n1,2,3\n", "runs.csv:1:5: two columns are called 'a'; rename one"),
        ("a,b\n1,2\n3\n", "runs.csv:3: 1 field, but the header names 2 columns"),
        ("a,b\n1,2\n\n3,4,5\n", "runs.csv:4: 3 fields, but the header names 2 columns"),
        ("a;b\n1;2\n", "runs.csv:1: the columns are separated by ';'; use commas or tabs"),
        ("a,b\n1,\"x\n2,3\n", "runs.csv:2:3: the quotation mark opened here is never closed"),
        (
            "a,b\n\"x\"y,1\n",
            "runs.csv:2:4: text after a closing quotation mark; write a mark within a quoted field twice"
        ),
        ("a,b\n1,2\0\n", "runs.csv:2:4: a NUL byte; this is not a text file in UTF-8 (save it as UTF-8 CSV)"),
    ])
    func faultsNameTheirPlace(text: String, message: String) {
        let error = #expect(throws: TableError.self) { try Table.csv(text, source: "runs.csv") }
        #expect(error?.description == message)
        #expect(error?.exitCode == 65)
    }

    @Test func textThatIsNotUTF8IsRefused() {
        let error = #expect(throws: TableError.self) { try Table.csv([0x61, 0x0A, 0x78, 0x0A, 0xFF], source: "t.csv") }
        #expect(error?.description == "t.csv:3:1: bytes that are not UTF-8; save the file as UTF-8")
    }

    @Test func textInANumberColumnNamesFileLineAndColumn() throws {
        let table = try Table.csv("a,b\n1,2\n\"x\n\",3\n1,abc\n", source: "t.csv")
        let error = #expect(throws: TableError.self) { try table.numbers("b") }
        #expect(error?.description == "t.csv:5:3: 'abc' in column 'b' is not a number")
        let picked = #expect(throws: TableError.self) { try table.rows([2]).numbers("b") }
        #expect(picked?.description == error?.description)
    }

    /// A commit's hash can look like such a number, and is no fault of the file.
    @Test func numbersBeyondADoubleAreFaultsWhereNumbersAreAskedFor() throws {
        let table = try Table.csv("a,commit,b\n1,12e4567,2\n3,\"12e4567\",-1e400\n", source: "t.csv")
        #expect(try table.numbers("a") == [1, 3] && table.texts("commit") == ["12e4567", "12e4567"])
        let error = #expect(throws: TableError.self) { try table.numbers("b") }
        #expect(error?.description == "t.csv:3:13: -1e400 in column 'b' is too large for a double")
        #expect(throws: TableError.self) { try table.refuseTooLarge() }
        try Table.csv("a,b\n1,2\n3,inf\n").refuseTooLarge()
        try Table.csv("a,b\n1,1e400\n3,run\n").refuseTooLarge()
        try Table.csv("a,commit\n1,12e4567\n3,1234567\n").refuseTooLarge()
        #expect(throws: TableError.self) { try Table.csv("a,b\n1,2\n2,1e40000\n").refuseTooLarge() }
    }

    @Test func anUnknownColumnGetsASuggestion() throws {
        let table = try Table.csv("test_error,ipc\n1,2\n", source: "t.csv")
        let near = #expect(throws: TableError.self) { try table.numbers("tets_error") }
        #expect(near?.description == "t.csv: no column 'tets_error' (did you mean 'test_error'?)")
        let far = #expect(throws: TableError.self) { try table.texts("loss") }
        #expect(far?.description == "t.csv: no column 'loss'; the columns are test_error, ipc")
        #expect(far?.exitCode == 64)
    }

    @Test func manyRowsAreReadRight() throws {
        let rows = 20_000
        let text = "i,x,name\n" + (0..<rows).map { "\($0),\(Double($0) / 7),r\($0 % 3)\n" }.joined()
        let table = try Table.csv(text)
        #expect(table.rowCount == rows)
        #expect(try table.numbers("x") == (0..<rows).map { Double($0) / 7 })
        #expect(try table.groups(by: ["name"]).map(\.rows.count) == [6667, 6667, 6666])
    }
}

@Suite struct NumberTests {
    /// The standard library's reader is the oracle.
    @Test func randomDecimalsAreReadLikeTheStandardLibraryReadsThem() {
        var generator = RandomStream(seed: 1, purpose: "test")
        for _ in 0..<20_000 {
            let x = Double(bitPattern: UInt64.random(in: 0..<(0x7FF << 52), using: &generator))
            #expect(number("\(x)") == x)
            let digits = UInt64.random(in: 0..<(1 << 63), using: &generator)
            let text = "0.\(digits)e\(Int.random(in: -30...30, using: &generator))"
            #expect(number(text) == Double(text), "\(text)")
        }
        // Beside the middle of two doubles: 2⁵³ + 1 ± a little, in 19 digits and tenths.
        for text in ["900719925474099.3", "900719925474099.30001", "900719925474099.2999", "9007199254740993.0"] {
            #expect(number(text) == Double(text), "\(text)")
        }
    }
}
