import Statistics
import Tables

extension DistillationCorrelation {
    /// The complete rows of one objective, as columns of numbers.
    struct Sets {
        let loss: [Double]
        let error: [Double]
        let strata: [Int]
        let stratumNames: [String]
        /// Covariates as numbers; text covariates as one indicator per value but the first.
        let covariates: [[Double]]
        let hasTextCovariate: Bool
        let clusters: [Int]?
        /// Whose members are left out together: codes and the families' names, and the column.
        let families: (codes: [Int], names: [String], column: String)?
        /// The variance of each error as a mean over seeds, std²/n; nil where the table does not say.
        let noise: [Double]?
        let layout: [String]

        init(_ table: Table, loss: String, options: Options) throws(TableError) {
            self.loss = try table.numbers(loss)
            error = try table.numbers(options.error)
            var codes = [Int](repeating: 0, count: table.rowCount)
            var names = [String]()
            for group in try table.groups(by: options.adjustFor) {
                for row in group.rows { codes[row] = names.count }
                names.append(group.key.map { "\($0.0)=\($0.1)" }.joined(separator: ", "))
            }
            strata = codes
            stratumNames = names
            var columns = [[Double]]()
            var hasText = false
            for name in options.adjustFor {
                if case .texts = try table.column(name).values {
                    hasText = true
                    for group in try table.groups(by: [name]).dropFirst() {
                        var indicator = [Double](repeating: 0, count: table.rowCount)
                        for row in group.rows { indicator[row] = 1 }
                        columns.append(indicator)
                    }
                } else {
                    columns.append(try table.numbers(name))
                }
            }
            covariates = columns
            hasTextCovariate = hasText
            clusters = try options.cluster.map { (name) throws(TableError) in try Self.codes(table, name).codes }
            let family = options.family ?? options.cluster ?? (table.has("family") ? "family" : nil)
            families = try family.map { (name) throws(TableError) in
                let (codes, names) = try Self.codes(table, name)
                return (codes, names, name)
            }
            noise = try Self.noise(table, options)
            // Losses are compared row by row: rows that no name tells apart are told apart by their lines.
            let lines = (0..<table.rowCount).map { "line \(table.line(ofRow: $0))" }
            let sets = try table.has("set") ? table.texts("set") : lines
            let rows = Set(sets).count == sets.count ? sets : zip(sets, lines).map { "\($0), \($1)" }
            layout =
                rows + (options.adjustFor.isEmpty ? [] : codes.map { "stratum \($0)" })
                + (clusters ?? []).map { "cluster \($0)" } + [options.adjustFor.isEmpty ? "" : options.adjust.rawValue]
        }

        /// Some of the rows.
        private init(_ all: Sets, rows: [Int]) {
            func chosen<Value>(_ values: [Value]) -> [Value] { rows.map { values[$0] } }
            (loss, error, strata) = (chosen(all.loss), chosen(all.error), chosen(all.strata))
            (stratumNames, hasTextCovariate) = (all.stratumNames, all.hasTextCovariate)
            covariates = all.covariates.map { chosen($0) }
            clusters = all.clusters.map { chosen($0) }
            families = all.families.map { (chosen($0.codes), $0.names, $0.column) }
            noise = all.noise.map { chosen($0) }
            layout = all.layout + ["rows \(rows)"]
        }

        /// Without the strata that are too small or have one error: no loss has a ρ there, and what ρ leaves out must not come
        /// back in resamples of whole clusters, nor tell clusters apart that are rearranged.
        private var inference: Sets {
            let members = Dictionary(grouping: loss.indices) { strata[$0] }
            let rows = loss.indices.filter { row in
                let stratum = members[strata[row]] ?? []
                return stratum.count >= PooledCorrelation.smallest && Set(stratum.map { error[$0] }).count > 1
            }
            return rows.count == loss.count ? self : Sets(self, rows: rows)
        }

        private static func codes(
            _ table: Table, _ column: String
        ) throws(TableError) -> (codes: [Int], names: [String]) {
            var codes = [Int](repeating: 0, count: table.rowCount)
            var names = [String]()
            for group in try table.groups(by: [column]) {
                for row in group.rows { codes[row] = names.count }
                names.append(group.key[0].1)
            }
            return (codes, names)
        }

        private static func noise(_ table: Table, _ options: Options) throws(TableError) -> [Double]? {
            let own = options.error + "_n"  // some seeds lack this figure
            let (deviation, seeds) = (
                options.deviation ?? options.error + "_std", options.seeds ?? (table.has(own) ? own : "n")
            )
            // A column that was asked for must be there; one that was not may be absent.
            guard options.deviation != nil || table.has(deviation), options.seeds != nil || table.has(seeds) else {
                return nil
            }
            let (s, n) = (try table.numbers(deviation), try table.numbers(seeds))
            // Rows that an older table kept have no count of their own.
            let all = seeds == own && table.has("n") ? try table.numbers("n") : n
            return s.indices.map { row in
                let count = n[row].isNaN ? all[row] : n[row]
                return count >= 1 ? s[row] * s[row] / count : .nan
            }
        }

        func correlation(_ adjustment: RankCorrelation.Adjustment) -> RankCorrelation {
            RankCorrelation(loss, error, adjustment: adjustment)
        }

        /// The headline alone; nil where it is undefined.
        func headline(_ options: Options) -> Double? {
            guard loss.count >= 3, let adjustment = adjustment(options) else { return nil }
            return correlation(adjustment).estimate
        }

        /// nil where a covariate has no logarithm.
        private func adjustment(_ options: Options) -> RankCorrelation.Adjustment? {
            guard !options.adjustFor.isEmpty else { return RankCorrelation.Adjustment.none }
            switch options.adjust {
            case .within: return .within(strata)
            case .partial: return .partial(covariates)
            case .residual:
                return hasTextCovariate || covariates.joined().contains { $0 <= 0 } ? nil : .residual(covariates)
            }
        }

        func objective(named name: String, options: Options) -> Objective {
            var result = Objective(
                objective: name, m: loss.count, effectiveM: 0, rho: nil, interval: nil, pValue: nil, pFamily: nil,
                pMethod: "none", rhoUnadjusted: nil, rhoWithin: nil, rhoPartial: nil, rhoResidual: nil, warnings: [])
            func undefined(_ reason: String) {
                result.warnings.append(reason)
                result.undefined = result.undefined ?? reason
            }
            guard loss.count >= 3 else {
                undefined("m = \(loss.count): a correlation needs at least 3 sets with a loss and an error")
                return result
            }
            result.rhoUnadjusted = spearman(loss, error)
            if let side = Set(loss).count == 1 ? "loss" : Set(error).count == 1 ? "error" : nil {
                undefined("the \(side) is the same for all \(loss.count) sets: ρ is undefined")
                return result
            }
            var used = Set(strata)
            if !options.adjustFor.isEmpty {
                let pooled = spearmanWithin(loss, error, strata: strata)
                result.rhoWithin = pooled.rho
                result.rhoPartial = partialSpearman(loss, error, given: covariates)
                result.rhoResidual = hasTextCovariate ? nil : residualSpearman(loss, error, onLogOf: covariates)
                if options.adjust == .within {
                    used = Set(pooled.used.map(\.code))
                    result.warnings += warnings(on: pooled, options: options)
                }
            }
            guard let headline = adjustment(options) else {
                undefined("a logarithm needs positive numbers in \(options.adjustFor.joined(separator: ", "))")
                return result
            }
            let rows = loss.indices.filter { used.contains(strata[$0]) }
            result.m = rows.count
            result.effectiveM = clusters.map { clusters in Set(rows.map { clusters[$0] }).count } ?? rows.count
            result.detectable = smallestDetectable(
                degrees: degrees(rows, headline, effective: result.effectiveM), alpha: 1 - options.level)
            if case .within = headline {
                let part = inference
                part.infer(part.correlation(.within(part.strata)), into: &result, options: options)
            } else {
                infer(correlation(headline), into: &result, options: options)
            }
            return result
        }

        /// m − 3 of the independent sets, shared out over the strata or less one per covariate.
        private func degrees(_ rows: [Int], _ headline: RankCorrelation.Adjustment, effective: Int) -> Double {
            let share = rows.isEmpty ? 0 : Double(effective) / Double(rows.count)
            return switch headline {
            case .none: Double(effective) - 3
            case .within:
                Dictionary(grouping: rows) { strata[$0] }.values.reduce(0) { $0 + max(0, Double($1.count) - 3) } * share
            case .partial(let columns), .residual(let columns): Double(effective) - 3 - Double(columns.count)
            }
        }

        /// Fewer independent sets have hardly a resample that differs from them.
        private static let fewestForInterval = 4

        private func infer(_ subject: RankCorrelation, into result: inout Objective, options: Options) {
            result.rho = subject.estimate
            guard let rho = result.rho else {
                // Where no stratum takes part, that was said.
                if result.rhoUnadjusted != nil, subject.adjustment != .none, result.m > 0 {
                    result.warnings.append("ρ is undefined after adjusting: nothing is left to correlate")
                }
                result.undefined = result.undefined ?? result.warnings.last
                return
            }
            var evidence = Evidence(layout: layout, correlation: subject, clusters: clusters)
            let hasEnough = result.effectiveM >= Self.fewestForInterval
            var resamples = options.resamples
            if hasEnough {
                let bootstrap = subject.bootstrapDistribution(
                    resamples: options.resamples, seed: options.seed, identity: "dcs", clusters: clusters,
                    threads: options.threads)
                evidence.bootstrap = bootstrap
                let isBCa = options.interval == .bca || bootstrap?.units ?? 0 < RankCorrelation.bcaBelow
                let settled = (isBCa ? bootstrap.flatMap { extended($0, of: subject, options) } : nil) ?? bootstrap
                resamples = settled?.values.count ?? resamples
                result.interval = settled?.interval(options.interval, level: options.level)
                result.percentile = settled?.percentile(level: options.level)
                result.bca = settled?.bca(level: options.level)
                if result.interval?.method == .percentile, options.interval != .percentile, isBCa, let settled {
                    result.warnings.append(Self.noBCa(settled, level: options.level))
                }
            }
            warn(of: result.interval, hasEnough: hasEnough, &result)
            result.influence = influence(of: subject, rho: rho)
            result.attenuation = noise.flatMap { noise in
                hasEnough
                    ? subject.attenuation(
                        noise: noise, resamples: resamples, level: options.level, seed: options.seed,
                        identity: "dcs", clusters: clusters, method: options.interval, threads: options.threads) : nil
            }
            let (rearranged, rows, units) =
                clusters == nil ? (subject, strata, Array(strata.indices)) : clusterMeans(subject)
            evidence.permutations = rearranged.permutations(
                resamples: options.resamples, seed: options.seed, identity: "dcs",
                strata: options.adjustFor.isEmpty ? nil : rows, units: units, threads: options.threads)
            result.evidence = evidence
            guard let test = evidence.permutations?.test else {
                result.warnings.append("no p-value: ρ of the clusters' means is undefined")
                return
            }
            if test.scheme == .units { warnOfFixed(units, rows, &result) }
            result.pValue = test.pValue
            result.pMethod = Self.words(test, ofMeans: clusters != nil, within: options.adjustFor)
            if !test.isExact, test.pValue * Double(test.arrangements + 1) < 1.5 {
                result.warnings.append("p is at the resolution of \(test.arrangements) permutations")
            }
            let least = evidence.permutations?.leastPValue ?? 0
            if test.isExact, least > 1 - options.level {
                result.detectable = nil
                result.warnings.append(
                    "the sets have \(test.arrangements) arrangement\(test.arrangements == 1 ? "" : "s"): no ρ can have a "
                        + "p below \(significant(least, digits: 2))")
            }
        }

        /// Clusters change places with those in the same strata; one that is alone in its strata stays where it is.
        private func warnOfFixed(_ units: [Int], _ strata: [Int], _ result: inout Objective) {
            let patterns = Dictionary(grouping: units.indices) { units[$0] }.mapValues { rows in
                rows.map { strata[$0] }.sorted()
            }
            let fixed = patterns.count { pattern in patterns.values.count { $0 == pattern.value } == 1 }
            guard fixed > 0 else { return }
            result.detectable = nil
            result.warnings.append(
                "\(fixed) of \(patterns.count) clusters are the only ones in their strata and cannot be rearranged: p "
                    + "rests on the other \(patterns.count - fixed)")
        }

        private func extended(
            _ bootstrap: BootstrapDistribution, of subject: RankCorrelation, _ options: Options
        ) -> BootstrapDistribution? {
            subject.extended(
                bootstrap, level: options.level, seed: options.seed, identity: "dcs", clusters: clusters,
                threads: options.threads)
        }

        private static func noBCa(_ bootstrap: BootstrapDistribution, level: Double) -> String {
            guard let needed = bootstrap.resamplesForBCa(level: level) else {
                return "no BCa interval: its bias or acceleration is undefined; percentiles instead"
            }
            let mightDo = needed < 1e7 && needed > Double(bootstrap.values.count)
            let more = mightDo ? " (\(significant(needed, digits: 1)) resamples might do)" : ""
            return "no BCa interval: its corrections reach beyond the \(bootstrap.values.count) resamples; percentiles "
                + "instead\(more)"
        }

        private func warn(of interval: BootstrapInterval?, hasEnough: Bool, _ result: inout Objective) {
            if let interval, interval.undefined > 0 {
                result.warnings.append(
                    "ρ was undefined in \(interval.undefined) of \(interval.resamples) resamples, which were left out")
            } else if interval == nil {
                result.warnings.append(
                    hasEnough
                        ? "no interval: ρ is undefined in most resamples"
                        : "no interval: \(result.effectiveM) independent sets do not tell how far ρ could vary")
            }
            if hasEnough, result.effectiveM < 10 {
                result.warnings.append(
                    "\(result.effectiveM) independent sets: interval and p-value are rough at best")
            }
        }

        /// nil with a single family, or where each one alone holds ρ up.
        private func influence(of subject: RankCorrelation, rho: Double) -> FamilyInfluence? {
            guard let families, families.names.count > 1, families.names.count < loss.count else { return nil }
            let defined = subject.leavingOut(groups: families.codes).compactMap { entry in
                entry.rho.map { (name: families.names[entry.code], rho: $0) }
            }
            guard let most = defined.max(by: { abs($0.rho - rho) < abs($1.rho - rho) }) else { return nil }
            return FamilyInfluence(
                column: families.column, low: defined.map(\.rho).min() ?? rho, high: defined.map(\.rho).max() ?? rho,
                mostInfluential: most.name, rhoWithout: most.rho)
        }

        private static func words(_ test: PermutationTest, ofMeans: Bool, within names: [String]) -> String {
            let subject = ofMeans ? "permutation of cluster means" : "permutation"
            let exact = test.isExact ? "exact " : ""
            return switch test.scheme {
            case .all: exact + subject
            case .strata: exact + subject + " within " + names.joined(separator: ", ")
            case .units: exact + "permutation of whole clusters among those in the same strata"
            case .residuals: exact + (ofMeans ? subject + "' residuals" : "permutation of residuals")
            }
        }

        /// Rows of one cluster are not exchangeable one by one: their means are what is rearranged. A cluster that crosses
        /// strata has one mean in each.
        private func clusterMeans(_ subject: RankCorrelation) -> (RankCorrelation, strata: [Int], units: [Int]) {
            struct Key: Hashable {
                let cluster, stratum: Int
            }
            var members = [[Int]]()
            var places = [Key: Int]()
            for row in loss.indices {
                let key = Key(cluster: clusters?[row] ?? row, stratum: strata[row])
                if let place = places[key] {
                    members[place].append(row)
                } else {
                    places[key] = members.count
                    members.append([row])
                }
            }
            func means(_ column: [Double]) -> [Double] { members.map { mean($0.map { column[$0] }) } }
            let codes = members.map { strata[$0[0]] }
            let units = members.map { clusters?[$0[0]] ?? $0[0] }
            let adjustment: RankCorrelation.Adjustment =
                switch subject.adjustment {
                case .none: .none
                case .within: .within(codes)
                case .partial(let columns): .partial(columns.map(means))
                case .residual(let columns): .residual(columns.map(means))
                }
            return (RankCorrelation(means(loss), means(error), adjustment: adjustment), codes, units)
        }

        private func warnings(on pooled: PooledCorrelation, options: Options) -> [String] {
            func list(_ strata: [PooledCorrelation.Stratum]) -> String {
                let shown = strata.prefix(8).map { "\(stratumNames[$0.code]) (\($0.count))" }
                return shown.joined(separator: "; ") + (strata.count > 8 ? "; …" : "")
            }
            var warnings = [String]()
            if !pooled.tooSmall.isEmpty {
                warnings.append("left out, fewer than \(PooledCorrelation.smallest) sets: \(list(pooled.tooSmall))")
            }
            if !pooled.constant.isEmpty {
                warnings.append("left out, the loss or the error does not vary: \(list(pooled.constant))")
            }
            for stratum in pooled.perfect where pooled.used.count > pooled.perfect.count {
                let counted = significant(PooledCorrelation.limit(stratum.count), digits: 3)
                warnings.append(
                    "rho is \(stratum.rho == 1 ? "1" : "−1") within \(stratumNames[stratum.code]) (\(stratum.count) sets): "
                        + "its z is infinite, and ±\(counted) counts")
            }
            if pooled.used.isEmpty {
                warnings.append("no stratum of \(options.adjustFor.joined(separator: ", ")) can be used; try partial")
            }
            return warnings
        }
    }
}
