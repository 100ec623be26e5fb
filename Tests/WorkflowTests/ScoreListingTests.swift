import Foundation
import Scoring
import Tables
import Testing

@testable import Workflow

@Suite struct ScoreListingTests {
    /// `ASSAY_UPDATE_GOLDEN=1` writes the tables anew.
    @Test func theDocsListEveryScoreAndCoreset() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "docs/scores.md").path
        let text = String(decoding: try fileContents(path), as: UTF8.self)
        var expected = text
        for (name, table) in [("scores", scoreListing()), ("coresets", coresetListing())] {
            let (begin, end) = ("<!-- \(name) -->\n", "<!-- end of \(name) -->")
            let first = try #require(expected.range(of: begin)), last = try #require(expected.range(of: end))
            expected.replaceSubrange(first.upperBound..<last.lowerBound, with: table.formatted(.md))
        }
        if ProcessInfo.processInfo.environment["ASSAY_UPDATE_GOLDEN"] == "1" { try Tables.write(expected, to: path) }
        #expect(text == expected, "docs/scores.md is not what Scores.table and CoresetRule.table say")
    }

    @Test func everyVariantHasARow() throws {
        let table = scoreListing()
        #expect(table.rowCount == Scores.table.reduce(0) { $0 + $1.variants.count })
        for row in try zip(table.texts("score"), table.texts("variant")) { _ = try ScoreRequest(row.0, variant: row.1) }
    }
}
