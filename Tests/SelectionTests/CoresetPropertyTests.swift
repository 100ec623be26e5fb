import LinearAlgebra
import Randomness
import Testing

@testable import Selection

/// Samples around class centres, ids in no order.
private func example(_ count: Int, columns: Int = 6, classes: Int = 3, seed: Int = 1) -> CoresetInputs {
    var stream = RandomStream("coreset", seed: seed, purpose: "test")
    let labels = (0..<count).map { Int32($0 % classes) }
    let features = (0..<count * columns).map { i in
        Float(stream.normal()) + 2 * Float((i / columns % classes + i % columns) % classes)
    }
    var errors: [Float] = []
    for label in labels {
        let raw = (0..<classes).map { _ in 0.05 + stream.uniform() }
        let sum = raw.reduce(0, +)
        errors += raw.enumerated().map { Float($1 / sum) - ($0 == Int(label) ? 1 : 0) }
    }
    return CoresetInputs(
        features: FeatureMatrix(rows: count, columns: columns, values: features),
        errors: FeatureMatrix(rows: count, columns: classes, values: errors), labels: labels, classes: classes,
        ids: stream.permutation(of: count).map { Int64(5 * $0 + 2) })
}

extension CoresetInputs {
    fileprivate func permuted(_ order: [Int]) -> CoresetInputs {
        CoresetInputs(
            features: features.gathered(order), errors: errors?.gathered(order), labels: order.map { labels[$0] },
            classes: classes, ids: order.map { ids[$0] })
    }

    fileprivate func scaled(_ factor: Float) -> CoresetInputs {
        var copy = self
        copy.features.values = features.values.map { $0 * factor }
        return copy
    }

    fileprivate var whole: CoresetGroup {
        CoresetGroup(features: features, errors: errors, labels: labels, ids: ids)
    }

    fileprivate func bare() -> CoresetInputs {
        CoresetInputs(features: features, labels: labels, classes: classes, ids: ids)
    }
}

@Suite struct CoresetPropertyTests {
    static let rules = CoresetRule.table.map(\.rule)

    @Test(arguments: rules, [true, false]) func permutedRowsGiveTheSameSamples(_ rule: CoresetRule, _ balanced: Bool)
        throws
    {
        let all = example(90)
        var stream = RandomStream("order", seed: 3, purpose: "test")
        let a = try all.select(rule, .ipc(6), balanced: balanced, seed: 2, identity: "c")
        for _ in 0..<3 {
            let other = all.permuted(stream.permutation(of: 90))
            let b = try other.select(rule, .ipc(6), balanced: balanced, seed: 2, identity: "c")
            #expect(a.rows.map { all.ids[$0] } == b.rows.map { other.ids[$0] })
            #expect(a.weights == b.weights && a.ties == b.ties)
        }
        #expect(a.rows.count == 18)
    }

    /// Each class by itself is what the class alone gives.
    @Test(arguments: rules) func balanceIsPerClass(_ rule: CoresetRule) throws {
        let all = example(75)
        let coreset = try all.select(rule, .ipc(4), seed: 2, identity: "c")
        for label: Int32 in 0..<3 {
            let members = all.labels.indices.filter { all.labels[$0] == label }
            let own = try all.permuted(members)
                .select(rule, .fraction(4 / Double(members.count)), balanced: false, seed: 2, identity: "c")
            let part = Int(label) * 4..<Int(label) * 4 + 4
            #expect(Array(coreset.rows[part]) == own.rows.map { members[$0] })
            if let weights = coreset.weights {
                // Σ = n_c, and one more per pick in DeepCore's variant.
                let extra = rule == .craig(.deepCore) ? 4 : 0
                #expect(weights[part].reduce(0, +) == Double(members.count + extra))
            }
        }
    }

    /// Cosines and the order of distances do not change; powers of two scale exactly.
    @Test(arguments: [CoresetRule.kCenter(), .herding, .graphCut(), .facilityLocation, .moderate])
    func scaleDoesNotMatter(_ rule: CoresetRule) throws {
        let all = example(80)
        let a = try all.select(rule, .ipc(7), balanced: false, seed: 1, identity: "c")
        for factor: Float in [0.125, 1024] {
            #expect(
                try all.scaled(factor).select(rule, .ipc(7), balanced: false, seed: 1, identity: "c").rows == a.rows)
        }
    }

    /// Every sample twice: a pick and its twin are equally good, and the lower id is taken.
    @Test(arguments: [CoresetRule.kCenter(first: .firstRow), .herding, .graphCut(), .facilityLocation, .craig()])
    func twinsAreTies(_ rule: CoresetRule) throws {
        let single = example(30)
        let all = single.permuted(Array(0..<30) + Array(0..<30))
        var twins = all
        twins.ids = (0..<30).map { Int64($0) } + (0..<30).map { Int64($0) + 100 }
        let coreset = try twins.select(rule, .fraction(0.1), balanced: false, seed: 1, identity: "c")
        #expect(coreset.rows.count == 6)
        // A second twin is only worth taking where a rule rewards repetition.
        for (row, tie) in zip(coreset.rows, coreset.ties).dropFirst() where row < 30 {
            #expect(tie, "row \(row)")
        }
        #expect(coreset.ties.dropFirst().contains(true))
        #expect(coreset.subset.tieShare > 0)
        #expect(coreset.subset.rows == coreset.rows.sorted())
    }

    @Test(arguments: rules) func allOfThem(_ rule: CoresetRule) throws {
        let all = example(24)
        for balanced in [true, false] {
            let coreset = try all.select(rule, .fraction(1), balanced: balanced, seed: 1, identity: "c")
            #expect(coreset.rows.sorted() == Array(0..<24))
        }
        let one = try example(3).select(rule, .ipc(1), seed: 1, identity: "c")
        #expect(one.rows == [0, 1, 2] && one.ties == [false, false, false], "one sample per class")
    }

    /// Beyond one block of a matrix product, against the plain definitions.
    @Test(arguments: [0, LazyCoverage.Limits().stored]) func blocksFitTogether(_ storedLimit: Int) {
        let all = example(1500, columns: 4)
        let coreset = all.whole.facilityLocation(30, limits: .init(stored: storedLimit))
        let unit = (0..<1500).map { row in
            let x = (0..<4).map { Double(all.features[row, $0]) }
            let norm = x.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return x.map { $0 / norm }
        }
        var covered = [Double](repeating: 0, count: 1500)
        for (place, pick) in coreset.picks.enumerated() {
            func gain(_ row: Int) -> Double {
                (0..<1500).reduce(0.0) { sum, j in
                    let cosine = zip(unit[row], unit[j]).reduce(0.0) { $0 + $1.0 * $1.1 }
                    return sum + max(0, 0.5 + 0.5 * cosine - covered[j])
                }
            }
            if place % 10 == 0 {  // a few rounds are enough
                let best = (0..<1500).map(gain).max() ?? 0
                #expect(gain(pick) >= best * (1 - 1e-5), "pick \(place)")
            }
            for j in 0..<1500 {
                let cosine = zip(unit[pick], unit[j]).reduce(0.0) { $0 + $1.0 * $1.1 }
                covered[j] = max(covered[j], 0.5 + 0.5 * cosine)
            }
            #expect(abs((coreset.trace?[place] ?? 0) - covered.reduce(0, +)) <= 1e-5 * 1500)
        }
    }

    /// Stored similarities and lists of changes lead to the same picks, whatever the number of samples.
    @Test(arguments: [2, 9, 40, 1100]) func storedOrNot(_ count: Int) {
        let all = example(count, columns: 5).whole
        let picks = min(count / 2, 60)  // the last gains are nothing but rounding
        let pairs = [
            (all.facilityLocation(picks, limits: .init(stored: 0)), all.facilityLocation(picks)),
            (
                all.craig(picks, weights: .assigned, limits: .init(stored: 0)), all.craig(picks, weights: .assigned)
            ),
        ]
        for (listed, stored) in pairs {
            #expect(listed.picks == stored.picks)
            #expect(listed.weights == stored.weights)
            // Single precision, sums of `count` terms.
            for (a, b) in zip(listed.trace ?? [], stored.trace ?? []) { #expect(near(a, b, 2e-5)) }
        }
    }

    @Test func aRowOfZerosIsHalfSimilarToAll() throws {
        var all = example(20)
        for column in 0..<6 { all.features.values[7 * 6 + column] = 0 }
        for rule in [CoresetRule.graphCut(), .facilityLocation] {
            let coreset = try all.select(rule, .fraction(1), balanced: false, seed: 1, identity: "c")
            #expect(coreset.rows.sorted() == Array(0..<20))
            #expect(coreset.trace?.allSatisfy(\.isFinite) == true)
        }
        all.features.values = .init(repeating: 0, count: 120)
        let zeros = try all.select(.facilityLocation, .fraction(0.25), balanced: false, seed: 1, identity: "c")
        // All are equal: the lowest id first. One covers every sample by 1/2.
        #expect(zeros.rows.first == all.ids.indices.min { all.ids[$0] < all.ids[$1] })
        #expect(zeros.trace == .init(repeating: 10, count: 5) && zeros.ties.allSatisfy { $0 })
    }

    @Test func theFirstCenterIsSeeded() throws {
        let all = example(60)
        let firsts = try Set(
            (1...10).map { seed in
                try all.select(.kCenter(), .fraction(0.05), balanced: false, seed: seed, identity: "c").rows[0]
            })
        #expect(firsts.count > 3)
        #expect(
            try all.select(.kCenter(first: .firstRow), .fraction(0.05), balanced: false, seed: 1, identity: "c").rows[0]
                == 0)
    }

    /// A score keeps a pool, and the coreset is chosen from it.
    @Test(arguments: rules) func theSecondStageStaysInThePool(_ rule: CoresetRule) throws {
        let all = example(90)
        let pool = Array(stride(from: 1, to: 90, by: 2))
        let coreset = try all.select(rule, .ipc(5), from: pool, balanced: true, seed: 1, identity: "c")
        #expect(coreset.rows.allSatisfy { $0 % 2 == 1 } && coreset.rows.count == 15)
        let alone = try all.permuted(pool).select(rule, .ipc(5), balanced: true, seed: 1, identity: "c")
        #expect(coreset.rows == alone.rows.map { pool[$0] })
        #expect(throws: SelectionError.repeatedRow(place: 1, row: 3)) {
            try all.select(rule, .ipc(1), from: [3, 3], seed: 1, identity: "c")
        }
    }

    @Test func namesAreUniqueAndFound() {
        #expect(Set(CoresetRule.table.map(\.name)).count == CoresetRule.table.count)
        for entry in CoresetRule.table { #expect(CoresetRule(named: entry.name) == entry.rule) }
        #expect(CoresetRule(named: "kcenter") == nil)
    }

    // MARK: Bad input

    @Test(arguments: rules) func badFeaturesAreNamed(_ rule: CoresetRule) {
        for (value, huge) in [(Float.nan, false), (.infinity, false), (1e30, true)] {
            var all = example(12)
            all.features.values[4 * 6 + 5] = value
            let error = #expect(throws: SelectionError.self) { try all.select(rule, .ipc(1), seed: 1, identity: "c") }
            #expect(
                error
                    == (huge
                        ? .hugeElement(.features, row: 4, column: 5) : .nonFiniteElement(.features, row: 4, column: 5)))
            if !huge { #expect(error?.description == "the feature in row 4, column 5 is NaN or infinite") }
        }
    }

    @Test(arguments: CoresetRule.table) func errorsAreAskedForWhereNeeded(_ entry: CoresetRule.Entry) throws {
        let all = example(12).bare()
        guard entry.needsErrors else {
            #expect(try all.select(entry.rule, .ipc(1), seed: 1, identity: "c").rows.count == 3)
            return
        }
        #expect(throws: SelectionError.missingErrors) { try all.select(entry.rule, .ipc(1), seed: 1, identity: "c") }
        var bad = example(12)
        bad.errors?.values[3 * 2 + 1] = .nan
        #expect(throws: SelectionError.nonFiniteElement(.errors, row: 2, column: 1)) {
            try bad.select(entry.rule, .ipc(1), seed: 1, identity: "c")
        }
    }

    @Test func otherBadInputIsNamed() throws {
        var all = example(12)
        all.errors?.values[0] = 0.5  // the label's own error cannot be positive
        #expect(throws: SelectionError.notSoftmaxError(.errors, row: 0, column: 0)) {
            try all.select(.cal(), .ipc(1), seed: 1, identity: "c")
        }
        all = example(12)
        #expect(throws: SelectionError.classTooSmall(label: 0, count: 4, needed: 5)) {
            try all.select(.herding, .ipc(5), seed: 1, identity: "c")
        }
        #expect(throws: SelectionError.emptySubset) { try all.select(.herding, .ipc(0), seed: 1, identity: "c") }
        all.labels[3] = 3
        #expect(throws: SelectionError.labelOutOfRange(row: 3, label: 3, classes: 3)) {
            try all.select(.herding, .ipc(1), seed: 1, identity: "c")
        }
        all = example(12)
        let errors = try #require(all.errors)
        all.validation = .init(
            features: all.features.gathered([0, 3]), errors: errors.gathered([0, 3]), labels: [0, 0])
        let error = #expect(throws: SelectionError.self) { try all.select(.glister(), .ipc(1), seed: 1, identity: "c") }
        #expect(error?.description == "there are no validation samples of class 1")
        #expect(try all.select(.glister(), .ipc(1), balanced: false, seed: 1, identity: "c").rows.count == 3)
    }
}
