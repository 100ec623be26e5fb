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

    /// Samples seen at which checkpoints are asked for: at the study's list, or of full runs every so many epochs, and of
    /// others evenly spaced; always at the end. Places that are less than a sample apart stand there several times.
    mutating func checkpoints(total: Int, isFull: Bool, budget: Named<BudgetChoice>) -> [Int]? {
        if let epochs = study.checkpoints.at {
            return epochs.map(samples(atEpoch:)).filter { $0 < total } + [total]
        }
        guard isFull else {
            let count = study.checkpoints.others
            return (1...count).map { max(1, total * $0 / count) }
        }
        let every = study.checkpoints.fullEvery * Double(data.training)
        guard Double(total) / every <= Double(Self.mostCheckpoints) else {
            problem(
                study.checkpoints.mark, "checkpoints",
                "full-every \(shortest(study.checkpoints.fullEvery)) makes more than \(Self.mostCheckpoints) checkpoints "
                    + "of budget '\(budget.name)'")
            return nil
        }
        // 5 epochs every 0.0001 are 50,000 places, and not one less by rounding.
        let due = (1...max(1, Int(Double(total) / every + 1e-9))).map { count in
            min(total, max(1, Int((Double(count) * every).rounded())))
        }
        return due.last == total ? due : due + [total]
    }

    /// Samples seen at an epoch of compute; what is after the beginning is at least one.
    func samples(atEpoch epoch: Double) -> Int {
        epoch == 0 ? 0 : max(1, Int(min(epoch * Double(data.training), Self.mostSamples).rounded()))
    }

    /// Says of the longest run which of the study's checkpoints no run comes to.
    mutating func remarkUnreached() {
        guard let last = study.checkpoints.at?.last,
            let longest = runs.indices.max(by: { runs[$0].totalSamples < runs[$1].totalSamples }),
            last > runs[longest].budget
        else { return }
        let beyond = study.checkpoints.at?.filter { $0 > runs[longest].budget } ?? []
        var all = runs
        all[longest].remarks.append(
            "no run comes to epoch \(beyond.map(shortest).joined(separator: ", ")) of 'checkpoints: at': its "
                + "\(significant(runs[longest].budget)) epochs are the most")
        replaceRuns(all)
    }

    /// Those of the checkpoints that keep weights.
    mutating func weightsAt(_ run: PlannedRun) -> [Int] {
        switch study.record.weights {
        case .none: return []
        case .last: return [run.totalSamples]
        case .all: return run.checkpoints
        case .epochs(let epochs):
            return epochs.compactMap { epoch in
                let place = epoch == run.budget ? run.totalSamples : samples(atEpoch: epoch)
                return run.checkpoints.contains(place) ? place : nil
            }
        }
    }

    /// An epoch of `record.weights` at which a run on all images that is long enough has no checkpoint, or to which no run
    /// comes at all.
    mutating func checkWeights() {
        guard case .epochs(let epochs) = study.record.weights else { return }
        func has(_ run: PlannedRun, _ epoch: Double) -> Bool {
            let place = epoch == run.budget ? run.totalSamples : samples(atEpoch: epoch)
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
