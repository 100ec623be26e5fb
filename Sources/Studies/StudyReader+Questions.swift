extension RunBlock {
    init?(_ reader: MappingReader, in study: Study) {
        let place = reader.place
        /// The names of one axis; an axis that stands once need not be named.
        func axis(_ key: String, _ noun: String, _ names: [String], unnamed: [String]? = nil) -> [String] {
            if let named = reader.optional(key) { return named.words(noun, among: names) }
            let candidates = unnamed ?? names
            if candidates.count > 1 { place.problem("name the \(key): \(candidates.joined(separator: ", "))") }
            return candidates
        }
        // Recipes that a regime brings along are not an axis.
        let claimed = Set(study.regimes.compactMap(\.value.recipe))
        let unclaimed = study.recipes.map(\.name).filter { !claimed.contains($0) }
        let name = reader.optional("name")?.string()
        let models = axis("models", "model", study.models.map(\.name))
        let recipes = axis(
            "recipes", "recipe", study.recipes.map(\.name),
            unnamed: unclaimed.isEmpty ? study.recipes.prefix(1).map(\.name) : unclaimed)
        let regimes = axis("regimes", "regime", study.regimes.map(\.name))
        let subsets = axis("subsets", "subset", study.subsets.map(\.name))
        let budgets = axis("budgets", "budget", study.budgets.map(\.name))
        let ipcPlace = reader.optional("ipc")
        let ipc = ipcPlace?.integers(1...Int(Int32.max))
        let seedsPlace = reader.optional("seeds")
        let seeds = seedsPlace?.integers(0...Int(Int32.max)) ?? study.seeds
        for seed in seeds where !study.seeds.contains(seed) {
            seedsPlace?.problem(
                "seed \(seed) is not one of the study's seeds (\(study.seeds.map(String.init).joined(separator: ", ")))"
            )
        }
        let offered = Set(study.subsets.filter { subsets.contains($0.name) }.flatMap(\.value.ipc))
        for value in ipc ?? [] where !offered.contains(value) {
            ipcPlace?.problem("none of the block's subsets has IPC \(value)")
        }
        self.init(
            name: name, models: models, recipes: recipes, regimes: regimes, subsets: subsets, ipc: ipc,
            budgets: budgets, seeds: seeds, mark: place.mark)
    }
}

extension AnalysisChoice {
    static let unread = AnalysisChoice(kind: .hardness, of: [], per: [], level: 0.95)

    init?(_ place: Place, in study: Study) {
        guard let (name, options) = place.kinded("analysis", among: ["fit", "dcs", "pareto", "hardness"]) else {
            return nil
        }
        let vocabulary = place.findings.vocabulary
        guard let options else {
            place.problem("\(name) needs its options: { \(name): { … } }")
            return nil
        }
        let analysis: AnalysisChoice? = options.mapping { reader in
            let sources = study.blocks.compactMap(\.name) + study.subsets.map(\.name)
            let of = reader.optional("of")?.words("block or subset", among: sources) ?? []
            let level = reader.optional("level").map { $0.number("above 0 and below 1") { $0 > 0 && $0 < 1 } } ?? 0.95
            let kind: Kind?
            var per: [String] = []
            var objectives = ObjectiveList()
            func columns(_ place: Place?) -> [String] { place?.words("column", among: vocabulary.columns) ?? [] }
            switch name {
            case "fit":
                per = columns(reader.optional("per"))
                kind = FitChoice(reader).map(Kind.fit)
            case "dcs":
                per = columns(reader.optional("per"))
                objectives = ObjectiveList(reader, in: study)
                kind = .dcs(DCSChoice(reader, objectives: objectives.choices.map(\.column)))
            case "pareto":
                per = columns(reader.optional("per"))
                let minimize = reader.required("minimize")
                let names = columns(minimize)
                if !(2...3).contains(names.count) { minimize?.problem("a frontier needs two or three columns") }
                kind = .pareto(minimize: names)
            default:
                kind = .hardness
            }
            guard let kind, let level else { return nil }
            return AnalysisChoice(kind: kind, of: of, per: per, level: level, objectives: objectives)
        }
        guard let analysis else { return nil }
        self = analysis
    }
}

extension FigureChoice {
    init?(_ reader: MappingReader, analyses: [String]) {
        let columns = reader.place.findings.vocabulary.columns
        let filePlace = reader.required("file")
        let file = filePlace?.string()
        let show = reader.required("show")?.word("analysis", among: analyses)
        let x = reader.optional("x").map { Axis($0, columns: columns) } ?? Axis()
        let y = reader.optional("y").map { Axis($0, columns: columns) } ?? Axis()
        let color = reader.optional("color")?.word("column", among: columns)
        let facet = reader.optional("facet")?.word("column", among: columns)
        guard let file else { return nil }
        let parts = file.split(separator: "/", omittingEmptySubsequences: false)
        if !["svg", "pdf", "png"].contains(where: { file.hasSuffix(".\($0)") }) {
            filePlace?.problem("'\(file)' must end in .svg, .pdf or .png")
        } else if file.hasPrefix("/") || parts.contains("..") || parts.contains("") {
            filePlace?.problem("'\(file)' must lie below the results directory")
        }
        guard let show else { return nil }
        self.init(
            file: file, show: show, x: x, y: y, color: color, facet: facet, mark: reader.place.mark)
    }
}

extension FigureChoice.Axis {
    /// `samples_seen`, or `{ field: samples_seen, scale: log }`.
    init(_ place: Place, columns: [String]) {
        self.init()
        if case .scalar = place.node {
            field = place.word("column", among: columns)
            return
        }
        let axis = place.mapping { reader -> FigureChoice.Axis? in
            let scale = reader.optional("scale")?.word("scale", among: ["log", "linear"])
            return FigureChoice.Axis(
                field: reader.optional("field")?.word("column", among: columns), logarithmic: scale.map { $0 == "log" })
        }
        if let axis { self = axis }
    }
}
