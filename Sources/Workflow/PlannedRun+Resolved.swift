import Studies
import Tables

extension PlannedRun {
    /// The resolved run: what its digest is taken over, and what its file keeps. A key that was added later is absent
    /// where it says what runs did before it, so that their digests stay.
    public var resolved: JSON {
        var members: [String: JSON] = [
            "semantics": .integer(runSemantics(model)),
            "id": .string(id),
            "dataset": data.json,
            "model": model.json,
            "recipe": recipe.json,
            "regime": regimeJSON,
            "subset": subsetJSON,
            "budget": .number(budget),
            "seed": .integer(seed),
            "samples": .integer(samples),
            "samples_seen": .integer(totalSamples),
            "checkpoints": .array(checkpoints.map(JSON.integer)),
            "logits": .bool(recordsLogits),
            "precision": .string(precision.rawValue),
        ]
        switch recordedPass {
        case .train where recordsLogits: members["pass"] = "train"
        case .both where recordsLogits: members["pass"] = ["eval", "train"]
        default: break
        }
        if recordsAllSamples { members["recorded_samples"] = "all" }
        if recordsLogits, weightsAt != [totalSamples] { members["weights"] = .array(weightsAt.map(JSON.integer)) }
        if recordsFeatures { members["features"] = true }
        if let identity { members["streams"] = .string(identity) }
        if keepsState { members["state"] = true }
        return .object(members)
    }

    private var regimeJSON: JSON {
        guard case .soft(let teaching) = labels else { return ["name": .string(regime), "labels": "hard"] }
        var members: [String: JSON] = [
            "name": .string(regime), "labels": teaching.views == nil ? "soft" : "views",
            "temperature": .number(teaching.temperature),
        ]
        let teachers = teaching.teachers.map { teacher -> JSON in
            if let model = teacher.model {
                return [
                    "sha256": .string(teacher.source.digest), "checkpoint": JSON(teacher.checkpoint),
                    "model": model.json,
                ]
            }
            guard let checkpoint = teacher.checkpoint else { return teacher.source.json }
            return [
                "id": .string(teacher.source.id), "digest": .string(teacher.source.digest),
                "checkpoint": .integer(checkpoint),
            ]
        }
        if teachers.count == 1 { members["teacher"] = teachers[0] } else { members["teachers"] = .array(teachers) }
        if let mix = teaching.views?.mix { members["mix"] = mix.json }
        if let count = teaching.views?.perImage { members["labels-per-image"] = .integer(count) }
        return .object(members)
    }

    private var subsetJSON: JSON {
        var members: [String: JSON] = ["name": .string(subset), "family": .string(family), "ipc": JSON(images.ipc)]
        switch images {
        case .all: members["method"] = "all"
        case .random: members["method"] = "random"
        case .noise: members["method"] = "noise"
        case .scored(let scored):
            members["method"] = .string(scored.method)
            members["variant"] = JSON(scored.variant)
            members["keep"] = .string(scored.keep.rawValue)
            members["fraction"] = JSON(scored.fraction)
            members["window_start"] = JSON(scored.start)
            members["span"] = JSON(scored.span)
            members["window"] = JSON(scored.window)
            members["every"] = JSON(scored.every)
            members["positions"] = scored.checkpoints.map { [.integer($0.lowerBound), .integer($0.upperBound)] }
            members["balanced"] = .bool(scored.balanced)
            members["scores_from"] = scored.source.json
        case .coreset(let coreset):
            members["method"] = .string(coreset.method)
            members["features_from"] = coreset.source.json
        case .listed(let listed):
            members["method"] = "file"
            members["digest"] = .string(listed.digest)
        case .given(let given):
            members["method"] = "images"
            members["digest"] = .string(given.digest)
            members["pixels"] = .string(given.pixels.rawValue)
        }
        if let alteration {
            members["label_noise"] = JSON(alteration.labelNoise)
            members["copies"] = .integer(alteration.copies)
        }
        return .object(members.filter { $0.value != .null })
    }
}

extension PlannedRun.Source {
    var json: JSON { ["id": .string(id), "digest": .string(digest)] }
}
