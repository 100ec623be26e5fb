import Tables
import Testing

@testable import Figures

@Suite struct ReportTests {
    static let report = Report(
        title: "a < b", question: "Does \"x\" & y?",
        sections: [
            .init(
                title: "One", text: ["p > 0.05"], warnings: ["τ is <not> bounded"],
                tables: [
                    (
                        caption: "t.csv",
                        table: Table([
                            Column("name", ["<script>", "b"]), Column("n", [1, 2]), Column("y", [0.12345, .nan]),
                        ])
                    )
                ],
                figures: [
                    (
                        caption: "f",
                        svg:
                            "<?xml version='1.0'?>\n<svg id=\"g\"><use xlink:href='#g'/><path clip-path=\"url(#c)\"/></svg>"
                    ),
                    (caption: "g", svg: "<svg id='g'></svg>"),
                ])
        ])

    @Test func everyTextIsEscaped() {
        let html = Self.report.html()
        for text in [
            "<title>a &lt; b</title>", "Does &quot;x&quot; &amp; y?", "p &gt; 0.05", "τ is &lt;not&gt; bounded",
            "&lt;script&gt;",
        ] {
            #expect(html.contains(text), "\(text)")
        }
        #expect(!html.contains("<script"))
    }

    @Test func picturesInOnePageHaveIdsOfTheirOwn() {
        let html = Self.report.html()
        #expect(html.contains("<svg id=\"f1-g\"><use xlink:href='#f1-g'/><path clip-path=\"url(#f1-c)\"/></svg>"))
        #expect(html.contains("<svg id='f2-g'></svg>"))
        #expect(!html.contains("<?xml"))
    }

    @Test func numbersStandRightAndEmptyCellsStayEmpty() {
        let html = Self.report.html()
        #expect(html.contains("<td class=\"n\">1</td><td class=\"n\">0.1235</td>"))
        #expect(html.contains("<td class=\"n\">2</td><td class=\"n\"></td>"))
    }

    @Test func thePageNeedsNoNetwork() {
        let html = Self.report.html()
        #expect(!html.contains("http"))
        #expect(!html.contains("src="))
    }
}
