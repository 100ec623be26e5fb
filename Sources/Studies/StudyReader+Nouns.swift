extension ModelChoice {
    init?(_ place: Place) {
        guard let (kind, options) = place.kinded("model", among: ["mlp", "convnet"]) else { return nil }
        guard let options else {
            place.problem(
                "\(kind) needs its size: { \(kind): \(kind == "mlp" ? "{ hidden: [128] }" : "{ depth: 3, width: 32 }") }"
            )
            return nil
        }
        let model: ModelChoice? = options.mapping { reader in
            switch kind {
            case "mlp":
                return reader.required("hidden").map { .mlp(hidden: $0.list().compactMap { $0.integer(1...65536) }) }
            default:
                guard let depth = reader.required("depth")?.integer(1...5),
                    let width = reader.required("width")?.integer(1...4096)
                else { return nil }
                return .convnet(depth: depth, width: width)
            }
        }
        guard let model else { return nil }
        self = model
    }
}

extension RecipeChoice {
    static let unread = RecipeChoice(
        learningRate: 1, momentum: 0, nesterov: false, weightDecay: 0, schedule: .constant, batch: 1,
        augmentation: .none)

    init?(_ place: Place) {
        let recipe: RecipeChoice? = place.mapping { reader in
            let optimizer = reader.required("optimizer").flatMap { Self.sgd($0) }
            let schedule = reader.optional("schedule").map { ScheduleChoice($0) } ?? .cosine
            let batch = reader.optional("batch").map { $0.integer(1...1_048_576) } ?? 128
            // The length of a run is its budget: the key says so for readers who expect a number of epochs here.
            _ = reader.optional("epochs-from")?.word("origin of the epochs", among: ["budget"])
            let augmentation = reader.optional("augment").map { AugmentationChoice($0) } ?? AugmentationChoice.none
            guard let optimizer, let schedule, let batch, let augmentation else { return nil }
            return RecipeChoice(
                learningRate: optimizer.rate, momentum: optimizer.momentum, nesterov: optimizer.nesterov,
                weightDecay: optimizer.decay, schedule: schedule, batch: batch, augmentation: augmentation)
        }
        guard let recipe else { return nil }
        self = recipe
    }

    private static func sgd(_ place: Place) -> (rate: Double, momentum: Double, nesterov: Bool, decay: Double)? {
        guard let (_, options) = place.kinded("optimizer", among: ["sgd"]) else { return nil }
        guard let options else {
            place.problem("sgd needs its learning rate: { sgd: { learning-rate: 0.1 } }")
            return nil
        }
        return options.mapping { reader in
            let rate = reader.required("learning-rate")?.number("above 0") { $0 > 0 }
            let momentum =
                reader.optional("momentum").map { $0.number("in 0…1 (1 excluded)") { $0 >= 0 && $0 < 1 } } ?? 0
            let nesterov = reader.optional("nesterov")?.flag() ?? false
            let decay = reader.optional("weight-decay").map { $0.number("0 or more") { $0 >= 0 } } ?? 0
            guard let rate, let momentum, let decay else { return nil }
            return (rate, momentum, nesterov, decay)
        }
    }
}

extension ScheduleChoice {
    init?(_ place: Place) {
        guard let (kind, options) = place.kinded("schedule", among: ["cosine", "constant", "step"]) else { return nil }
        switch (kind, options) {
        case ("cosine", nil): self = .cosine
        case ("constant", nil): self = .constant
        case ("step", let options?):
            let step: ScheduleChoice? = options.mapping { reader in
                guard let at = reader.required("at"),
                    let factor = reader.required("factor")?.number("in 0…1", { $0 > 0 && $0 <= 1 })
                else { return nil }
                let fractions = at.list().compactMap { $0.number("a fraction of the run, 0…1") { $0 > 0 && $0 < 1 } }
                if fractions != fractions.sorted() { at.problem("fractions must increase") }
                return .step(at: fractions, factor: factor)
            }
            guard let step else { return nil }
            self = step
        case ("step", nil):
            place.problem("step needs its places: { step: { at: [0.5, 0.75], factor: 0.1 } }")
            return nil
        default:
            place.problem("\(kind) takes no options")
            return nil
        }
    }
}

extension AugmentationChoice {
    init?(_ place: Place) {
        guard let (kind, options) = place.kinded("augmentation", among: ["none", "crop-flip"]) else { return nil }
        guard kind == "crop-flip" else {
            self = .none
            return
        }
        var padding = 4
        var flip = true
        _ = options?.mapping { reader -> Bool? in
            padding = reader.optional("padding")?.integer(0...64) ?? padding
            flip = reader.optional("flip")?.flag() ?? flip
            return true
        }
        self = .cropFlip(padding: padding, flip: flip)
    }
}

extension RegimeChoice {
    init?(_ place: Place, recipes: [String]) {
        let regime: RegimeChoice? = place.mapping { reader in
            let labels = reader.required("labels")?.word("kind of labels", among: ["hard", "soft"])
            let teacher = reader.optional("teacher")
            let temperature = reader.optional("temperature")
            let recipe = reader.optional("recipe")?.word("recipe", among: recipes)
            switch labels {
            case "hard":
                for extra in [teacher, temperature].compactMap({ $0 }) { extra.problem("hard labels have no teacher") }
                return RegimeChoice(labels: .hard, recipe: recipe)
            case "soft":
                guard let teacher else {
                    place.problem("soft labels need a teacher: the run whose logits they come from ('teacher: full')")
                    return nil
                }
                let degree = temperature.map { $0.number("above 0") { $0 > 0 } } ?? 1
                guard let reference = SourceReference(teacher), let degree else {
                    // The recipe stays claimed: one problem, not three.
                    return RegimeChoice(labels: .hard, recipe: recipe)
                }
                return RegimeChoice(labels: .soft(teacher: reference, temperature: degree), recipe: recipe)
            default: return nil
            }
        }
        guard let regime else { return nil }
        self = regime
    }
}

extension SourceReference {
    init?(_ place: Place) {
        guard let text = place.string() else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        switch parts.count {
        case 1: self.init(subset: parts[0], mark: place.mark)
        case 3: self.init(subset: parts[1], regime: parts[0], budget: parts[2], mark: place.mark)
        case 4:
            guard parts[3].hasPrefix("seed"), let seed = Int(parts[3].dropFirst(4)) else {
                place.problem("'\(parts[3])' is not a seed (seed1)")
                return nil
            }
            self.init(subset: parts[1], regime: parts[0], budget: parts[2], seed: seed, mark: place.mark)
        default:
            place.problem("'\(text)' names no run: write SUBSET, REGIME/SUBSET/BUDGET or REGIME/SUBSET/BUDGET/seedN")
            return nil
        }
    }
}

extension SubsetChoice {
    init?(_ place: Place) {
        if case .scalar = place.node {
            guard place.word("subset", among: ["all"]) != nil else { return nil }
            self = .all
            return
        }
        let methods = ["random"] + place.findings.vocabulary.scores
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

extension CheckpointChoice {
    init?(_ reader: MappingReader) {
        let every = reader.optional("full-every").map { $0.number("above 0") { $0 > 0 } } ?? 1
        let others = reader.optional("others").map { $0.integer(1...100_000) } ?? 5
        guard let every, let others else { return nil }
        self.init(fullEvery: every, others: others)
    }
}
