import Testing

@testable import Tables

@Suite struct OutputFormatTests {
    let table = Table([
        Column("objective", ["dm", "a_b|c"]), Column("m", [158, 7]), Column("rho", [0.381966011, .nan]),
        Column("note", ["50%", "say \"hi\", ok"]),
    ])

    @Test(arguments: [
        (
            OutputFormat.table,
            """
            objective    m      rho  note
            ─────────  ───  ───────  ────────────
            dm         158  0.38197  50%
            a_b|c        7        –  say "hi", ok

            """
        ),
        (
            .json,
            """
            [
              {"m":158,"note":"50%","objective":"dm","rho":0.381966011},
              {"m":7,"note":"say \\"hi\\", ok","objective":"a_b|c","rho":null}
            ]

            """
        ),
        (
            .csv,
            """
            objective,m,rho,note
            dm,158,0.381966011,50%
            a_b|c,7,,"say ""hi"", ok"

            """
        ),
        (
            .md,
            """
            | objective | m | rho | note |
            | --- | ---: | ---: | --- |
            | dm | 158 | 0.38197 | 50% |
            | a_b\\|c | 7 | – | say "hi", ok |

            """
        ),
        (
            .tex,
            """
            \\begin{tabular}{lrrl}
              \\toprule
              objective & m & rho & note \\\\
              \\midrule
              dm & 158 & 0.38197 & 50\\% \\\\
              a\\_b|c & 7 & -- & say "hi", ok \\\\
              \\bottomrule
            \\end{tabular}

            """
        ),
    ])
    func everyFormIsGolden(format: OutputFormat, text: String) {
        #expect(table.formatted(format) == text)
    }

    @Test func csvReadsBackTheSame() throws {
        #expect(try Table.csv(table.formatted(.csv)) == table)
        let numbers = Table([Column("x", [0.1, 1e300, 1 / 3, .leastNonzeroMagnitude, 12345678.9])])
        #expect(try Table.csv(numbers.formatted(.csv)) == numbers)
    }

    @Test func significantDigitsReadWell() {
        #expect(significant(0.123456789) == "0.12346")
        #expect(significant(2_400_000) == "2400000")
        #expect(significant(1e-7) == "1e-07")
        #expect(significant(0.5, digits: 2) == "0.5")
    }

    @Test func longNumbersInTextsAreShortened() {
        #expect(legible("0.43636363636363634") == "0.43636" && legible("-12.345678901") == "-12.346")
        for text in ["v1.10", "1.25", "12345678", "a.bcdefgh", "", "1.2.3.4.5"] { #expect(legible(text) == text) }
        #expect(counted(1, "run") == "1 run" && counted(0, "entry", "entries") == "0 entries")
    }
}
