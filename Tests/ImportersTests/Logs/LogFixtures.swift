import Foundation
import Records
import Tables
import Testing

@testable import Importers

/// The golden files of the real writers, and what they hold.
enum LogFixtures {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/logs").path

    static func path(_ name: String) -> String { folder + "/" + name }

    static func expected(_ name: String) throws -> JSON {
        try JSON.parse([UInt8](Data(contentsOf: URL(fileURLWithPath: path(name)))))
    }

    static func bytes(_ name: String) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: URL(fileURLWithPath: path(name))))
    }
}

/// A folder that is gone after the test.
final class TemporaryFolder {
    let path = NSTemporaryDirectory() + "assay-logs-" + UUID().uuidString

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        let file = URL(fileURLWithPath: path + "/" + name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
        return file.path
    }
}

struct NoSuchColumn: Error, CustomStringConvertible {
    let description: String
}

extension ImportOptions {
    /// Options with a calculator of the form `1-NAME/100` and `NAME/100`.
    static func testing(_ change: (inout ImportOptions) -> Void = { _ in }) -> ImportOptions {
        var options = ImportOptions { expression, columns in
            let isComplement = expression.hasPrefix("1-")
            let name = String(expression.dropFirst(isComplement ? 2 : 0).prefix { $0 != "/" })
            guard expression.hasSuffix("/100"), let column = columns[name] else {
                throw NoSuchColumn(description: "no column '\(name)'")
            }
            return column.map { isComplement ? 1 - $0 / 100 : $0 / 100 }
        }
        change(&options)
        return options
    }
}

/// Equality of a column with expected values; null is NaN, "inf" infinity. Values pass through the text of a file in
/// shortest form, so that nothing is rounded.
func expectColumn(
    _ run: ImportedRun, _ name: String, _ expected: JSON?, sourceLocation: SourceLocation = #_sourceLocation
) {
    guard let values = run.metrics[name] else {
        Issue.record("no '\(name)' among \(run.metrics.keys.sorted())", sourceLocation: sourceLocation)
        return
    }
    expectNumbers(values, expected, name, sourceLocation: sourceLocation)
}

func expectNumbers(
    _ values: [Double], _ expected: JSON?, _ name: String, sourceLocation: SourceLocation = #_sourceLocation
) {
    let wanted = (expected?.items ?? []).map { $0 == .null ? .nan : $0 == "inf" ? .infinity : $0.double ?? -1 }
    #expect(values.count == wanted.count, "\(name)", sourceLocation: sourceLocation)
    for (i, (a, b)) in zip(values, wanted).enumerated() {
        #expect(a == b || (a.isNaN && b.isNaN), "\(name)[\(i)]: \(a), expected \(b)", sourceLocation: sourceLocation)
    }
}

extension [ImportedRun] {
    func run(_ id: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> ImportedRun {
        try #require(
            first { $0.description.id == id }, "no run '\(id)' among \(map(\.description.id))",
            sourceLocation: sourceLocation)
    }
}

extension ImportedRun {
    func notes(with text: String) -> Int { notes.count { $0.contains(text) } }
    func warnings(with text: String) -> Int { warnings.count { $0.contains(text) } }

    /// All values of an array, checkpoint after checkpoint, read in two blocks.
    func values(_ object: String) throws -> [Float] {
        let array = try #require(arrays.first { $0.object == object })
        let (checkpoints, rows) = (array.shape[0], array.shape[1])
        return try (0..<checkpoints).flatMap { checkpoint in
            try array.read(checkpoint, 0..<rows / 2) + array.read(checkpoint, rows / 2..<rows)
        }
    }
}

extension JSON {
    /// The numbers of nested arrays, row-major.
    var flattened: [Float] { items.map { $0.flatMap(\.flattened) } ?? double.map { [Float($0)] } ?? [] }
}
