import Studies
import Tables

/// Every recipe that has a name: one row each.
public func recipeListing() -> Table {
    let rows = NamedRecipe.all.compactMap { recipe in recipe.choice.map { (recipe, $0) } }
    return Table([
        Column("recipe", rows.map(\.0.name)),
        Column("optimizer", rows.map { $1.optimizer.words }),
        Column("schedule", rows.map { $1.schedule.words }),
        Column("batch", rows.map(\.1.batch)),
        Column("augmentation", rows.map { $1.augmentation.words }),
        Column("loss", rows.map { $1.loss?.words ?? "" }),
        Column("average", rows.map { $1.average.map(shortest) ?? "" }),
        Column("epochs", rows.map(\.0.length)),
        Column("source", rows.map(\.0.source)),
        Column("reading", rows.map(\.0.reading)),
    ])
}

/// The same to read on a terminal: what a study would write, whose it is, and what the source leaves open.
public func recipeText() -> String {
    NamedRecipe.all.map { recipe in
        var lines = ["\(recipe.name)  \(recipe.source), \(recipe.length)"]
        lines += recipe.text.split(separator: "\n").map { "    " + $0.trimmingPrefix(while: \.isWhitespace) }
        if !recipe.reading.isEmpty { lines.append("    # " + recipe.reading) }
        return lines.joined(separator: "\n") + "\n"
    }.joined(separator: "\n")
}

extension AugmentationChoice {
    /// For listings: `crop 4, flip, cutmix`.
    fileprivate var words: String {
        let all = operations.map(\.words) + [mix?.kind.rawValue].compactMap { $0 }
        return all.isEmpty ? "none" : all.joined(separator: ", ")
    }
}

extension AugmentationChoice.Operation {
    fileprivate var words: String {
        switch self {
        case .crop(let padding): "crop \(padding)"
        case .flip: "flip"
        case .randomResizedCrop(let scale, _): "random-resized-crop \(scale.map(shortest).joined(separator: "…"))"
        case .cutout(let size, _): "cutout \(size)"
        case .batchCutout(let ratio, _): "batch-cutout \(shortest(ratio))"
        case .patchShuffle(let grid): "patch-shuffle \(grid)"
        case .patchExtract(let grid): "patch-extract \(grid)"
        case .dsa(let strategy, _, _): "DSA \(strategy.map(\.rawValue).joined(separator: "_"))"
        }
    }
}
