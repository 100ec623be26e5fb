import Randomness
import Scoring
import Selection
import Tables
import Testing

@Suite struct SubsetComparisonTests {
    private let labels: [Int32] = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2]

    @Test func countsInAllAndPerClass() throws {
        let comparison = try SubsetComparison([0, 1, 4, 5], [5, 0, 2, 6], labels: labels, classes: 4)
        #expect(comparison.all == .init(population: 10, first: 4, second: 4, common: 2))
        #expect(comparison.all.jaccard == 2.0 / 6)
        #expect(
            comparison.byClass == [
                .init(population: 4, first: 2, second: 2, common: 1),
                .init(population: 3, first: 2, second: 2, common: 1),
                .init(population: 3, first: 0, second: 0, common: 0),
                .init(population: 0, first: 0, second: 0, common: 0),
            ])
        #expect(comparison.byClass[2].jaccard == nil && comparison.byClass[2].expectedJaccard == nil)
        // 0, 1 and 2 in common of the first class with 1/6, 4/6, 1/6; 1 and 2 of the second with 2/3, 1/3.
        let expected = (1 / 7.0 * 2 + 2 / 6.0 * (1 + 8) + 3 / 5.0 * (4 + 2) + 4 / 4.0) / 18
        #expect(near(comparison.expectedWithinClasses, expected, 1e-14))
    }

    @Test func equalAndDisjointSubsets() throws {
        let equal = try SubsetComparison([3, 9], [9, 3], labels: labels, classes: 3)
        #expect(equal.all.jaccard == 1)
        let disjoint = try SubsetComparison([3, 9], [1], labels: labels, classes: 3)
        #expect(disjoint.all.jaccard == 0)
        let empty = try SubsetComparison([], [], labels: labels, classes: 3)
        #expect(empty.all.jaccard == nil && empty.expectedWithinClasses == nil)
    }

    /// SciPy's hypergeometric distribution; its and our logarithms of factorials of a million lose 7 digits.
    @Test(arguments: Oracle.selection.cases("expected_jaccard")) func expectedJaccardIsSciPys(_ json: JSON) {
        let overlap = SubsetComparison.Overlap(
            population: json.integer("population"), first: json.integer("first"), second: json.integer("second"),
            common: 1)
        let tolerance = json.integer("population") > 10_000 ? 1e-7 : 1e-11
        #expect(near((overlap.expectedJaccard ?? .nan) / json.number("mean"), 1, tolerance))
    }

    @Test(arguments: Oracle.selection.cases("expected_within")) func expectedWithinClassesIsSciPys(_ json: JSON) throws
    {
        let classes = try #require(json["classes"]?.items).map { $0.items?.compactMap(\.int) ?? [] }
        var (labels, first, second): ([Int32], [Int], [Int]) = ([], [], [])
        for (label, sizes) in classes.enumerated() {
            first += labels.count..<labels.count + sizes[1]
            second += labels.count..<labels.count + sizes[2]
            labels += [Int32](repeating: Int32(label), count: sizes[0])
        }
        let comparison = try SubsetComparison(first, second, labels: labels, classes: classes.count)
        #expect(near((comparison.expectedWithinClasses ?? .nan) / json.number("mean"), 1, 1e-11))
    }

    @Test func badRowsAreNamed() {
        func compare(_ first: [Int], _ second: [Int]) throws -> SubsetComparison {
            try SubsetComparison(first, second, labels: labels, classes: 3)
        }
        #expect(throws: SelectionError.rowOutOfRange(place: 1, row: 10, count: 10)) { try compare([0, 10], [1]) }
        #expect(throws: SelectionError.rowOutOfRange(place: 0, row: -1, count: 10)) { try compare([1], [-1]) }
        let error = #expect(throws: SelectionError.self) { try compare([1], [4, 2, 4]) }
        #expect(error?.description == "entry 2 of the subset repeats row 4")
        #expect(throws: SelectionError.labelOutOfRange(row: 7, label: 2, classes: 2)) {
            try SubsetComparison([0], [1], labels: labels, classes: 2)
        }
    }
}

@Suite struct SubsetDistributionTests {
    private func candidates(_ scores: [Double]) -> Candidates {
        Candidates(
            scores: scores, direction: .highIsHard, labels: scores.indices.map { Int32($0 % 3) }, classes: 3,
            ids: scores.indices.map { Int64($0) })
    }

    /// NumPy's histogram, whose edges may differ in the last bit.
    @Test(arguments: Oracle.selection.cases("histogram")) func binsAreNumPys(_ json: JSON) throws {
        let all = candidates(json.numbers("scores"))
        let rows = Array(stride(from: 1, to: all.scores.count, by: 4))
        let distribution = try SubsetDistribution(rows, of: all, bins: json.integer("bins"))
        #expect(distribution.scoresOfAll == json.integers("counts"))
        for (edge, expected) in zip(distribution.edges, json.numbers("edges")) { #expect(near(edge, expected, 1e-14)) }
        let own = try SubsetDistribution(
            Array(rows.indices),
            of: candidates(rows.map { all.scores[$0] } + [all.scores.min() ?? 0, all.scores.max() ?? 0]),
            bins: json.integer("bins"))
        #expect(distribution.scoresOfSubset == own.scoresOfSubset)
        #expect(distribution.scoresOfSubset.reduce(0, +) == rows.count)
        for label in 0..<3 {
            #expect(distribution.classesOfAll[label] == all.labels.count { $0 == label })
            #expect(distribution.classesOfSubset[label] == rows.count { all.labels[$0] == label })
        }
    }

    @Test func oneScoreThatAllShareIsInTheMiddle() throws {
        let distribution = try SubsetDistribution([0, 2], of: candidates([2, 2, 2, 2]), bins: 3)
        #expect(distribution.scoresOfAll == [0, 4, 0] && distribution.scoresOfSubset == [0, 2, 0])
        #expect(distribution.edges == [0.5, 1.5, 2.5, 3.5])
        for score in [1e17, -1e300, .greatestFiniteMagnitude] {
            let far = try SubsetDistribution([0], of: candidates([score, score]), bins: 4)
            #expect(far.scoresOfAll.reduce(0, +) == 2 && far.edges == far.edges.sorted())
        }
    }

    @Test func badInputIsRefused() {
        #expect(throws: SelectionError.nonFiniteScore(row: 1)) {
            try SubsetDistribution([0], of: candidates([1, .infinity]))
        }
        #expect(throws: SelectionError.repeatedRow(place: 1, row: 0)) {
            try SubsetDistribution([0, 0], of: candidates([1, 2]))
        }
        #expect(throws: SelectionError.emptySubset) { try SubsetDistribution([], of: candidates([])) }
    }
}
