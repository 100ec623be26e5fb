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
        let needsWeights = if case .noise = images { true } else { views != nil }
        var teachers: [PlannedRun.Teaching.Teacher] = []
        for reference in regime.value.teachers {
            guard let found = teacher(reference, needsWeights: needsWeights, regime: regime, for: cell) else {
                return nil
            }
            teachers.append(found)
        }
        var temperature = regime.value.temperature
        if temperature == nil, case .kl(_, let own)? = recipe.value.loss { temperature = own }
        return .soft(.init(teachers: teachers, temperature: temperature ?? 1, views: views))
    }

    private mutating func teacher(
        _ reference: TeacherReference, needsWeights: Bool, regime: Named<RegimeChoice>, for cell: Cell
    ) -> PlannedRun.Teaching.Teacher? {
        guard
            let source = source(
                reference.run, for: cell, defaultBudget: defaultBudget(for: cell), model: reference.model),
            let run = runs.first(where: { $0.id == source.id })
        else { return nil }
        let place = "regimes.\(regime.name).teacher"
        var target = run.totalSamples
        if let epoch = reference.checkpoint, epoch != run.budget {
            target = Int(min(epoch * Double(data.training), 1e15).rounded())
            guard run.checkpoints.contains(target) else {
                let epochs = run.storedCheckpoints.map { shortest(Double($0) / Double(run.samples)) }
                problem(
                    reference.run.mark, place,
                    "\(run.id) has no checkpoint at epoch \(shortest(epoch)) (it has \(epochs.joined(separator: ", ")))"
                )
                return nil
            }
        }
        if needsWeights, !run.weightsAt.contains(target) {
            let epoch = shortest(Double(target) / Double(run.samples))
            problem(
                reference.run.mark, place,
                "\(run.id) does not keep its weights at epoch \(epoch); 'record: { weights: [\(epoch)] }' does")
            return nil
        }
        if !needsWeights, run.recordsTrainPass {
            problem(
                reference.run.mark, place,
                "\(run.id) keeps logits of augmented images ('record: { pass: train }'), which label no other")
            return nil
        }
        let boundary = run.boundary(atOrAfter: target)
        let position = run.storedCheckpoints.firstIndex(of: boundary)
        return .init(source: source, checkpoint: boundary == run.totalSamples ? nil : position)
    }
}
