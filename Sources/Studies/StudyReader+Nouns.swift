extension SubsetChoice {
    init?(_ place: Place) {
        if case .scalar = place.node {
            guard place.word("subset", among: ["all"]) != nil else { return nil }
            self = .all
            return
        }
        let methods = ["random", "noise"] + place.findings.vocabulary.scores
        let subset: SubsetChoice? = place.mapping { reader in
            guard let method = reader.required("method")?.word("method", among: methods) else {
                // The keys are known all the same: one problem, not six.
                for key in ["variant", "keep", "ipc", "fraction", "windows", "span", "window", "from", "balanced"] {
                    _ = reader.optional(key)
                }
                return nil
            }
            let ipc = reader.required("ipc")?.integers(1...Int(Int32.max)) ?? []
            if method == "random" { return .random(ipc: ipc) }
            if method == "noise" { return .noise(ipc: ipc) }
            return ScoredSubsetChoice(reader, method: method, ipc: ipc).map { .scored($0) }
        }
        guard let subset else { return nil }
        self = subset
    }
}

extension ScoredSubsetChoice {
    init?(_ reader: MappingReader, method: String, ipc: [Int]) {
        let windowed = method == "cad-prune"
        let keep =
            (windowed ? reader.optional("keep") : reader.required("keep"))
            .map { $0.word("rule", among: Keep.allCases.map(\.rawValue)) } ?? "highest"
        let fractions = reader.optional("fraction")?.list().compactMap { $0.number("in 0…1") { $0 > 0 && $0 <= 1 } }
        let windows = reader.optional("windows")
        let variant = reader.optional("variant")?.string()
        let span = (windowed ? reader.required("span") : reader.optional("span"))?.integer(2...10_000)
        let window = (windowed ? reader.required("window") : reader.optional("window"))?.integer(1...10_000)
        if let problem = reader.place.findings.vocabulary.scoreProblem(method, variant, span, window) {
            reader.place.problem(problem)
        }
        let from = reader.optional("from").map { SourceReference($0) }
        let balanced = reader.optional("balanced")?.flag() ?? true
        if windowed, span == nil || window == nil { return nil }
        guard let keep = keep.flatMap(Keep.init(rawValue:)) else { return nil }
        var count: Int?
        if keep == .window {
            guard let windows else {
                reader.place.problem("'keep: window' needs the number of windows ('windows: 10')")
                return nil
            }
            count = windows.integer(2...1000)
            if fractions != nil { reader.place.problem("'windows' and 'fraction' exclude each other") }
        } else if let windows {
            windows.problem("'windows' needs 'keep: window'")
        }
        if fractions != nil, !balanced {
            reader.place.problem(
                "a fraction of a pool is class-balanced: 'balanced: false' and 'fraction' exclude each other")
        }
        if let from, from == nil { return nil }
        self.init(
            method: method, variant: variant, keep: keep, ipc: ipc, fractions: fractions ?? [], windows: count,
            span: span,
            window: window, from: from ?? nil, balanced: balanced)
    }
}
