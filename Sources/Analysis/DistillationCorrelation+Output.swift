import Statistics
import Tables

extension DistillationCorrelation {
    /// The fixed form `assay-dcs`, version 1.
    public func json() -> JSON {
        [
            "format": "assay-dcs", "version": 1, "error": .string(options.error), "level": .number(options.level),
            "resamples": .integer(options.resamples), "seed": .integer(options.seed),
            "cluster": JSON(options.cluster), "objectives": .array(objectives.map { json($0) }),
        ]
    }

    private func json(_ o: Objective) -> JSON {
        [
            "objective": .string(o.objective), "m": .integer(o.m), "effective_m": .integer(o.effectiveM),
            "rho": JSON(o.rho), "low": JSON(o.interval?.low), "high": JSON(o.interval?.high),
            "interval": JSON(o.interval.map { "\($0.method.rawValue) bootstrap" }),
            "p_value": JSON(o.pValue), "p_family": JSON(o.pFamily), "p_method": .string(o.pMethod),
            "adjusted_for": JSON(options.adjustFor),
            "adjust": options.adjustFor.isEmpty ? "none" : .string(options.adjust.rawValue),
            "rho_within": JSON(o.rhoWithin), "rho_partial": JSON(o.rhoPartial), "rho_residual": JSON(o.rhoResidual),
            "rho_unadjusted": JSON(o.rhoUnadjusted), "warnings": JSON(o.warnings),
        ]
    }

    /// One row per objective.
    public func table() -> Table {
        func numbers(_ name: String, _ value: (Objective) -> Double?) -> Column {
            Column(name, objectives.map { value($0) ?? .nan })
        }
        var columns = [
            Column("objective", objectives.map(\.objective)), Column("m", objectives.map(\.m)),
            Column("effective_m", objectives.map(\.effectiveM)), numbers("rho", \.rho),
            numbers("low") { $0.interval?.low }, numbers("high") { $0.interval?.high }, numbers("p_value", \.pValue),
            numbers("p_family", \.pFamily),
        ]
        if !options.adjustFor.isEmpty {
            columns += [
                numbers("rho_within", \.rhoWithin), numbers("rho_partial", \.rhoPartial),
                numbers("rho_unadjusted", \.rhoUnadjusted),
            ]
        }
        return Table(columns)
    }

    /// What the numbers are, a sentence per line: for the terminal, below the table.
    public func explanation() -> [String] {
        var lines = [String]()
        let names = options.adjustFor.joined(separator: ", ")
        let headline =
            switch options.adjust {
            case _ where options.adjustFor.isEmpty: "plain (nothing adjusted for)"
            case .within: "within strata of \(names), pooled by Fisher's z"
            case .partial: "partial, given the ranks of \(names)"
            case .residual: "of residuals on log \(names)"
            }
        lines.append("rho: Spearman's, \(headline), against \(options.error); positive: the loss falls with the error.")
        let percent = significant(options.level * 100)
        let units = options.cluster.map { "clusters of \($0)" } ?? "sets"
        for (method, members) in grouped({ $0.interval.map { $0.method == .bca ? "BCa" : "percentile" } }) {
            let bootstrap = "\(percent) % \(method) bootstrap, \(options.resamples) resamples of \(units)"
            lines.append("low, high (\(members)): \(bootstrap), seed \(options.seed).")
        }
        for (method, members) in grouped({ $0.pValue == nil ? nil : $0.pMethod }) {
            lines.append("p_value (\(members)): two-sided, \(method).")
        }
        if objectives.count > 1 { lines.append("p_family: Holm over \(objectives.count) objectives.") }
        for o in objectives { lines += o.warnings.map { "warning: \(o.objective): \($0)" } }
        return lines
    }

    private func grouped(_ key: (Objective) -> String?) -> [(String, String)] {
        var order = [String]()
        var members = [String: [String]]()
        for o in objectives {
            guard let value = key(o) else { continue }
            if members[value] == nil { order.append(value) }
            members[value, default: []].append(o.objective)
        }
        return order.map { ($0, order.count == 1 ? "all" : (members[$0] ?? []).joined(separator: ", ")) }
    }
}
