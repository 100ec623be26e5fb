import Datasets
import Selection
import Studies
import Tables

extension Study {
    /// Whether a subset is chosen by the features of a run on all images, which then keeps them.
    var choosesByFeatures: Bool {
        subsets.contains { if case .coreset = $0.value.unaltered { true } else { false } }
    }
}

extension PlanResolver {
    /// The images that a subset comes to, with what each adds to the subset's name.
    mutating func images(
        of subset: Named<SubsetChoice>, ipc asked: [Int]?, for cell: Cell
    ) -> [(suffix: String, images: PlannedRun.Images)] {
        let choice = subset.value.unaltered
        let ipcs = choice.ipc.filter { asked?.contains($0) ?? true }
        switch choice {
        case .all: return [("", .all)]
        case .random: return ipcs.map { ("", .random(ipc: $0)) }
        case .noise: return ipcs.map { ("", .noise(ipc: $0)) }
        case .scored(let choice):
            guard let source = scoreSource(choice, for: cell), hasWindows(choice, ipcs, of: subset) else { return [] }
            return ipcs.flatMap { ipc in
                variants(choice, ipc: ipc).map { suffix, fraction, start in
                    let images = PlannedRun.ScoredImages(
                        method: choice.method, variant: choice.variant, keep: choice.keep, ipc: ipc, fraction: fraction,
                        start: start, span: choice.span, window: choice.window, every: choice.every,
                        checkpoints: choice.checkpoints, balanced: choice.balanced, source: source)
                    return (suffix, .scored(images))
                }
            }
        case .coreset(let choice):
            let reference = choice.from ?? SourceReference(subset: fullSubset, mark: subset.mark)
            guard !ipcs.isEmpty, let source = source(reference, for: cell, defaultBudget: defaultBudget(for: cell))
            else { return [] }
            return ipcs.map { ("", .coreset(.init(method: choice.method, ipc: $0, source: source))) }
        case .listed, .given:
            if subsetFiles[subset.name] == nil { subsetFiles[subset.name] = read(choice, subset) }
            return subsetFiles[subset.name].map { [("", $0)] } ?? []
        case .altered: preconditionFailure("a subset is altered once")
        }
    }

    /// A subset that a file holds; nil, and a problem, where it cannot be read.
    private mutating func read(_ choice: SubsetChoice, _ subset: Named<SubsetChoice>) -> PlannedRun.Images? {
        do {
            switch choice {
            case .listed(let path): return .listed(try .init(path, in: data))
            case .given(let given): return .given(try .init(given, in: data))
            default: return nil
            }
        } catch {
            problem(subset.mark, "subsets.\(subset.name)", "\(error)")
            return nil
        }
    }

    /// The fractions or windows of a subset, with the suffix of each in its name.
    private func variants(
        _ choice: ScoredSubsetChoice, ipc: Int
    ) -> [(suffix: String, fraction: Double?, start: Double?)] {
        if let windows = choice.windows {
            // Evenly from the hardest IPC images of a class to its easiest.
            let room = 1 - Double(ipc) / Double(data.classCounts.min() ?? ipc)
            return (0..<windows).map { ("-w\($0 + 1)", nil, room * Double($0) / Double(windows - 1)) }
        }
        if choice.fractions.isEmpty { return [("", nil, nil)] }
        return choice.fractions.map { ("-f\(shortest($0))", $0, nil) }
    }

    /// Whether there are as many different windows as the subset wants.
    private mutating func hasWindows(_ choice: ScoredSubsetChoice, _ ipcs: [Int], of subset: Named<SubsetChoice>)
        -> Bool
    {
        guard let windows = choice.windows, let fewest = data.classCounts.min(), let ipc = ipcs.max(), ipc <= fewest,
            windows > fewest - ipc + 1
        else { return true }
        problem(
            subset.mark, "subsets.\(subset.name)",
            "\(windows) windows of IPC \(ipc), and \(fewest) training images of a class have \(fewest - ipc + 1) different "
                + "ones")
        return false
    }

    /// Whether every class has as many images as the subset takes of it.
    mutating func fits(_ images: PlannedRun.Images, subset: String) -> Bool {
        guard images.areOfData, let ipc = images.ipc,
            let mark = study.subsets.first(where: { $0.name == subset })?.mark
        else { return true }
        var needed = ipc
        var why = "IPC \(ipc)"
        if case .scored(let scored) = images, let fraction = scored.fraction {
            needed = Int(min(Double(Int32.max), (Double(ipc) / fraction).rounded()))
            why = "a pool of \(ipc) / \(shortest(fraction)) = \(needed) images per class"
        }
        guard let (index, count) = data.classCounts.enumerated().min(by: { $0.element < $1.element }), needed > count
        else { return true }
        problem(
            mark, "subsets.\(subset)",
            "\(why) is more than class '\(data.classNames[index])' has (\(count) training images)")
        return false
    }

    /// The run whose scores choose the images: `from:`, or the full hard-label run of the same seed; for CAD-Prune that
    /// of the same budget, because its windows must lie in a compute-matched run.
    private mutating func scoreSource(_ choice: ScoredSubsetChoice, for cell: Cell) -> PlannedRun.Source? {
        let mark = study.subsets.first { $0.name == cell.subset }?.mark ?? SourceMark(line: 1, column: 1)
        let reference = choice.from ?? SourceReference(subset: fullSubset, mark: mark)
        let isMatched = choice.method == "cad-prune"
        guard
            let source = source(
                reference, for: cell, defaultBudget: isMatched ? cell.budget : defaultBudget(for: cell)),
            let run = runs.first(where: { $0.id == source.id })
        else { return nil }
        let epochs = run.storedCheckpoints.map { Double($0) / Double(run.samples) }
        let there = readCheckpoints(epochs, every: choice.every).count
        if there == 0 || choice.checkpoints.map({ $0.upperBound > there }) ?? false {
            let wanted = choice.checkpoints.map { "checkpoints [\($0.lowerBound), \($0.upperBound)]" } ?? "a checkpoint"
            let spacing = choice.every.map { " every \(shortest($0)) epochs" } ?? ""
            problem(
                mark, "subsets.\(cell.subset)",
                "it wants \(wanted)\(spacing), and \(run.id) has \(there) (\(shortest(epochs.last ?? 0)) epochs)")
            return nil
        }
        guard isMatched, let span = choice.span, let window = choice.window else { return source }
        let read = choice.checkpoints?.clamped(to: 0..<there).count ?? there
        guard read < span + window else { return source }
        let spacing = choice.every.map { " at \(shortest($0)) epochs" } ?? ""
        problem(
            mark, "subsets.\(cell.subset)",
            "span \(span) + window \(window) needs \(span + window) checkpoints\(spacing), and \(run.id) has \(read) "
                + "(a larger budget, or 'checkpoints: { full-every: \(shortest((choice.every ?? study.checkpoints.fullEvery) / 2)) }')"
        )
        return nil
    }

    private var fullSubset: String { study.subsets.first { $0.value == .all }?.name ?? "full" }
}

extension PlannedRun.ListedImages {
    /// Throws where the file is no list of samples, lists one twice, or one that the data set does not have so.
    init(_ path: String, in data: DataFacts) throws {
        let (ids, labels) = try readSubset(path)
        guard !ids.isEmpty else { throw WorkflowError.badData("\(path): it lists no sample") }
        guard Set(ids).count == ids.count else {
            throw WorkflowError.badData(
                "\(path): a sample stands twice in it; list it once and say 'copies: 2' for all of them")
        }
        if let fault = data.fault(of: ids, labels: labels) { throw WorkflowError.badData("\(path): \(fault)") }
        self.init(
            path: path, digest: SubsetFile.digest(of: ids), count: ids.count,
            ipc: labels.flatMap { equalCount($0.map(Int.init), classes: data.classes) })
    }
}

extension PlannedRun.GivenImages {
    /// Throws where the file holds no images of the data set's shape and classes.
    init(_ choice: GivenSetChoice, in data: DataFacts) throws {
        let set = try GivenSet(choice.path)
        guard [set.channels, set.height, set.width] == data.shape else {
            throw WorkflowError.badData(
                "\(choice.path): its images are \(set.channels)×\(set.height)×\(set.width), and the data set's "
                    + data.shape.map(String.init).joined(separator: "×"))
        }
        if let index = set.labels.firstIndex(where: { $0 >= data.classes }) {
            throw WorkflowError.badData(
                "\(choice.path): label \(set.labels[index]) of image \(index), and the data set has \(data.classes) classes"
            )
        }
        switch (set.pixels, choice.pixels) {
        case (.bytes, .bytes), (.numbers, .unit), (.numbers, .normalised): break
        case (.bytes, _):
            throw WorkflowError.badData("\(choice.path): its pixels are bytes, 0…255: leave 'pixels:' out")
        case (.numbers, .bytes):
            throw WorkflowError.badData(
                "\(choice.path): its pixels are fractions: say 'pixels: unit' where they are 0…1, 'pixels: normalised' "
                    + "where the training images' mean was subtracted and their deviation divided by")
        }
        if choice.pixels == .unit, case .numbers(let values) = set.pixels,
            let at = values.firstIndex(where: { !(-0.001...1.001).contains($0) })
        {
            throw WorkflowError.badData(
                "\(choice.path): image \(at / (values.count / set.labels.count)) has a pixel of \(values[at]), outside 0…1: "
                    + "divide by 255, save uint8, or say 'pixels: normalised'")
        }
        self.init(
            path: choice.path, pixels: choice.pixels, digest: set.digest, count: set.labels.count,
            ipc: equalCount(set.labels.map(Int.init), classes: data.classes))
    }
}

/// How many samples every class has; nil where they do not have equally many.
private func equalCount(_ labels: [Int], classes: Int) -> Int? {
    var counts = [Int](repeating: 0, count: classes)
    for label in labels {
        guard counts.indices.contains(label) else { return nil }
        counts[label] += 1
    }
    return Set(counts).count == 1 ? counts.first : nil
}
