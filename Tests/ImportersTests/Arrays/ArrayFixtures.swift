import Foundation
import Importers
import RunStore
import Tables
import Testing

/// The golden files and what their writers put in (Fixtures/arrays/make_arrays.py).
enum ArrayFixtures {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/arrays").path

    struct Case: Sendable, CustomTestStringConvertible {
        var json: JSON
        var name: String { json["name"]?.string ?? "" }
        var paths: [String] { (json["paths"]?.items ?? []).compactMap(\.string).map { folder + "/" + $0 } }
        var error: String? { json["error"]?.string }
        var testDescription: String { name }

        var importer: Importer {
            switch json["kind"]?.string {
            case "pt": .pt
            case "h5": .h5
            default: .npy
            }
        }

        var options: ImportOptions {
            ImportOptions(
                map: (json["map"]?.members ?? [:]).compactMapValues(\.string),
                duplicates: json["duplicates"]?.string.flatMap(Duplicates.init) ?? .first,
                epochBase: json["epochBase"]?.int, stepsPerEpoch: json["stepsPerEpoch"]?.double
            ) { expression, columns in
                // The one expression of the fixtures: 1-NAME/100.
                let name = expression.dropFirst(2).dropLast(4)
                return (columns[String(name)] ?? []).map { 1 - $0 / 100 }
            }
        }
    }

    static let cases: [Case] = {
        ["cases.json", "files.json"].flatMap { name -> [Case] in
            guard let bytes = try? fileContents(folder + "/" + name), let items = try? JSON.parse(bytes).items else {
                return []
            }
            return items.map { Case(json: $0) }
        }
    }()

    static func numbers(_ json: JSON?) -> [Double] { (json?.items ?? []).compactMap(\.double) }

    /// What an import without a mapping reads.
    static func options(
        id: String? = nil, map: [String: String] = [:], attributes: [String: String] = [:]
    ) -> ImportOptions {
        ImportOptions(id: id, attributes: attributes, map: map) { _, _ in [] }
    }
}

/// A folder of its own for one test, removed afterwards.
struct ScratchFolder: ~Copyable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/assay-arrays-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        let file = path + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }
}
