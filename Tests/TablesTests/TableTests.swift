import Foundation
import Testing

@testable import Tables

@Suite struct TableTests {
    @Test func groupsStandInTheOrderOfTheirFirstRow() throws {
        let table = Table([Column("regime", ["SL", "HL", "SL", "HL"]), Column("ipc", [10.0, 10, 10, 50.5])])
        let groups = try table.groups(by: ["regime", "ipc"])
        #expect(groups.map(\.rows) == [[0, 2], [1], [3]])
        #expect(groups[2].key.map(\.1) == ["HL", "50.5"])
        #expect(try table.groups(by: []).map(\.rows) == [[0, 1, 2, 3]])
    }

    @Test func rowsWithAnEmptyCellAreToldApart() throws {
        let table = Table([Column("x", [1.0, .nan, 3]), Column("g", ["a", "b", ""]), Column("y", [.nan, 1.0, 1])])
        let complete = try table.complete(in: ["x", "g"])
        #expect(complete.rows == [0])
        #expect(complete.dropped == [1, 2])
        let words = try Table.csv("x,y\nNA,NA\n1,NA\n2,NA\n")
        #expect(words == Table([Column("x", [.nan, 1.0, 2]), Column("y", ["NA", "NA", "NA"])]))
        #expect(try words.complete(in: ["x"]).rows == [1, 2])
        #expect(try words.complete(in: ["y"]).rows == [])
    }

    @Test func misspellingsFindTheirWord() {
        let words = ["easiest", "hardest", "window", "random"]
        #expect(closest(to: "esiest", in: words) == "easiest")
        #expect(closest(to: "wnidow", in: words) == "window")
        #expect(closest(to: "RANDOM", in: words) == "random")
        #expect(closest(to: "goyal", in: words) == nil)
        #expect(closest(to: "", in: words) == nil)
        #expect(editDistance(Array("kitten"), Array("sitting")) == 3)
    }

    @Test func filesAreReadByEndingAndByContent() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("assay-tables-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let base = folder.path + "/t"
        let expected = Table([Column("a", [1, 2]), Column("b", ["x", "y"])])
        for (ending, text) in [
            (".csv", "a,b\n1,x\n2,y\n"), (".tsv", "a\tb\n1\tx\n2\ty\n"), (".txt", "a\tb\n1\tx\n2\ty\n"),
            (".jsonl", "{\"a\":1,\"b\":\"x\"}\n\n{\"b\":\"y\",\"a\":2}\n"),
            (".json", "[{\"a\":1,\"b\":\"x\"},\n {\"a\":2,\"b\":\"y\"}]"),
            (".log", "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"y\"}"),
        ] {
            try write(text, to: base + ending)
            #expect(try Table.read(base + ending) == expected, "\(ending)")
        }
        try expected.write(csv: base + ".csv")
        #expect(try Table.read(base + ".csv") == expected)
        let missing = #expect(throws: TableError.self) { try Table.read(base + ".none") }
        #expect(missing?.exitCode == 66)
        let directory = #expect(throws: TableError.self) { try Table.read("/tmp") }
        #expect(directory?.description == "/tmp: cannot be read: it is a directory")
        let unwritable = #expect(throws: TableError.self) { try expected.write(csv: "/proc/nowhere/t.csv") }
        #expect(unwritable?.exitCode == 74)
    }
}
