import Statistics
import Tables

extension DistillationCorrelation {
    /// The fixed form `assay-dcs`, version 1.
    public func json() -> JSON { .object(head.merging(["objectives": .array(objectives.map { json($0) })]) { $1 }) }

    var head: [String: JSON] {
        [
            "format": "assay-dcs", "version": 1, "error": .string(options.error), "level": .number(options.level),
            "resamples": .integer(options.resamples), "seed": .integer(options.seed),
            "cluster": JSON(options.cluster), "leave_out": JSON(options.leaveOut?.text),
        ]
    }

    func json(_ o: Objective) -> JSON {
        [
            "objective": .string(o.objective), "error": .string(options.error), "m": .integer(o.m),
            "effective_m": .integer(o.effectiveM), "rho": JSON(o.rho), "undefined": JSON(o.undefined),
            "low": JSON(o.interval?.low), "high": JSON(o.interval?.high),
            "interval": JSON(o.interval.map { "\($0.method.rawValue) bootstrap" }),
            "percentile": Self.json(o.percentile), "bca": Self.json(o.bca),
            "p_value": JSON(o.pValue), "p_family": JSON(o.pFamily), "p_holm": JSON(o.pHolm),
            "p_method": .string(o.pMethod), "p_family_method": .string(o.pFamilyMethod),
            "adjusted_for": JSON(options.adjustFor),
            "adjust": options.adjustFor.isEmpty ? "none" : .string(options.adjust.rawValue),
            "rho_within": JSON(o.rhoWithin), "rho_partial": JSON(o.rhoPartial), "rho_residual": JSON(o.rhoResidual),
            "rho_unadjusted": JSON(o.rhoUnadjusted), "rho_with_left_out": JSON(o.rhoWithLeftOut),
            "left_out": JSON(o.leftOut), "detectable_rho": JSON(o.detectable),
            "leave_one_out": o.influence.map { influence in
                [
                    "column": .string(influence.column), "low": .number(influence.low),
                    "high": .number(influence.high), "most_influential": .string(influence.mostInfluential),
                    "rho_without": .number(influence.rhoWithout),
                ]
            } ?? .null,
            "attenuation": o.attenuation.map { attenuation in
                [
                    "reliability": .number(attenuation.reliability), "rho": .number(attenuation.rho),
                    "low": JSON(attenuation.interval?.low), "high": JSON(attenuation.interval?.high),
                    "interval": JSON(attenuation.interval.map { "\($0.method.rawValue) bootstrap" }),
                ]
            } ?? .null,
            "warnings": JSON(o.warnings),
        ]
    }

    static func json(_ interval: BootstrapInterval?) -> JSON {
        interval.map { ["low": .number($0.low), "high": .number($0.high)] } ?? .null
    }

    /// One row per objective.
    public func table() -> Table { table(objectives) }

    func table(_ objectives: [Objective]) -> Table {
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
        if options.leaveOut != nil { columns.append(numbers("rho_with_left_out", \.rhoWithLeftOut)) }
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
        func words(_ interval: BootstrapInterval) -> String {
            "\(percent) % \(interval.method == .bca ? "BCa" : "percentile") bootstrap, \(interval.resamples) resamples of "
                + units
        }
        for (bootstrap, members) in grouped({ $0.interval.map(words) }) {
            lines.append("low, high (\(members)): \(bootstrap), seed \(options.seed).")
        }
        for (method, members) in grouped({ $0.pValue == nil ? nil : $0.pMethod }) {
            lines.append("p_value (\(members)): two-sided, \(method).")
        }
        if objectives.count > 1 {
            for (method, members) in grouped({ $0.pFamily == nil ? nil : $0.pFamilyMethod }) {
                lines.append("p_family (\(members)): \(method), over \(objectives.count) objectives.")
            }
        }
        lines += details()
        for o in objectives { lines += o.warnings.map { "warning: \(o.objective): \($0)" } }
        return lines
    }

    /// Beside the headline: what the sets could have shown, what one family moves, what noise takes away.
    func details() -> [String] {
        func short(_ x: Double) -> String { significant(x, digits: 2) }
        var lines = [String]()
        for (size, members) in grouped({ $0.detectable.map(short) }) {
            lines.append(
                "detectable (\(members)): |rho| of \(size) with probability 0.8 at p < \(short(1 - options.level)).")
        }
        for o in objectives {
            if let influence = o.influence {
                lines.append(
                    "\(o.objective): without any one \(influence.column) rho lies in \(short(influence.low)) … "
                        + "\(short(influence.high)); it changes most without \(influence.mostInfluential), to "
                        + "\(short(influence.rhoWithout)).")
            }
            if let attenuation = o.attenuation {
                let interval = attenuation.interval.map { " [\(short($0.low)), \(short($0.high))]" } ?? ""
                lines.append(
                    "\(o.objective), without the noise of seeds: rho \(short(attenuation.rho))\(interval); "
                        + "reliability of \(options.error) \(short(attenuation.reliability)).")
            }
            if let rule = options.leaveOut {
                let all = o.rhoWithLeftOut.map(short) ?? "undefined"
                lines.append(
                    "\(o.objective): \(o.leftOut.count) sets left out (\(rule.text)); rho with them \(all).")
            }
        }
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
