import Figures
import Selection
import Tables

extension SubsetOverlap {
    /// One row per pair of files.
    public func table() -> Table {
        func column(_ name: String, _ value: (Pair) -> Double?) -> Column {
            Column(name, pairs.map { value($0) ?? .nan })
        }
        return Table([
            Column("first", pairs.map(\.first)), Column("second", pairs.map(\.second)),
            Column("n", pairs.map { _ in all.ids.count }),
            column("kept_first") { $0.comparison.map { Double($0.all.first) } },
            column("kept_second") { $0.comparison.map { Double($0.all.second) } },
            column("common") { $0.comparison.map { Double($0.all.common) } },
            column("jaccard") { $0.comparison?.all.jaccard },
            column("jaccard_by_chance") { $0.comparison?.expectedWithinClasses },
            column("spearman", \.rho), column("spearman_within_class", \.rhoWithin),
        ])
    }

    /// One row per pair and class.
    public func byClass() -> Table {
        let rows = pairs.flatMap { pair in
            (pair.comparison?.byClass ?? []).enumerated().map { (pair: pair, label: $0, overlap: $1) }
        }
        return Table([
            Column("first", rows.map(\.pair.first)), Column("second", rows.map(\.pair.second)),
            Column("class", rows.map(\.label)), Column("n", rows.map(\.overlap.population)),
            Column("kept_first", rows.map(\.overlap.first)), Column("kept_second", rows.map(\.overlap.second)),
            Column("common", rows.map(\.overlap.common)), Column("jaccard", rows.map { $0.overlap.jaccard ?? .nan }),
            Column("jaccard_by_chance", rows.map { $0.overlap.expectedJaccard ?? .nan }),
        ])
    }

    /// Each subset against its data set: one row per subset and class. Source: paper 2, figure 7.
    public func classes() throws -> Table {
        let each = try distributions()
        let rows = each.flatMap { member, found in
            found.classesOfAll.indices.map { (name: member.name, label: $0, found: found) }
        }
        return Table([
            Column("subset", rows.map(\.name)), Column("class", rows.map(\.label)),
            Column("of_all", rows.map { $0.found.classesOfAll[$0.label] }),
            Column("of_subset", rows.map { $0.found.classesOfSubset[$0.label] }),
        ])
    }

    /// Each subset against its data set: one row per subset and bin of the score. Source: paper 2, figure 6.
    public func scores() throws -> Table {
        let each = try distributions()
        let rows = each.flatMap { member, found in
            found.scoresOfAll.indices.map { (name: member.name, bin: $0, found: found) }
        }
        return Table([
            Column("subset", rows.map(\.name)), Column("from", rows.map { $0.found.edges[$0.bin] }),
            Column("to", rows.map { $0.found.edges[$0.bin + 1] }),
            Column("of_all", rows.map { $0.found.scoresOfAll[$0.bin] }),
            Column("of_subset", rows.map { $0.found.scoresOfSubset[$0.bin] }),
        ])
    }

    private func distributions() throws -> [(member: Member, found: SubsetDistribution)] {
        try members.filter { !$0.rows.isEmpty }.map { member in
            do { return (member, try SubsetDistribution(member.rows, of: all)) } catch let error as SelectionError {
                throw WorkflowError(error.exitCode, "\(member.name): \(error)")
            }
        }
    }

    public func json() throws -> JSON {
        [
            "format": "assay-overlap", "version": 1, "n": .integer(all.ids.count),
            "pairs": .array(table().objects(integers: ["kept_first", "kept_second", "common"])),
            "by_class": .array(byClass().objects()), "classes": .array(try classes().objects()),
            "scores": .array(try scores().objects()),
        ]
    }

    /// Above where each subset's scores lie in the data set's, below how many of each class it has.
    public func figure() throws -> Figure {
        let each = try distributions()
        let total = Double(max(1, all.ids.count))
        func steps(_ edges: [Double], _ counts: [Int], of total: Double) -> [Series.Point] {
            counts.indices.flatMap { bin in
                [edges[bin], edges[bin + 1]].map { Series.Point($0, Double(counts[bin]) / total) }
            }
        }
        var scores: [Series] = []
        if let first = each.first {
            scores.append(
                Series(
                    "data set", .line, Look(color: nil),
                    points: steps(first.found.edges, first.found.scoresOfAll, of: total)))
        }
        var classes: [Series] = []
        for (index, (member, found)) in each.enumerated() {
            let look = Look(color: index, marker: index)
            let kept = Double(max(1, member.rows.count))
            scores.append(Series(member.name, .line, look, points: steps(found.edges, found.scoresOfSubset, of: kept)))
            classes.append(
                Series(
                    member.name, .points, look,
                    points: found.classesOfSubset.enumerated().map { Series.Point(Double($0), Double($1)) }))
        }
        let legend =
            [LegendEntry("data set", Look(color: nil), marker: false, line: .line)]
            + each.enumerated().map { LegendEntry($1.member.name, Look(color: $0, marker: $0), line: .line) }
        return Figure(
            panels: [
                Panel(title: "Scores", x: Axis("score"), y: Axis("share of samples"), series: scores),
                Panel(title: "Classes", x: Axis("class"), y: Axis("samples kept"), series: classes),
            ], legend: legend, notes: ["n = \(all.ids.count) samples; 50 bins of equal width."])
    }
}
