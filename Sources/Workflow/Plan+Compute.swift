import Studies
import Tables

extension PlanResolver {
    private static let mostSamples = 1e12
    private static let mostCheckpoints = 100_000

    /// Samples that a budget comes to for `samples` images in batches; nil, and a problem, where nobody can train so.
    mutating func samplesSeen(_ budget: Named<BudgetChoice>, samples: Int, batch: Int) -> Int? {
        let place = "budgets.\(budget.name)"
        let seen: Double
        switch budget.value {
        case .epochs(let epochs):
            seen = (epochs * Double(data.training)).rounded()
            if seen > Self.mostSamples {
                problem(
                    budget.mark, place,
                    "\(shortest(epochs)) epochs of \(data.training) images are more than anybody can train")
                return nil
            }
        case .passes(let passes): seen = (passes * Double(samples)).rounded()
        case .samples(let count): seen = Double(count)
        case .steps(let steps):
            // As the trainer cuts them: the last batch of a pass is what is left of the images.
            let perPass = (samples + batch - 1) / batch
            seen = Double(steps / perPass) * Double(samples) + Double(min(steps % perPass * batch, samples))
        }
        guard seen >= 1, seen <= Self.mostSamples else {
            problem(
                budget.mark, place,
                seen < 1
                    ? "less than one sample of \(budget.value.isOfOwnImages ? samples : data.training)"
                    : "\(shortest(seen)) samples are more than anybody can train")
            return nil
        }
        return Int(seen)
    }

    /// The budget in epochs of the full training set.
    func epochs(_ budget: BudgetChoice, samplesSeen: Int) -> Double {
        if case .epochs(let epochs) = budget { return epochs }
        return Double(samplesSeen) / Double(data.training)
    }

    /// Samples seen at which checkpoints are due: at the study's list, or of full runs every so many epochs, and of others
    /// evenly spaced; always at the end.
    mutating func checkpoints(total: Int, isFull: Bool, budget: Named<BudgetChoice>) -> [Int]? {
        if let places = study.checkpoints.at {
            let inner = places.map { ($0 * Double(data.training)).rounded() }.filter { $0 < Double(total) }.map {
                Int($0)
            }
            return inner.enumerated().filter { $0 == 0 || inner[$0 - 1] < $1 }.map(\.element) + [total]
        }
        guard isFull else {
            let count = study.checkpoints.others
            let all = (1...count).map { total * $0 / count }
            return all.enumerated().filter { $1 > 0 && ($0 == 0 || all[$0 - 1] < $1) }.map(\.element)
        }
        let every = study.checkpoints.fullEvery * Double(data.training)
        guard Double(total) / every <= Double(min(Self.mostCheckpoints, total)) else {
            problem(
                budget.mark, "checkpoints",
                "full-every \(shortest(study.checkpoints.fullEvery)) makes more than "
                    + "\(min(Self.mostCheckpoints, total)) checkpoints of \(budget.name) epochs")
            return nil
        }
        let inner = (1...max(1, Int(Double(total) / every))).map { Int((Double($0) * every).rounded()) }
        return inner.filter { $0 > 0 && $0 < total } + [total]
    }

    /// Those of the checkpoints that keep weights.
    mutating func weightsAt(_ run: PlannedRun) -> [Int] {
        switch study.record.weights {
        case .none: return []
        case .last: return [run.totalSamples]
        case .all: return run.checkpoints
        case .epochs(let epochs):
            return epochs.compactMap { epoch in
                let place = epoch == run.budget ? run.totalSamples : Int((epoch * Double(data.training)).rounded())
                return run.checkpoints.contains(place) ? place : nil
            }
        }
    }

    /// An epoch of `record.weights` at which a run on all images that is long enough has no checkpoint, or to which no run
    /// comes at all.
    mutating func checkWeights() {
        guard case .epochs(let epochs) = study.record.weights else { return }
        func has(_ run: PlannedRun, _ epoch: Double) -> Bool {
            let place = epoch == run.budget ? run.totalSamples : Int((epoch * Double(data.training)).rounded())
            return run.checkpoints.contains(place)
        }
        let keeping = runs.filter { $0.recordsLogits && !$0.keepsState }
        for epoch in epochs {
            let lacking = keeping.first { $0.images == .all && epoch <= $0.budget && !has($0, epoch) }
            guard
                let run = lacking ?? (keeping.contains { has($0, epoch) } ? nil : keeping.max { $0.budget < $1.budget })
            else { continue }
            let known = run.checkpoints.map { shortest((Double($0) / Double(data.training) * 1e6).rounded() / 1e6) }
            let shown = known.count > 8 ? known.prefix(4) + ["…"] + known.suffix(2) : known[...]
            problem(
                study.record.mark, "record.weights",
                "\(run.id) has no checkpoint at epoch \(shortest(epoch)) (it has \(shown.joined(separator: ", ")))")
        }
    }

    /// Whether the trainer could take the run as it is planned.
    mutating func isTrainable(_ run: PlannedRun, recipe: Named<RecipeChoice>) -> Bool {
        if run.recordsLogits, run.recordedPass != .eval, let first = run.checkpoints.first, first < run.samples {
            problem(
                recipe.mark, "record.pass",
                "\(run.id) has a checkpoint after \(first) samples, before each of its \(run.samples) images was trained "
                    + "on once: it has no logits of the training pass yet")
            return false
        }
        if run.recordsAllSamples, run.recordedPass != .eval {
            problem(
                study.record.mark, "record.samples",
                "\(run.id) trains on a part of the images, and the training pass has no logits of the others: "
                    + "'samples: all' needs 'pass: eval'")
            return false
        }
        let warm =
            switch run.recipe.schedule.warmUp {
            case .none: 0.0
            case .fraction(let share): share
            case .epochs(let epochs): epochs / run.plannedEpochs
            case .steps(let steps): Double(steps) / Double(run.steps)
            }
        guard warm < 1 else {
            problem(
                recipe.mark, "recipes.\(recipe.name)",
                "the warm-up takes all of \(run.id) (\(shortest(run.plannedEpochs)) epochs of its own images, "
                    + "\(run.steps) steps); write it as a fraction of the run: { fraction: 0.025 }")
            return false
        }
        return true
    }
}

extension BudgetChoice {
    fileprivate var isOfOwnImages: Bool { if case .passes = self { true } else { false } }
}
