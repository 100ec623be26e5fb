import Records
import Tables

extension ArrayImport {
    /// What can be one number per checkpoint.
    func metricFindings() -> [ArrayFinding] {
        let mapped = roles.chosen.filter {
            switch $0.key {
            case .metric: true
            case .named: !isScore($0.value)
            default: false
            }
        }
        return mapped.sorted { $0.key.text < $1.key.text }.map(\.value)
            + roles.rest.filter {
                switch $0.content {
                case .array(let array): array.rank == 1
                case .numbers: true
                default: false
                }
            }
    }

    /// The values of something that is one number per checkpoint; nil when it is something else.
    func numbers(_ finding: ArrayFinding) throws(ImportError) -> [Double]? {
        switch finding.content {
        case .array(let array) where array.rank == 1: try array.whole.doubles()
        case .numbers(let numbers, _): numbers
        case .number(let number): [number]
        default: nil
        }
    }

    func metrics(
        _ count: Int, samples: Int?
    ) throws -> (metrics: [String: [Double]], used: Set<String>) {
        var metrics: [String: [Double]] = [:]
        var used: Set<String> = []
        var columns: [String: [Double]] = [:]
        let own = namesInContainer()
        for finding in roles.rest {
            if case .array(let array) = finding.content, array.shape != [count] || count == samples { continue }
            guard let values = try numbers(finding), values.count == count else { continue }
            if case .number = finding.content { continue }
            // Numbers of other epochs are none of these checkpoints'.
            if let epochs = finding.epochs, let told, epochs != told { continue }
            let path = finding.name.split(separator: "/").joined(separator: "_")
            let name = own[finding.name] ?? path
            for word in [finding.word, path, name] { columns[word] = values }
            if finding.word == "iteration" { continue }
            metrics[name] = values
            used.insert(finding.name)
        }
        for (role, finding) in roles.chosen {
            let name: String
            switch role {
            case .metric(let own): name = own
            case .named(let own) where !isScore(finding): name = own
            default: continue
            }
            guard let values = try numbers(finding), values.count == count else {
                throw ImportError(
                    finding.path, at: "'\(finding.name)'",
                    "\(role.text) needs one number per checkpoint [\(count)]; it is "
                        + finding.summary)
            }
            metrics[name] = values
            columns[finding.word] = values
        }
        for (name, expression) in roles.expressions { metrics[name] = try options.evaluate(expression, columns) }
        return (metrics, used)
    }

    /// What stands in the files' one list or dictionary of epochs by its own name: that of the list is the file's, or says nothing
    /// more. Where two things would have one name, none are here.
    private func namesInContainer() -> [String: String] {
        let neutral = ["epochs", "history", "log", "logs", "checkpoints"]
        var names: [String: String] = [:]
        var containers: Set<String> = []
        for finding in roles.rest {
            guard let end = finding.name.firstIndex(of: "/") else { continue }
            let container = String(finding.name[..<end])
            guard container == FileName(finding.path).stem || neutral.contains(container.lowercased()) else { continue }
            containers.insert(finding.path + ":" + container)
            names[finding.name] = finding.name[end...].split(separator: "/").joined(separator: "_")
        }
        let others = Set(roles.rest.map(\.name)).subtracting(names.keys).union(options.map.keys)
        let isClear =
            containers.count == 1 && Set(names.values).count == names.count && others.isDisjoint(with: names.values)
        return isClear ? names : [:]
    }

    func samplesSeen(_ count: Int) throws(ImportError) -> [Int64]? {
        guard let finding = roles.chosen[.samplesSeen], let values = try numbers(finding) else { return seen }
        guard values.count == count, values.allSatisfy({ Int64(exactly: $0) != nil }) else {
            throw ImportError(finding.path, at: "'\(finding.name)'", "samples seen must be \(count) whole numbers")
        }
        return values.map { Int64($0) }
    }

    /// Says which of what has a value per sample nothing will read.
    mutating func warnUnread(_ objects: [String]) {
        for object in objects where object.hasPrefix("/scores/") {
            let name = String(object.dropFirst("/scores/".count))
            guard !ArrayRole.records.contains(name) else { continue }
            let near = closest(to: name, in: ArrayRole.records + ["logits", "targets", "features"])
            warnings.append(
                "'\(name)' is kept as \(object), which no score reads"
                    + (near.map { " (did you mean --map \($0)=…?)." }
                        ?? "; the records that scores read are \(ArrayRole.records.joined(separator: ", "))."))
        }
    }

    mutating func noteTheRest(except used: Set<String>) {
        let rest = roles.rest.filter { !used.contains($0.name) }
        guard !rest.isEmpty else { return }
        let shown = rest.prefix(20).map { "\($0.name) (\($0.summary))" }.joined(separator: ", ")
        notes.append("Not imported: \(shown)\(rest.count > 20 ? " and \(rest.count - 20) more" : "").")
    }

    func description(_ arrays: [ImportedArray]) throws(ImportError) -> RunDescription {
        var run = RunDescription(id: RunNaming.id(options, files: files.map(\.path)))
        _ = try run.set([:], options, path: path)
        if let classes = arrays.first(where: { $0.object == "/logits" || $0.object == "/targets" })?.shape.last {
            if let stated = run.classes, stated != classes {
                throw ImportError(
                    files[0].path, "classes=\(stated) was given, but the logits have \(classes) classes")
            }
            run.classes = classes
        }
        return run
    }
}
