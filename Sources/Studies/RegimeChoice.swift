/// How labels are supplied.
public struct RegimeChoice: Sendable, Equatable {
    public enum Labels: Sendable, Equatable {
        case hard
        /// One fixed soft label per image.
        case soft
        /// The teacher labels the augmented images that the student is shown. With `perImage` m, every m-th pass over the
        /// images shows the same views, so that m labels per image would have to be stored.
        case views(perImage: Int?)
    }
    public var labels: Labels
    /// Empty for hard labels; of several the mean is taken.
    public var teachers: [TeacherReference]
    /// nil: that of the recipe's loss, or 1.
    public var temperature: Double?
    /// Images are mixed, on top of what the recipe's augmentation does.
    public var mix: AugmentationChoice.Mix?
    /// A regime may need its own recipe: the gradient of KL at temperature T is about T² times smaller.
    public var recipe: String?

    public init(
        labels: Labels, teachers: [TeacherReference] = [], temperature: Double? = nil,
        mix: AugmentationChoice.Mix? = nil,
        recipe: String? = nil
    ) {
        self.labels = labels
        self.teachers = teachers
        self.temperature = temperature
        self.mix = mix
        self.recipe = recipe
    }
}

/// A run, and the place in it at which its network teaches.
public struct TeacherReference: Sendable, Equatable {
    public enum Origin: Sendable, Equatable {
        /// Of the study.
        case run(SourceReference)
        /// A run's file, relative to the working directory.
        case file(String)
    }

    public var origin: Origin
    /// The epoch of its checkpoint, of compute for a run of the study and its own for a file; nil: the last.
    public var checkpoint: Double?
    /// The teacher's model; nil: the student's for a run, and what the file says for a file.
    public var model: String?
    public var mark: SourceMark

    public init(origin: Origin, checkpoint: Double? = nil, model: String? = nil, mark: SourceMark) {
        self.origin = origin
        self.checkpoint = checkpoint
        self.model = model
        self.mark = mark
    }
}

/// The run whose scores or logits are used: `full`, `HL/full/mid` or `HL/full/mid/seed1`.
public struct SourceReference: Sendable, Equatable {
    public var subset: String
    public var regime: String?
    public var budget: String?
    public var seed: Int?
    public var mark: SourceMark

    public init(subset: String, regime: String? = nil, budget: String? = nil, seed: Int? = nil, mark: SourceMark) {
        self.subset = subset
        self.regime = regime
        self.budget = budget
        self.seed = seed
        self.mark = mark
    }
}

extension RegimeChoice {
    init?(_ place: Place, recipes: [String]) {
        let regime: RegimeChoice? = place.mapping { reader in
            let labels = reader.required("labels")?.word("kind of labels", among: ["hard", "soft", "views"])
            let teacher = reader.optional("teacher")
            let temperature = reader.optional("temperature")
            let mix = reader.optional("mix")
            let dose = reader.optional("labels-per-image")
            let recipe = reader.optional("recipe").flatMap { Self.recipe($0, among: recipes) }
            guard let labels else { return nil }
            guard labels != "hard" else {
                for extra in [teacher, temperature, dose].compactMap({ $0 }) {
                    extra.problem("hard labels have no teacher")
                }
                mix?.problem("a recipe mixes images of hard labels: 'augment: [{ cutmix: … }]'")
                return RegimeChoice(labels: .hard, recipe: recipe)
            }
            // The recipe stays claimed, whatever else is wrong: one problem, not three.
            var regime = RegimeChoice(labels: .hard, recipe: recipe)
            guard let teacher else {
                place.problem("soft labels need a teacher: the run whose logits they come from ('teacher: full')")
                return nil
            }
            if let temperature {
                guard let degree = temperature.number("above 0", { $0 > 0 }) else { return regime }
                regime.temperature = degree
            }
            if let mix {
                guard let read = AugmentationChoice(mix) else { return regime }
                if read.mix == nil || !read.operations.isEmpty {
                    mix.problem("expected one mixture, cutmix or mixup; the recipe's 'augment' has the rest")
                }
                regime.mix = read.mix
            }
            let teachers = teacher.list().map { TeacherReference($0) }
            regime.teachers = teachers.compactMap { $0 }
            guard regime.teachers.count == teachers.count else { return regime }
            guard let kind = Self.labels(labels, isMixed: mix != nil, dose: dose) else { return regime }
            regime.labels = kind
            return regime
        }
        guard let regime else { return nil }
        self = regime
    }

    /// One of the study's recipes.
    private static func recipe(_ place: Place, among recipes: [String]) -> String? {
        if case .scalar(let scalar) = place.node, !recipes.contains(scalar.string),
            NamedRecipe.all.contains(where: { $0.name == scalar.string })
        {
            place.problem(
                "'\(scalar.string)' is a known recipe, but none of this study's: 'recipes: { \(scalar.string): "
                    + "\(scalar.string) }' makes it one")
            return nil
        }
        return place.word("recipe", among: recipes)
    }

    /// `labels: views`, a mixture or more than one label per image: the teacher sees what the student sees.
    private static func labels(_ word: String, isMixed: Bool, dose: Place?) -> Labels? {
        guard let dose else { return word == "views" || isMixed ? .views(perImage: nil) : .soft }
        if case .scalar(let scalar) = dose.node, scalar.string == "every" { return .views(perImage: nil) }
        guard let count = dose.integer(1...1_000_000) else { return nil }
        guard count == 1 else { return .views(perImage: count) }
        if word == "views" || isMixed {
            dose.problem(
                "one label per image is that of the image itself: 'labels: soft' without a mixture, or 2 labels or more"
            )
            return nil
        }
        return .soft
    }
}

extension TeacherReference {
    /// `full`, `{ run: full, checkpoint: 5, model: resnet18 }`, or `{ file: other/runs/full.h5, checkpoint: 5 }`.
    init?(_ place: Place) {
        guard case .mapping = place.node else {
            if case .scalar(let scalar) = place.node, scalar.string.hasSuffix(".h5") {
                place.problem("a run's file is named by 'file': { file: \(scalar.string) }")
                return nil
            }
            guard let run = SourceReference(place) else { return nil }
            self.init(origin: .run(run), mark: place.mark)
            return
        }
        let teacher: TeacherReference? = place.mapping { reader in
            let file = reader.optional("file")
            let run = file == nil ? reader.required("run") : reader.optional("run")
            if file != nil, let run { run.problem("'run' (of this study) and 'file' exclude each other") }
            let model = reader.optional("model")?.string()
            var checkpoint: Double?
            if let written = reader.optional("checkpoint") {
                checkpoint = written.number("an epoch, 0 or more") { $0 >= 0 }
                if checkpoint == nil { return nil }
            }
            let origin: Origin? =
                if let file { file.string().map { .file($0) } } else {
                    run.flatMap { SourceReference($0) }.map { .run($0) }
                }
            return origin.map { TeacherReference(origin: $0, checkpoint: checkpoint, model: model, mark: place.mark) }
        }
        guard let teacher else { return nil }
        self = teacher
    }
}

extension SourceReference {
    init?(_ place: Place) {
        guard let text = place.string() else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        switch parts.count {
        case 1: self.init(subset: parts[0], mark: place.mark)
        case 2: self.init(subset: parts[1], regime: parts[0], mark: place.mark)
        case 3: self.init(subset: parts[1], regime: parts[0], budget: parts[2], mark: place.mark)
        case 4:
            guard parts[3].hasPrefix("seed"), let seed = Int(parts[3].dropFirst(4)) else {
                place.problem("'\(parts[3])' is not a seed (seed1)")
                return nil
            }
            self.init(subset: parts[1], regime: parts[0], budget: parts[2], seed: seed, mark: place.mark)
        default:
            place.problem(
                "'\(text)' names no run: write SUBSET, REGIME/SUBSET, REGIME/SUBSET/BUDGET or REGIME/SUBSET/BUDGET/seedN"
            )
            return nil
        }
    }
}
