import Foundation
import Testing

/// The rooms and what each may import: the table of Sources/README.md, read from there.
@Suite struct ImportTests {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// `| HDF5 | … | CHDF5 |` → `HDF5: [CHDF5]`; "all but assay" and "all" allow every room.
    static func table() throws -> [String: Set<String>] {
        let text = try String(contentsOf: root.appendingPathComponent("Sources/README.md"), encoding: .utf8)
        var rows: [String: Set<String>] = [:]
        for line in text.split(separator: "\n") where line.hasPrefix("| `") {
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 3 else { continue }
            let imports = words(cells[2])
            for room in words(cells[0]) { rows[room] = imports }
        }
        return rows
    }

    private static func words(_ cell: String) -> Set<String> {
        Set(cell.split { !($0.isLetter || $0.isNumber) }.map(String.init))
    }

    static func imports(of room: String) throws -> [(file: String, module: String)] {
        let folder = root.appendingPathComponent("Sources/\(room)")
        let files =
            FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? []
        return try files.filter { $0.pathExtension == "swift" }.flatMap { file in
            try String(contentsOf: file, encoding: .utf8).split(separator: "\n").compactMap { line in
                let words = line.split(separator: " ").filter {
                    !$0.hasPrefix("@") && !["internal", "public", "private"].contains($0)
                }
                guard words.first == "import", words.count == 2 else { return nil }
                return (file.lastPathComponent, String(words[1]))
            }
        }
    }

    static let standard: Set<String> = [
        "Foundation", "FoundationEssentials", "Glibc", "Darwin", "Dispatch", "Synchronization",
    ]

    @Test func everyRoomImportsOnlyWhatStandsInItsRow() throws {
        let table = try Self.table()
        let rooms = try FileManager.default.contentsOfDirectory(
            atPath: Self.root.appendingPathComponent("Sources").path
        )
        .filter { !$0.hasPrefix("C") && !$0.contains(".") }
        #expect(rooms.count > 15)
        for room in rooms {
            let allowed = try #require(table[room], "\(room) has no row in Sources/README.md")
            for (file, module) in try Self.imports(of: room) where !allowed.contains("all") {
                #expect(
                    allowed.contains(module) || Self.standard.contains(module),
                    "Sources/\(room)/\(file) imports \(module), which its row does not allow")
            }
        }
    }

    @Test func noModuleIsNamedLikeATypeInIt() throws {
        let rooms = try FileManager.default.contentsOfDirectory(
            atPath: Self.root.appendingPathComponent("Sources").path)
        for room in rooms where !room.contains(".") && !room.hasPrefix("C") {
            let folder = Self.root.appendingPathComponent("Sources/\(room)")
            let files =
                FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL }
                ?? []
            for file in files where file.pathExtension == "swift" {
                let text = try String(contentsOf: file, encoding: .utf8)
                for kind in ["struct", "enum", "class", "actor", "protocol"] {
                    #expect(
                        !text.contains("\(kind) \(room) ") && !text.contains("\(kind) \(room):"),
                        "\(file.lastPathComponent) names a type like its module")
                }
            }
        }
    }
}
