import Studies
import Tables

extension PlanResolver {
    /// The regime's labels with their teachers found; nil, and a problem, where something is amiss.
    mutating func labels(
        of regime: Named<RegimeChoice>, recipe: Named<RecipeChoice>, images: PlannedRun.Images, for cell: Cell
    ) -> PlannedRun.Labels? {
        let isSoft = regime.value.labels != .hard
        if let loss = recipe.value.loss, loss.isSoft != isSoft {
            problem(
                regime.mark, "regimes.\(regime.name)",
                isSoft
                    ? "its labels are soft, and the loss of recipe '\(recipe.name)' is cross-entropy on hard ones; give the "
                        + "regime a recipe of its own ('recipe: …'), or the recipe 'loss: kl'"
                    : "its labels are hard, and the loss of recipe '\(recipe.name)' needs a teacher; give the regime a "
                        + "recipe of its own ('recipe: …'), or the recipe 'loss: cross-entropy'")
            return nil
        }
        guard isSoft else { return .hard }
        var views: PlannedRun.Teaching.Views?
        if case .views(let perImage) = regime.value.labels { views = .init(mix: regime.value.mix, perImage: perImage) }
        if views?.mix != nil, recipe.value.augmentation.mix != nil {
            problem(
                regime.mark, "regimes.\(regime.name).mix", "recipe '\(recipe.name)' mixes images already ('augment')")
            return nil
        }
        // A network is asked where no stored logits are of what the student sees.
        let seesOthers = !images.areOfData || views != nil
        var teachers: [PlannedRun.Teaching.Teacher] = []
        for reference in regime.value.teachers {
            let found =
                switch reference.origin {
                case .run(let run):
                    teacher(run, reference, seesOthers: seesOthers, place: regime.name, for: cell)
                case .file(let path):
                    teacher(file: path, reference, seesOthers: seesOthers, place: regime.name)
                }
            guard let found else { return nil }
            teachers.append(found)
        }
        var temperature = regime.value.temperature
        if temperature == nil, case .kl(_, let own)? = recipe.value.loss { temperature = own }
        return .soft(.init(teachers: teachers, temperature: temperature ?? 1, views: views))
    }

    /// A run of the study. Where its network is needed, its weights are kept without the study saying so.
    private mutating func teacher(
        _ source: SourceReference, _ reference: TeacherReference, seesOthers: Bool, place: String, for cell: Cell
    ) -> PlannedRun.Teaching.Teacher? {
        guard let run = teacherRun(source, reference, place: place, for: cell) else { return nil }
        var target = run.totalSamples
        if let epoch = reference.checkpoint, epoch != run.budget {
            target = samples(atEpoch: epoch)
            guard run.checkpoints.contains(target) else {
                let epochs = run.storedCheckpoints.map { shortest(Double($0) / Double(data.training)) }
                problem(
                    reference.mark, "regimes.\(place).teacher",
                    "\(run.id) has no checkpoint at epoch \(shortest(epoch)) (it has \(epochs.joined(separator: ", ")))"
                )
                return nil
            }
        }
        let hasLogits =
            run.recordsLogits && run.recordedPass != .train && (run.images == .all || run.recordsAllSamples)
        let usesNetwork = seesOthers || !hasLogits
        if usesNetwork { keepWeights(of: run.id, at: target) }
        let boundary = run.boundary(atOrAfter: target)
        let position = run.storedCheckpoints.firstIndex(of: boundary)
        let epoch = shortest(Double(target) / Double(data.training))
        return .init(
            source: .init(id: run.id, digest: run.digest),
            checkpoint: boundary == run.totalSamples ? nil : position, model: nil, usesNetwork: usesNetwork,
            place: "\(run.id) (epoch \(epoch) of \(shortest(run.budget)))")
    }

    /// The run that a reference names: on all images, or on one set of a subset (`random-ipc50`).
    private mutating func teacherRun(
        _ source: SourceReference, _ reference: TeacherReference, place: String, for cell: Cell
    ) -> PlannedRun? {
        let standard = defaultBudget(for: cell)
        let named = study.subsets.filter {
            source.subset == $0.name || source.subset.hasPrefix($0.name + "-")
        }.max { $0.name.count < $1.name.count }
        guard let named, named.value != .all else {
            let found = self.source(source, for: cell, defaultBudget: standard, model: reference.model)
            return found.flatMap { found in runs.first { $0.id == found.id } }
        }
        func refuse(_ why: String) -> PlannedRun? {
            problem(reference.mark, "regimes.\(place).teacher", why)
            return nil
        }
        guard let budget = source.budget ?? standard else { return nil }
        var set = source.subset
        if set == named.name {
            guard named.value.ipc.count == 1 else {
                return refuse(
                    "'\(set)' is several sets: name one, for instance '\(set)-ipc\(named.value.ipc.first ?? 10)'")
            }
            set += "-ipc\(named.value.ipc[0])"
        }
        let teacher = Cell(
            model: reference.model ?? cell.model, recipe: cell.recipe, regime: source.regime ?? hardRegime,
            subset: named.name, budget: budget, seed: source.seed ?? cell.seed)
        let before = problems.count
        expand(teacher, of: nil, only: set)
        let id = (prefix(teacher) + [teacher.regime, set, budget, "seed\(teacher.seed)"]).joined(separator: "/")
        if let run = runs.first(where: { $0.id == id }) { return run }
        return problems.count > before ? nil : refuse("there is no set '\(set)' of subset '\(named.name)'")
    }

    /// A run in a file of its own.
    private mutating func teacher(
        file path: String, _ reference: TeacherReference, seesOthers: Bool, place: String
    ) -> PlannedRun.Teaching.Teacher? {
        func refuse(_ why: String) -> PlannedRun.Teaching.Teacher? {
            problem(reference.mark, "regimes.\(place).teacher", why)
            return nil
        }
        let model = study.models.first { $0.name == reference.model }?.value
        do {
            let file = try files[path] ?? TeacherFile(path)
            files[path] = file
            return try file.teacher(at: reference.checkpoint, model: model, seesOthers: seesOthers, data: data)
        } catch let error as WorkflowError {
            return refuse(error.description)
        } catch {
            return refuse("\(error)")
        }
    }
}
