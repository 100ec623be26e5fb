extension SubsetChoice {
    init?(_ place: Place) {
        if case .scalar = place.node {
            guard place.word("subset", among: ["all"]) != nil else { return nil }
            self = .all
            return
        }
        let subset: SubsetChoice? = place.mapping { reader in
            let alterations = Alterations(reader)
            guard let subset = SubsetChoice(unaltered: reader) else { return nil }
            guard let alterations else { return subset }
            if case .noise = subset {
                place.problem("noise has no labels to be wrong, and as many images as are wanted")
            }
            return .altered(subset, alterations)
        }
        guard let subset else { return nil }
        self = subset
    }

    private init?(unaltered reader: MappingReader) {
        if let file = reader.optional("file") {
            guard let path = file.string() else { return nil }
            self = .listed(file: path)
            return
        }
        if let images = reader.optional("images") {
            guard let given = GivenSetChoice(images, reader) else { return nil }
            self = .given(given)
            return
        }
        let vocabulary = reader.place.findings.vocabulary
        let methods = ["random", "noise"] + vocabulary.scores + vocabulary.coresets
        guard let method = reader.required("method")?.word("method", among: methods) else {
            // The keys are known all the same: one problem, not six.
            for key in [
                "variant", "keep", "ipc", "fraction", "windows", "span", "window", "every", "checkpoints", "from",
                "balanced",
            ] {
                _ = reader.optional(key)
            }
            return nil
        }
        let ipc = reader.required("ipc")?.integers(1...Int(Int32.max)) ?? []
        if method == "random" {
            self = .random(ipc: ipc)
        } else if method == "noise" {
            self = .noise(ipc: ipc)
        } else if vocabulary.coresets.contains(method) {
            let from = reader.optional("from").map { SourceReference($0) }
            if let from, from == nil { return nil }
            self = .coreset(CoresetChoice(method: method, ipc: ipc, from: from ?? nil))
        } else {
            guard let scored = ScoredSubsetChoice(reader, method: method, ipc: ipc) else { return nil }
            self = .scored(scored)
        }
    }
}

extension SubsetChoice.Alterations {
    /// nil where nothing is done to the subset.
    fileprivate init?(_ reader: MappingReader) {
        let noise = reader.optional("label-noise")?.list().compactMap {
            $0.number("above 0, at most 1") { $0 > 0 && $0 <= 1 }
        }
        let copies = reader.optional("copies")?.integer(2...1000)
        guard noise != nil || copies != nil else { return nil }
        self.init(labelNoise: noise ?? [], copies: copies ?? 1)
    }
}

extension GivenSetChoice {
    fileprivate init?(_ images: Place, _ reader: MappingReader) {
        let kinds = Pixels.allCases.map(\.rawValue)
        let pixels = reader.optional("pixels").map { $0.word("kind of pixels", among: kinds) } ?? Pixels.bytes.rawValue
        guard let path = images.string(), let pixels = pixels.flatMap(Pixels.init(rawValue:)) else { return nil }
        self.init(path: path, pixels: pixels)
    }
}

extension ScoredSubsetChoice {
    init?(_ reader: MappingReader, method: String, ipc: [Int]) {
        let windowed = method == "cad-prune"
        let keep =
            (windowed ? reader.optional("keep") : reader.required("keep"))
            .map { $0.word("rule", among: Keep.allCases.map(\.rawValue)) } ?? "highest"
        let fractions = reader.optional("fraction")?.list().compactMap {
            $0.number("above 0 and at most 1") { $0 > 0 && $0 <= 1 }
        }
        let windows = reader.optional("windows")
        let variant = reader.optional("variant")?.string()
        let span = (windowed ? reader.required("span") : reader.optional("span"))?.integer(2...10_000)
        let window = (windowed ? reader.required("window") : reader.optional("window"))?.integer(1...10_000)
        if let problem = reader.place.findings.vocabulary.scoreProblem(method, variant, span, window) {
            reader.place.problem(problem)
        }
        let every = reader.optional("every")?.number("above 0") { $0 > 0 }
        let checkpoints = reader.optional("checkpoints").flatMap(Self.positions)
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
            span: span, window: window, every: every, checkpoints: checkpoints, from: from ?? nil, balanced: balanced)
    }

    /// `[A, B]`, B exclusive.
    private static func positions(_ place: Place) -> Range<Int>? {
        let bounds = place.integers(0...Int(Int32.max))
        guard bounds.count == 2, bounds[0] < bounds[1] else {
            place.problem("checkpoints are positions [A, B] with A < B, counted from 0, B exclusive")
            return nil
        }
        return bounds[0]..<bounds[1]
    }
}
