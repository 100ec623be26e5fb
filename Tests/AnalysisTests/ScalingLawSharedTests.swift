import Fitting
import Foundation
import Tables
import Testing

@testable import Analysis

/// Points of the Goyal law with τ = 4 in all groups; sin is the noise.
private func table(_ epochs: [(group: String, epochs: [Double])]) -> Table {
    var (names, n, y): ([String], [Double], [Double]) = ([], [], [])
    for (g, group) in epochs.enumerated() {
        for (i, epoch) in group.epochs.enumerated() {
            let x = [(epoch * 1000).rounded(), 1000]
            names.append(group.group)
            n.append(x[0])
            let p = [2.0, -0.2 - 0.05 * Double(g), 4, 0.1]
            y.append(GoyalLaw().values(p, at: LawPoints(x.map { [$0] }))[0] + 0.001 * sin(Double(37 * i + 11 * g)))
        }
    }
    return Table([Column("g", names), Column("n", n), Column("s", n.map { _ in 1000.0 }), Column("y", y)])
}

private func fits(_ table: Table, _ change: (inout ScalingLawOptions) -> Void) throws -> [ScalingLawFit] {
    var options = ScalingLawOptions()
    change(&options)
    return try ScalingLawAnalysis(
        of: table, law: GoyalLaw(), x: ["n", "s"], y: "y", group: ["g"], options: options
    ).fits
}

private let long = (1...24).map { 0.5 * Double($0) }
private let short = (1...12).map { 0.08 * Double($0) }

@Suite struct ScalingLawSharedTests {
    @Test func whatOneGroupCannotTellOthersMay() throws {
        let found = try fits(table([("long", long), ("short", short)])) { $0.shared = ["tau"] }
        let alone = try fits(table([("long", long), ("short", short)])) { _ in }
        #expect(
            alone[1]["tau"]?.value.isNaN == true && alone[1].warnings.contains { $0.hasPrefix("tau is not identified") }
        )
        #expect(found.allSatisfy { $0.termination.isConverged && $0["tau"]?.isShared == true })
        #expect(found[1]["tau"]?.value == found[0]["tau"]?.value)
        #expect(!found[1].warnings.contains { $0.contains("not identified") })
        // Points within the first epoch say nothing about τ: its value is that of the other group alone.
        #expect(agree(found[0]["tau"]?.value, alone[0]["tau"]?.value ?? .nan))
        #expect(found[1].predict([5000, 1000]).isFinite && alone[1].predict([5000, 1000]).isNaN)
        #expect(found[0].degreesOfFreedom == 36 - 7)
    }

    @Test func aGroupNeedsPointsForItsOwnParametersOnly() throws {
        let few = table([("long", long), ("pair", [0.5, 6])])
        #expect(try fits(few) { _ in }[1].isRefused)
        let found = try fits(few) { $0.shared = ["tau", "d"] }
        #expect(found[1].termination.isConverged && found[1].n == 2 && found[1].degreesOfFreedom == 26 - 6)
        // Two points and two parameters of its own: it goes through both.
        #expect(found[1].rss < 1e-20)
    }

    @Test func alonePointsAreFittedWithoutSharing() throws {
        let found = try fits(table([("long", long), ("one", [3])])) { $0.shared = ["tau"] }
        #expect(found[0].termination.isConverged && found[0]["tau"]?.isShared == false && found[1].isRefused)
        #expect(found[0].warnings.contains("nothing is shared: no other group can be fitted"))
        #expect(found[0].values == (try fits(table([("long", long)])) { _ in }[0].values))
    }

    @Test func theOrderOfGroupsDoesNotChangeABit() throws {
        let one = try fits(table([("a", long), ("b", short)])) { $0.shared = ["d"] }
        let rows = table([("a", long), ("b", short)])
        let other = try fits(rows.rows(Array((0..<rows.rowCount).reversed()))) { $0.shared = ["d"] }
        #expect(other.map(\.title) == one.reversed().map(\.title))
        for (a, b) in zip(one, other.reversed()) {
            #expect(a.values.map(\.bitPattern) == b.values.map(\.bitPattern))
            #expect(a.rss.bitPattern == b.rss.bitPattern)
        }
    }
}
