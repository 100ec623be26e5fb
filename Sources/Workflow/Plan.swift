import Records
import Studies
import Tables
import Training

/// What a study comes to: every run listed, sources before the runs that need them.
public struct Plan: Sendable, Equatable {
    public var study: Study
    public var data: DataFacts
    public var runs: [PlannedRun]
    /// Runs that were planned and are none of `runs`: their training diverged, or they need one whose training did.
    public private(set) var absent: [String] = []

    /// Resolves a study against its data. Reports every problem at once.
    public init(_ study: Study, data: DataFacts) throws(StudyError) {
        self.study = study
        self.data = data
        var resolver = PlanResolver(study: study, data: data)
        runs = resolver.resolve()
        let problems =
            (resolver.problems.isEmpty ? analysisProblems() : resolver.problems) + augmentationProblems()
            + outputProblems()
        guard problems.isEmpty else { throw StudyError(file: study.path, problems: problems) }
    }

    /// The plan without runs whose training diverged, and without those that need them; its answers say so.
    public func without(_ diverged: [String]) -> Plan {
        var rest = self
        rest.runs.removeAll { diverged.contains($0.id) }
        rest.absent = diverged
        return rest
    }

    /// What is said of them at the end, with the exit code; nil where there are none.
    public func divergence(of diverged: [String]) -> WorkflowError? {
        guard !diverged.isEmpty else { return nil }
        return WorkflowError(
            TrainingError.divergedExitCode,
            "\(diverged.count) of \(counted(runs.count, "run")) diverged, or need one that did: "
                + "\(firstFew(diverged)); a run that diverges does so again: change its recipe")
    }

    public func run(_ id: String) -> PlannedRun? { runs.first { $0.id == id } }
}

/// Turns blocks into runs, and inserts the runs that those need.
struct PlanResolver {
    let study: Study
    let data: DataFacts
    private(set) var problems: [StudyProblem] = []
    private(set) var runs: [PlannedRun] = []
    private var positions: [String: Int] = [:]
    /// What the files of subsets hold, by the subset's name.
    var subsetFiles: [String: PlannedRun.Images] = [:]
    /// Runs whose sources are being looked for: one that is met again would be its own teacher.
    private var resolving: Set<String> = []
    /// Teachers from files, by path.
    var files: [String: TeacherFile] = [:]

    init(study: Study, data: DataFacts) {
        self.study = study
        self.data = data
    }

    mutating func resolve() -> [PlannedRun] {
        for block in study.blocks {
            for (model, recipe) in product(block.models, block.recipes) {
                for (regime, subset) in product(block.regimes, block.subsets) {
                    for (budget, seed) in product(block.budgets, block.seeds) {
                        let cell = Cell(
                            model: model, recipe: recipe, regime: regime, subset: subset, budget: budget, seed: seed)
                        expand(cell, of: block)
                    }
                }
            }
        }
        remarkUnreached()
        insertTrunks()
        checkWeights()
        return runs
    }

    mutating func replaceRuns(_ all: [PlannedRun]) { runs = all }

    /// Another run learns from the network of `id` at a checkpoint (samples seen).
    mutating func keepWeights(of id: String, at target: Int) {
        guard let position = positions[id], !runs[position].weightsAt.contains(target) else { return }
        runs[position].taughtAt = Array(Set(runs[position].taughtAt + [target])).sorted()
    }

    /// One point of the product, in the study's names.
    struct Cell: Equatable {
        var model: String
        var recipe: String
        var regime: String
        var subset: String
        var budget: String
        var seed: Int
    }

    mutating func problem(_ mark: SourceMark, _ place: String, _ message: String) {
        let found = StudyProblem(mark: mark, place: place, message: message)
        if !problems.contains(found) { problems.append(found) }
    }

    /// - Parameters:
    ///   - block: the block that asks; nil: another run needs a set of the subset, which `set` names (`random-ipc50`).
    mutating func expand(_ cell: Cell, of block: RunBlock?, only set: String? = nil) {
        // An unknown name was reported while reading.
        guard let subset = study.subsets.first(where: { $0.name == cell.subset }) else { return }
        var alterations: [PlannedRun.Alteration?] = [nil]
        if case .altered(_, let choice) = subset.value {
            let noise: [Double?] = choice.labelNoise.isEmpty ? [nil] : choice.labelNoise
            alterations = noise.map { .init(labelNoise: $0, copies: choice.copies) }
        }
        for (suffix, images) in images(of: subset, ipc: block?.ipc, for: cell) {
            for alteration in alterations {
                add(cell, suffix: suffix, images: images, alteration: alteration, block: block, only: set)
            }
        }
    }

    /// - Parameters:
    ///   - block: the block that asks for the run; nil: another run needs it.
    ///   - set: add it only if its images have this name.
    @discardableResult
    private mutating func add(
        _ cell: Cell, suffix: String, images: PlannedRun.Images, alteration: PlannedRun.Alteration? = nil,
        block: RunBlock?, only set: String? = nil
    ) -> PlannedRun? {
        let subset = cell.subset + suffix + (alteration?.suffix ?? "")
        let size = images.ipc.map { "-ipc\($0)" } ?? ""
        if let set, set != subset + size { return nil }
        guard let model = study.models.first(where: { $0.name == cell.model }),
            let regime = study.regimes.first(where: { $0.name == cell.regime })
                ?? (block == nil
                    ? Named(name: cell.regime, value: .init(labels: .hard), mark: .init(line: 1, column: 1)) : nil),
            let budget = study.budgets.first(where: { $0.name == cell.budget }),
            let recipe = study.recipes.first(where: { $0.name == regime.value.recipe ?? cell.recipe })
        else { return nil }

        let id = (prefix(cell) + [cell.regime, subset + size, budget.name, "seed\(cell.seed)"]).joined(separator: "/")
        if let position = positions[id] {
            guard runs[position].images == images, runs[position].alteration == alteration,
                runs[position].modelName == model.name, runs[position].recipe == recipe.value
            else {
                problem(
                    block?.mark ?? regime.mark, "runs",
                    "two different runs would be called \(id); rename one of their parts")
                return nil
            }
            if let block { runs[position].ask(block) }
            return runs[position]
        }
        guard !resolving.contains(id) else {
            problem(regime.mark, "regimes.\(regime.name)", "the teachers form a circle through \(id)")
            return nil
        }
        resolving.insert(id)
        defer { resolving.remove(id) }

        guard fits(images, subset: cell.subset) else { return nil }
        let samples = images.count(in: data) * (alteration?.copies ?? 1)
        guard let total = samplesSeen(budget, samples: samples, batch: min(recipe.value.batch, samples)) else {
            return nil
        }
        guard let labels = labels(of: regime, recipe: recipe, images: images, for: cell) else { return nil }
        let isFull = images == .all
        guard let checkpoints = checkpoints(total: total, isFull: isFull, budget: budget) else { return nil }
        let records = isFull || study.record.ofAllRuns
        var run = PlannedRun(
            id: id, modelName: model.name, model: model.value, recipe: recipe.value, regime: regime.name,
            labels: labels, subset: subset, family: cell.subset, images: images, alteration: alteration,
            budgetName: budget.name,
            budget: epochs(budget.value, samplesSeen: total), seed: cell.seed, samples: samples, totalSamples: total,
            checkpoints: distinct(checkpoints), askedCheckpoints: checkpoints.count,
            recordsLogits: records, recordedPass: records ? study.record.pass : .eval,
            weightsAt: [], recordsFeatures: records && (study.record.features || isFull && study.choosesByFeatures),
            precision: StoredPrecision(rawValue: study.precision) ?? .single, blocks: [], isInserted: true, data: data)
        if records { run.weightsAt = weightsAt(run) }
        if records, !isFull, study.record.ofAllSamples {
            run.recordsAllSamples = images.areOfData && alteration == nil
            if !run.recordsAllSamples {
                run.remarks.append("records its own images alone: they are not the data set's, or not with its labels")
            }
        }
        guard isTrainable(run, recipe: recipe), asBranch(&run, recipe: recipe) else { return nil }
        if let block { run.ask(block) }
        positions[id] = runs.count
        runs.append(run)
        return run
    }

    /// With several models or recipes, all but the first listed stand in front of the id.
    func prefix(_ cell: Cell) -> [String] {
        let claimed = Set(study.regimes.compactMap(\.value.recipe))
        let axis = study.recipes.map(\.name).filter { !claimed.contains($0) }
        let firstRecipe = axis.first ?? study.recipes.first?.name
        return (cell.model == study.models.first?.name ? [] : [cell.model])
            + (cell.recipe == firstRecipe || claimed.contains(cell.recipe) ? [] : [cell.recipe])
    }
}

// MARK: - Sources

extension PlanResolver {
    /// The largest budget at which the study trains on all images; where it never does, its largest budget.
    func defaultBudget(for cell: Cell) -> String? {
        let full = study.blocks.filter { block in
            block.subsets.contains { name in study.subsets.contains { $0.name == name && $0.value == .all } }
        }
        let candidates = Set(full.flatMap(\.budgets))
        let batch = study.recipes.first { $0.name == cell.recipe }?.value.batch ?? 1
        func compute(_ budget: Named<BudgetChoice>) -> Double {
            switch budget.value {
            case .epochs(let epochs), .passes(let epochs): epochs * Double(data.training)
            case .samples(let samples): Double(samples)
            case .steps(let steps): Double(steps) * Double(batch)
            }
        }
        return study.budgets.filter { candidates.isEmpty || candidates.contains($0.name) }
            .max { compute($0) < compute($1) }?.name
    }

    /// The regime of a source that names none.
    var hardRegime: String {
        let hard =
            study.regimes.first { $0.name == "HL" && $0.value.labels == .hard }
            ?? study.regimes.first { $0.value.labels == .hard }
        return hard?.name ?? "HL"
    }

    mutating func source(
        _ reference: SourceReference, for cell: Cell, defaultBudget: String?, model: String? = nil
    ) -> PlannedRun.Source? {
        guard let budget = reference.budget ?? defaultBudget else { return nil }
        let regime = reference.regime ?? hardRegime
        let key = Cell(
            model: model ?? cell.model, recipe: cell.recipe, regime: regime, subset: reference.subset, budget: budget,
            seed: reference.seed ?? cell.seed)
        guard let run = add(key, suffix: "", images: .all, block: nil) else { return nil }
        return .init(id: run.id, digest: run.digest)
    }
}

extension PlannedRun {
    fileprivate mutating func ask(_ block: RunBlock) {
        isInserted = false
        if let name = block.name, !blocks.contains(name) { blocks.append(name) }
    }
}

/// Ascending numbers, each once.
private func distinct(_ places: [Int]) -> [Int] {
    places.reduce(into: []) { kept, place in if kept.last != place { kept.append(place) } }
}

private func product<A, B>(_ a: [A], _ b: [B]) -> [(A, B)] { a.flatMap { x in b.map { (x, $0) } } }

/// The first five of a list, and whether there are more.
func firstFew(_ ids: [String]) -> String { ids.prefix(5).joined(separator: ", ") + (ids.count > 5 ? ", …" : "") }
