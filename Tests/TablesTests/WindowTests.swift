import Foundation
import Testing

@testable import Tables

/// Files larger than the window through which they are read.
@Suite struct WindowTests {
    private func table(_ text: String, ending: String = "csv") throws -> (read: Table, whole: Table) {
        let path = FileManager.default.temporaryDirectory.path + "/assay-\(UUID().uuidString).\(ending)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let separator = UInt8(ascii: ending == "tsv" ? "\t" : ",")
        return (try Table.read(path), try Table.csv(Array(text.utf8), separator: separator))
    }

    @Test(arguments: ["\n", "\r\n", "\r"])
    func aFileOfManyWindowsReadsAsItsText(lineEnd: String) throws {
        var text = "\u{FEFF}id,score,note" + lineEnd
        for row in 0..<120_000 {
            text += "\(row),\(Double(row) / 7),\"a, \(row)\"" + lineEnd
            if row % 40_000 == 1 { text += lineEnd }
        }
        let found = try table(text)
        #expect(found.read == found.whole && found.read.rowCount == 120_000)
        for row in [0, 1, 2, 59_999, 119_999] { #expect(found.read.line(ofRow: row) == found.whole.line(ofRow: row)) }
    }

    /// The column is text from its last row on, and read again as text.
    @Test func aColumnThatTurnsToTextBehindTheFirstWindowIsText() throws {
        let text = "a\tb\n" + String(repeating: "1.50\t2\n", count: 300_000) + "x\t3\n"
        let found = try table(text, ending: "tsv")
        #expect(found.read == found.whole)
        #expect(try found.read.texts("a").prefix(2) == ["1.50", "1.50"])
    }

    @Test(arguments: [600_000, 1_048_570, 1_048_576, 5_000_000])
    func aRowLongerThanTheWindowIsRead(length: Int) throws {
        let long = String(repeating: "é\"\"", count: length / 4)
        let text = "a,b\n1,x\n2,\"\(long)\"\n3,\(String(repeating: "y", count: length))\r\n4,z"
        let found = try table(text)
        #expect(found.read == found.whole && found.read.rowCount == 4)
    }

    @Test func mistakesBehindTheFirstWindowNameTheirLine() throws {
        let rows = String(repeating: "1,2\n", count: 500_000)
        for (fault, reason) in [("1\n", "500002"), ("1,\"2\n", "500002"), ("1,\u{0}\n", "500002")] {
            let path = FileManager.default.temporaryDirectory.path + "/assay-\(UUID().uuidString).csv"
            defer { try? FileManager.default.removeItem(atPath: path) }
            try ("a,b\n" + rows + fault + rows).write(toFile: path, atomically: true, encoding: .utf8)
            let error = #expect(throws: TableError.self) { try Table.read(path) }
            #expect(error?.description.contains(":\(reason)") == true, "\(String(describing: error))")
        }
    }
}
