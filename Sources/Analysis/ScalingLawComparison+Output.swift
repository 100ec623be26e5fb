import Foundation
import Tables

extension ScalingLawComparison {
    private var all: [(pair: Pair, difference: Difference)] {
        pairs.flatMap { pair in pair.differences.map { (pair, $0) } }
    }

    /// One row per pair, n and quantity.
    public func table() -> Table {
        let all = all
        var columns = [
            Column("law", all.map(\.pair.law)), Column("first", all.map(\.pair.first)),
            Column("second", all.map(\.pair.second)), Column("quantity", all.map(\.difference.quantity.rawValue)),
        ]
        let numbers: [(String, (Difference) -> Double?)] = [
            ("n", \.n), ("first_value", \.first), ("second_value", \.second), ("difference", \.difference),
            ("standard_error", \.standardError), ("low", \.low), ("high", \.high), ("p_value", \.pValue),
            ("p_family", \.pFamily),
        ]
        for (name, value) in numbers { columns.append(Column(name, all.map { value($0.difference) ?? .nan })) }
        if margin != nil { columns.append(Column("p_equivalence", all.map { $0.difference.equivalence ?? .nan })) }
        return Table(columns)
    }

    /// One row per pair and test of shared against separate parameters.
    public func testTable() -> Table {
        let all = pairs.flatMap { pair in pair.tests.map { (pair: pair, test: $0) } }
        return Table([
            Column("law", all.map(\.pair.law)), Column("first", all.map(\.pair.first)),
            Column("second", all.map(\.pair.second)),
            Column("shared", all.map { $0.test.parameters.joined(separator: " ") }), Column("n", all.map(\.test.n)),
            Column("chi_square", all.map(\.test.statistic)), Column("df", all.map(\.test.degreesOfFreedom)),
            Column("p_value", all.map(\.test.pValue)), Column("f", all.map(\.test.f)),
            Column("f_df", all.map(\.test.fDenominator)), Column("f_p_value", all.map(\.test.fPValue)),
        ])
    }

    public func json() -> JSON {
        [
            "level": .number(level), "margin": JSON(margin), "method": .string(method),
            "p_method": "Holm over all differences",
            "pairs": .array(pairs.map { json($0) }),
        ]
    }

    private func json(_ pair: Pair) -> JSON {
        func group(_ index: Int) -> JSON {
            ScalingLawFit.object(groups[index].map { ($0.column, .string($0.value)) })
        }
        return [
            "law": .string(pair.law), "method": JSON(pair.method), "first": group(pair.groups[0]),
            "second": group(pair.groups[1]),
            "differences": .array(pair.differences.map { $0.json() }), "tests": .array(pair.tests.map { $0.json() }),
            "notes": JSON(pair.notes), "verdicts": JSON(verdicts(pair)),
        ]
    }

    /// The tables, and a sentence per pair.
    public func text() -> String {
        var parts = [
            "differences, first − second: \(significant(level * 100)) % intervals (\(method)), p_family by Holm\n"
        ]
        if !all.isEmpty { parts.append(table().formatted(.table)) }
        if pairs.contains(where: { !$0.tests.isEmpty }) {
            parts.append("\nshared against separate parameters (likelihood ratio and F)\n")
            parts.append(testTable().formatted(.table))
        }
        parts.append("\n")
        for pair in pairs {
            let tests = pair.tests.compactMap(\.note)
            for line in verdicts(pair) + (pair.notes + tests).map({ "note: \($0)" }) {
                parts.append("  [\(pair.first) | \(pair.second)]  \(line)\n")
            }
        }
        return parts.joined()
    }

    /// What the numbers allow to say. A difference that is not shown is not "no difference".
    func verdicts(_ pair: Pair) -> [String] {
        pair.differences.map { difference in
            let what = difference.quantity == .value ? "y" : "dy/d ln n"
            let place = "at n = \(significant(difference.n))"
            guard let p = difference.pFamily else { return "\(what) \(place): not known" }
            var sentence: String
            if p < 1 - level {
                let (lower, higher) = difference.difference < 0 ? (pair.first, pair.second) : (pair.second, pair.first)
                sentence = "\(what) of \(lower) is below that of \(higher) \(place) (p = \(significant(p, digits: 2)))"
            } else {
                sentence = "\(what) \(place): cannot tell the two apart (p = \(significant(p, digits: 2)))"
            }
            if let margin, let equivalence = difference.equivalence {
                let shown = "(p = \(significant(equivalence, digits: 2)))"
                sentence +=
                    equivalence < 1 - level
                    ? "; within ±\(significant(margin)) of each other \(shown)"
                    : "; not shown to be within ±\(significant(margin)) \(shown)"
            }
            return sentence
        }
    }
}

extension ScalingLawComparison.Difference {
    func json() -> JSON {
        [
            "quantity": .string(quantity.rawValue), "n": .exact(n), "first": ScalingLawFit.json(first),
            "second": ScalingLawFit.json(second), "difference": ScalingLawFit.json(difference),
            "standard_error": JSON(standardError), "low": JSON(low), "high": JSON(high), "p_value": JSON(pValue),
            "p_family": JSON(pFamily), "p_equivalence": JSON(equivalence),
        ]
    }
}

extension SharingTest {
    func json() -> JSON {
        [
            "shared": JSON(parameters), "n": .integer(n), "chi_square": ScalingLawFit.json(statistic),
            "df": .integer(degreesOfFreedom), "p_value": ScalingLawFit.json(pValue), "f": ScalingLawFit.json(f),
            "f_df": .integer(fDenominator), "f_p_value": ScalingLawFit.json(fPValue), "note": JSON(note),
        ]
    }
}
