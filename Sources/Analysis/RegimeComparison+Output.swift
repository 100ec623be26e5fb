import Tables

extension RegimeComparison {
    /// What can be asked for as a table.
    public enum Part: String, Sendable, CaseIterable {
        /// Gains over random images, gaps to the whole data set: a row per method, size and regime.
        case gains, gaps
        /// Figure 1(c): the errors themselves; how far apart they lie; from regime to regime.
        case errors, spreads, changes
        /// A row per size and regime: what the gains say together.
        case claims
        /// DD-Ranking's label-robust scores.
        case lrs
    }

    /// The form `assay-regimes`, version 1.
    public func json() -> JSON {
        var members: [String: JSON] = [
            "format": "assay-regimes", "version": 1, "margin": .number(options.margin),
            "level": .number(options.level), "resamples": .integer(options.resamples), "seed": .integer(options.seed),
            "assumed_n": .integer(options.assumedRuns), "notes": JSON(notes),
        ]
        for part in Part.allCases {
            let table = table(part)
            members[part.rawValue] = .array(table.rowCount == 0 ? [] : table.objects(integers: ["n", "methods"]))
        }
        return .object(members)
    }

    public func table(_ part: Part) -> Table {
        switch part {
        case .gains: comparisons(gains, "gain")
        case .gaps: comparisons(gaps, "gap")
        case .errors: errors()
        case .spreads: spreadTable()
        case .changes: changeTable()
        case .claims: claimTable()
        case .lrs: robustness()
        }
    }

    /// Where each row stands: the group's columns, size and regime.
    private func place(_ groups: [[String]], _ sizes: [Double?], _ regimes: [String]?) -> [Column] {
        options.per.enumerated().map { i, name in Column(name, groups.map { $0[i] }) }
            + [Column("ipc", sizes.map { $0 ?? .nan })] + (regimes.map { [Column("regime", $0)] } ?? [])
    }

    private func cellColumns(_ cells: [Cell]) -> [Column] {
        place(cells.map(\.group), cells.map(\.ipc), cells.map(\.regime)) + [
            Column("method", cells.map(\.method)), Column("error", cells.map(\.error.mean)),
            Column("std", cells.map { $0.error.deviation ?? .nan }), Column("n", cells.map(\.error.n)),
        ]
    }

    private func errors() -> Table {
        Table(cellColumns(cells) + [Column("role", cells.map(\.role.rawValue))])
    }

    /// Gaps are turned round: positive where the whole data set is better, too.
    private func comparisons(_ list: [Comparison], _ name: String) -> Table {
        let contrasts = list.map { name == "gap" ? $0.contrast.reversed : $0.contrast }
        return Table(
            cellColumns(list.map(\.cell)) + [
                Column("reference", list.map(\.other.method)), Column(name, contrasts.map(\.difference)),
                Column("low", contrasts.map { $0.low ?? .nan }), Column("high", contrasts.map { $0.high ?? .nan }),
                Column("df", contrasts.map { $0.degreesOfFreedom ?? .nan }),
                Column("p", contrasts.map { $0.pDifferent ?? .nan }),
                Column("p_holm", list.map { $0.pDifferent ?? .nan }),
                Column("p_equivalent", contrasts.map { $0.pEquivalent ?? .nan }),
                Column("p_equivalent_holm", list.map { $0.pEquivalent ?? .nan }),
                Column("verdict", list.map(\.verdict.rawValue)),
            ])
    }

    private func spreadTable() -> Table {
        Table(
            place(spreads.map(\.group), spreads.map(\.ipc), spreads.map(\.regime)) + [
                Column("methods", spreads.map(\.spread.methods)), Column("spread", spreads.map(\.spread.deviation)),
                Column("low", spreads.map(\.spread.low)), Column("high", spreads.map(\.spread.high)),
                Column("range", spreads.map(\.spread.range)),
                Column("seed_noise", spreads.map { $0.spread.noise ?? .nan }),
            ])
    }

    private func changeTable() -> Table {
        Table(
            place(changes.map(\.group), changes.map(\.ipc), nil) + [
                Column("from", changes.map(\.from)), Column("to", changes.map(\.to)),
                Column("methods", changes.map(\.methods)),
                Column("spread_ratio", changes.map { $0.ratio?.ratio ?? .nan }),
                Column("ratio_low", changes.map { $0.ratio?.low ?? .nan }),
                Column("ratio_high", changes.map { $0.ratio?.high ?? .nan }),
                Column("ratio_p_holm", changes.map { $0.pRatio ?? .nan }),
                Column("spread_verdict", changes.map { spreadVerdict($0).rawValue }),
                Column("rank_correlation", changes.map { $0.correlation ?? .nan }),
                Column("low", changes.map { $0.low ?? .nan }), Column("high", changes.map { $0.high ?? .nan }),
                Column("p_holm", changes.map { $0.pCorrelation ?? .nan }),
            ])
    }

    /// Equality of spreads has no margin: it is never claimed.
    private func spreadVerdict(_ change: Change) -> DifferenceVerdict {
        DifferenceVerdict(different: change.pRatio, equivalent: nil, alpha: 1 - options.level)
    }

    private func claimTable() -> Table {
        let claims = claims
        return Table(
            place(claims.map(\.group), claims.map(\.ipc), claims.map(\.regime)) + [
                Column("better", claims.map(\.better.count)), Column("worse", claims.map(\.worse.count)),
                Column("on_par", claims.map(\.onPar.count)), Column("cannot_tell", claims.map(\.undecided.count)),
                Column("quality", claims.map(\.quality.rawValue)),
                Column("p_quality", claims.map { $0.pQuality ?? .nan }),
                Column("least_margin", claims.map { $0.leastMargin ?? .nan }),
                Column("furthest", claims.map(\.furthest.cell.method)),
                Column("furthest_gain", claims.map(\.furthest.contrast.difference)),
                Column("best", claims.map { $0.leastGap?.cell.method ?? "" }),
                Column("gap", claims.map { -($0.leastGap?.contrast.difference ?? .nan) }),
                Column("saturated", claims.map { $0.leastGap?.verdict.rawValue ?? "" }),
            ])
    }

    private func robustness() -> Table {
        let list = labelRobustness
        return Table(cellColumns(list.map(\.cell)) + [Column("lrs", list.map(\.score))])
    }

    // MARK: Sentences

    /// The conclusions, a sentence each: for the terminal, below the table.
    public func explanation() -> [String] {
        var lines = [
            "errors are fractions of 1; intervals \(shortest(options.level * 100)) %, each for itself; margin "
                + "\(shortest(options.margin)); verdicts and p_holm are adjusted (Holm over \(gains.count) gains, "
                + "\(gaps.count) gaps, \(changes.count) changes), so that an interval without 0 can stand beside 'cannot tell'."
        ]
        for claim in claims { lines += sentences(claim) }
        for change in changes { lines.append(sentence(change)) }
        lines += notes.filter { $0.contains("is assumed") }
        return lines
    }

    private func name(_ group: [String], _ ipc: Double?, _ regime: String) -> String {
        // What is the same everywhere tells nothing apart.
        let telling = options.per.indices.filter { i in Set(cells.map { $0.group[i] }).count > 1 }
        return
            (telling.map { "\(options.per[$0])=\(group[$0])" } + ["\(options.ipc)=\(shortest(ipc ?? .nan))", regime])
            .joined(separator: ", ")
    }

    private func sentences(_ claim: Claim) -> [String] {
        let place = name(claim.group, claim.ipc, claim.regime)
        let total = claim.better.count + claim.worse.count + claim.onPar.count + claim.undecided.count
        let margin = claim.leastMargin.map { "; equivalent from a margin of \(significant($0, digits: 2)) on" } ?? ""
        var lines = [
            "\(place): of \(total) method\(total == 1 ? "" : "s") \(claim.better.count) better than \(claim.random), \(claim.worse.count) worse, "
                + "\(claim.onPar.count) on par, \(claim.undecided.count) cannot tell; quality of images: "
                + "\(claim.quality.rawValue) (farthest \(claim.furthest.cell.method), "
                + "\(interval(claim.furthest.contrast))\(margin))."
        ]
        if let gap = claim.leastGap {
            let isBelow = gap.contrast.difference > 0
            lines.append(
                "\(place): the best, \(gap.cell.method), is \(interval(isBelow ? gap.contrast : gap.contrast.reversed)) "
                    + "\(isBelow ? "below" : "above") \(gap.other.method): \(gap.verdict == .equivalent ? "saturated, " : "")\(gap.verdict.rawValue)."
            )
        }
        return lines
    }

    private func sentence(_ change: Change) -> String {
        let place = name(change.group, change.ipc, "\(change.from) to \(change.to)")
        var text = "\(place): "
        if let ratio = change.ratio {
            let verdict = spreadVerdict(change)
            let word =
                verdict == .different ? (ratio.ratio < 1 ? "methods converge" : "methods diverge") : verdict.rawValue
            text += "spread of errors × \(bounded(ratio.ratio, ratio.low, ratio.high)), \(word); "
        }
        let correlation = change.correlation.map { bounded($0, change.low, change.high) } ?? "undefined"
        let p = change.pCorrelation.map { ", p \(significant($0, digits: 2))" } ?? ""
        return text + "rank correlation \(correlation) (m=\(change.methods)\(p))."
    }

    private func interval(_ contrast: MeanContrast) -> String {
        bounded(contrast.difference, contrast.low, contrast.high)
    }

    private func bounded(_ value: Double, _ low: Double?, _ high: Double?) -> String {
        let bounds =
            low.flatMap { low in high.map { " [\(significant(low, digits: 3)), \(significant($0, digits: 3))]" } } ?? ""
        return significant(value, digits: 3) + bounds
    }
}
