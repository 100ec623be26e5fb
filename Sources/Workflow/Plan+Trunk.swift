import Studies
import Tables

/// Trunk and branches: all budgets of one regime, subset and seed share a stretch at the full rate, their trunk, and each
/// adds a branch that cools down. A branch is, bit by bit, the end of the run that it would have been alone: so its
/// digest names no trunk, and a budget that is added later makes no run stale.
extension PlanResolver {
    /// What a schedule with a trunk changes in a run; a run of another schedule is left as it is.
    mutating func asBranch(_ run: inout PlannedRun, recipe: Named<RecipeChoice>) -> Bool {
        guard let place = run.branchPoint else { return true }
        func refuse(_ why: String) -> Bool {
            problem(recipe.mark, "recipes.\(recipe.name).schedule", why)
            return false
        }
        if case .fraction = run.recipe.schedule.warmUp {
            return refuse("a trunk has no length of its own: write its warm-up in epochs or steps")
        }
        if run.recordsLogits, run.recordedPass != .eval {
            return refuse("a trunk keeps no logits of the training pass ('record: { pass: train }')")
        }
        guard place > 0, place < run.totalSamples else {
            return refuse("\(run.id) has \(run.steps) steps, which leave no trunk or no cooldown")
        }
        let warm =
            switch run.recipe.schedule.warmUp {
            case .none, .fraction: 0.0
            case .epochs(let epochs): epochs * Double(run.stepsPerPass)
            case .steps(let steps): Double(steps)
            }
        guard warm <= Double(run.steps(samples: place)) else {
            return refuse(
                "the warm-up of \(shortest(warm)) steps is longer than the trunk of \(run.id), which has "
                    + "\(run.steps(samples: place)) steps before its cooldown")
        }
        run.identity = run.trunkIdentity
        // Evenly spaced checkpoints differ from budget to budget: those of the trunk are not the branch's.
        if run.images != .all, study.checkpoints.at == nil {
            let all = run.checkpoints.count
            run.checkpoints = run.checkpoints.filter { run.boundary(atOrAfter: $0) > place }
            let lost = all - run.checkpoints.count
            run.askedCheckpoints = run.checkpoints.count
            if lost > 0 {
                run.remarks.append(
                    "\(lost) of its \(all) checkpoints lie on the trunk and are not kept ('checkpoints: { at: [...] }' "
                        + "keeps checkpoints of both)")
            }
        }
        return true
    }

    /// The runs with the segments of their trunks in front of them.
    mutating func insertTrunks() {
        let branches = Dictionary(grouping: runs.filter { $0.branchPoint != nil }) { $0.identity ?? $0.id }
        guard !branches.isEmpty else { return }
        var segments: [String: [PlannedRun]] = [:]
        for (identity, group) in branches {
            var chain: [PlannedRun] = []
            for branch in group.sorted(by: { ($0.branchPoint ?? 0) < ($1.branchPoint ?? 0) })
            where chain.last?.totalSamples != branch.branchPoint {
                chain.append(segment(of: branch, after: chain.last))
            }
            segments[identity] = chain
        }
        var all: [PlannedRun] = []
        var present: Set<String> = []
        for var run in runs {
            if let place = run.branchPoint, let chain = segments[run.identity ?? run.id] {
                for segment in chain where segment.totalSamples <= place && present.insert(segment.id).inserted {
                    all.append(segment)
                }
                if let own = chain.first(where: { $0.totalSamples == place }) {
                    run.start = .init(source: .init(id: own.id, digest: own.digest), samples: place)
                }
            }
            all.append(run)
        }
        replaceRuns(all)
    }

    /// The stretch of a trunk that ends where `branch` begins.
    private func segment(of branch: PlannedRun, after earlier: PlannedRun?) -> PlannedRun {
        var segment = branch
        let total = branch.branchPoint ?? 0
        segment.id = branch.id.replacingLastBudget(branch.budgetName, by: branch.budgetName + "-trunk")
        segment.budgetName = branch.budgetName + "-trunk"
        segment.recipe.schedule = ScheduleChoice(.constant, warmUp: branch.recipe.schedule.warmUp)
        segment.totalSamples = total
        segment.budget = Double(total) / Double(data.training)
        segment.checkpoints = branch.checkpoints.filter { branch.boundary(atOrAfter: $0) < total } + [total]
        segment.askedCheckpoints = segment.checkpoints.count
        segment.weightsAt = branch.weightsAt.filter { segment.checkpoints.dropLast().contains($0) }
        segment.taughtAt = branch.taughtAt.filter { segment.checkpoints.dropLast().contains($0) }
        segment.remarks = []
        segment.recordsFeatures = false
        segment.keepsState = true
        segment.blocks = []
        segment.isInserted = true
        segment.start = earlier.map { .init(source: .init(id: $0.id, digest: $0.digest), samples: $0.totalSamples) }
        return segment
    }
}

extension PlannedRun {
    /// Samples seen where the cooldown begins; nil where the schedule has no trunk.
    var branchPoint: Int? {
        guard case .trunk(let share, _) = recipe.schedule.curve else { return nil }
        // Every step before it is one at the full rate: the cooldown is counted in steps, too.
        return samples(steps: Int(((1 - share) * Double(steps) - 1e-9).rounded(.up)))
    }

    /// The key of the random streams that a trunk and its branches share.
    fileprivate var trunkIdentity: String { id.replacingLastBudget(budgetName, by: "trunk") }

    /// Samples that this run itself trains on: what it costs.
    public var trainedSamples: Int { totalSamples - (start?.samples ?? 0) }
}

extension String {
    /// `HL/full/mid/seed1` with another budget: the last part but one.
    fileprivate func replacingLastBudget(_ old: String, by new: String) -> String {
        var parts = split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if parts.count >= 2, parts[parts.count - 2] == old { parts[parts.count - 2] = new }
        return parts.joined(separator: "/")
    }
}
