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
            guard let cluster = options.cluster else {
                clusters = nil
                return
            }
            var places = [Int](repeating: 0, count: table.rowCount)
            for (place, group) in try table.groups(by: [cluster]).enumerated() {
                for row in group.rows { places[row] = place }
            }
            clusters = places
        }

        private func correlation(_ adjustment: RankCorrelation.Adjustment) -> RankCorrelation {
            RankCorrelation(loss, error, adjustment: adjustment)
        }

        func objective(named name: String, options: Options) -> Objective {
            let isAdjusted = !options.adjustFor.isEmpty
            var result = Objective(
                objective: name, m: loss.count, effectiveM: 0, rho: nil, interval: nil, pValue: nil, pFamily: nil,
                pMethod: "none", rhoUnadjusted: nil, rhoWithin: nil, rhoPartial: nil, rhoResidual: nil, warnings: [])
            guard loss.count >= 3 else {
                result.warnings = ["m = \(loss.count): a correlation needs at least 3 sets with a loss and an error"]
                return result
            }
            result.rhoUnadjusted = spearman(loss, error)
            for (side, values) in [("loss", loss), ("error", error)] where Set(values).count == 1 {
                result.warnings.append("the \(side) is the same for all \(loss.count) sets: ρ is undefined")
            }
            var headline = RankCorrelation.Adjustment.none
            var used = Set(strata)
            if isAdjusted {
                let pooled = spearmanWithin(loss, error, strata: strata)
                result.rhoWithin = pooled.rho
                result.rhoPartial = partialSpearman(loss, error, given: covariates)
                result.rhoResidual = hasTextCovariate ? nil : residualSpearman(loss, error, onLogOf: covariates)
                switch options.adjust {
                case .within:
                    headline = .within(strata)
                    used = Set(pooled.used.map(\.code))
                    result.warnings += warnings(on: pooled, options: options)
                case .partial: headline = .partial(covariates)
                case .residual:
                    headline = .residual(covariates)
                    if hasTextCovariate || covariates.joined().contains(where: { $0 <= 0 }) {
                        result.warnings.append(
                            "a logarithm needs positive numbers in \(options.adjustFor.joined(separator: ", "))")
                        return result
                    }
                }
            }
            let rows = loss.indices.filter { used.contains(strata[$0]) }
            result.effectiveM = clusters.map { clusters in Set(rows.map { clusters[$0] }).count } ?? rows.count
            infer(correlation(headline), into: &result, options: options)
            return result
        }

        /// Fewer independent sets have hardly a resample that differs from them.
        private static let fewestForInterval = 4

        private func infer(_ subject: RankCorrelation, into result: inout Objective, options: Options) {
            result.rho = subject.estimate
            guard result.rho != nil else {
                if result.rhoUnadjusted != nil, subject.adjustment != .none {
                    result.warnings.append("ρ is undefined after adjusting: nothing is left to correlate")
                }
                return
            }
            let hasEnough = result.effectiveM >= Self.fewestForInterval
            if hasEnough {
                result.interval = subject.bootstrap(
                    resamples: options.resamples, level: options.level, seed: options.seed, identity: "dcs",
                    clusters: clusters, threads: options.threads)
            }
            if let interval = result.interval, interval.undefined > 0 {
                result.warnings.append(
                    "ρ was undefined in \(interval.undefined) of \(interval.resamples) resamples, which were left out")
            } else if result.interval == nil {
                result.warnings.append(
                    hasEnough
                        ? "no interval: ρ is undefined in most resamples"
                        : "no interval: \(result.effectiveM) independent sets do not tell how far ρ could vary")
            }
            if hasEnough, result.effectiveM < 10 {
                result.warnings.append(
                    "\(result.effectiveM) independent sets: interval and p-value are rough at best")
            }
            let (rearranged, rows, units) =
                clusters == nil ? (subject, strata, Array(strata.indices)) : clusterMeans(subject)
            guard
                let test = rearranged.permutationTest(
                    resamples: options.resamples, seed: options.seed, identity: "dcs",
                    strata: options.adjustFor.isEmpty ? nil : rows, units: units, threads: options.threads)
            else {
                result.warnings.append("no p-value: ρ of the clusters' means is undefined")
                return
            }
            result.pValue = test.pValue
            result.pMethod = Self.words(test, ofMeans: clusters != nil, within: options.adjustFor)
            if !test.isExact, test.pValue * Double(test.arrangements + 1) < 1.5 {
                result.warnings.append("p is at the resolution of \(test.arrangements) permutations")
            }
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
            if pooled.used.isEmpty {
                warnings.append("no stratum of \(options.adjustFor.joined(separator: ", ")) can be used; try partial")
            }
            return warnings
        }
    }
}
