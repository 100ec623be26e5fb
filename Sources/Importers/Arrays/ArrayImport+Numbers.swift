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
        var columns: [String: [Double]] = [:]
        var own: [(finding: ArrayFinding, values: [Double])] = []
        for finding in roles.rest {
            if case .array(let array) = finding.content, array.shape != [count] || count == samples { continue }
            guard let values = try numbers(finding), values.count == count else { continue }
            if case .number = finding.content { continue }
            // Numbers of other epochs are none of these checkpoints'.
            if let epochs = finding.epochs, let told, epochs != told { continue }
            (columns[finding.word], columns[Self.joined(finding.name)]) = (values, values)
            if finding.word != "iteration", finding.name != stepAxis { own.append((finding, values)) }
        }
        for (name, one) in zip(names(own.map(\.finding)), own) {
            let isSame = metrics[name]?.elementsEqual(one.values) { $0 == $1 || $0.isNaN && $1.isNaN } ?? true
            if !isSame {
                let isFile = own.contains { $0.finding.name == one.finding.name && $0.finding.path != one.finding.path }
                throw ImportError(
                    one.finding.path, at: "'\(one.finding.name)'",
                    "two metrics would both be called '\(name)'"
                        + (isFile
                            ? ", of two files: import one of them" : "; name this one: --map NAME=\(one.finding.name)"))
            }
            (metrics[name], columns[name]) = (one.values, one.values)
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
        return (metrics, Set(own.map(\.finding.name)).union([stepAxis].compactMap(\.self)))
    }

    private static func joined(_ name: some StringProtocol) -> String {
        name.split(separator: "/").joined(separator: "_")
    }

    /// What metrics that nothing maps are called: as in the files, the name of the only list or dictionary of epochs left out
    /// where it is the file's or says nothing more (`history`), and where no two things would have one name then.
    private func names(_ findings: [ArrayFinding]) -> [String] {
        let full = findings.map { Self.joined($0.name) }
        let neutral = ["epochs", "history", "log", "logs", "checkpoints"]
        var containers: Set<String> = []
        let short = findings.map { finding -> String in
            let container = finding.name.prefix { $0 != "/" }
            let rest = Self.joined(finding.name.dropFirst(container.count))
            let isOfFile = container == FileName(finding.path).stem && !Self.setWords.contains(container.lowercased())
            // `epoch` and the like are no names for metrics.
            guard !rest.isEmpty, !["epoch", "epochs", "samples_seen"].contains(rest),
                isOfFile || neutral.contains(container.lowercased())
            else { return Self.joined(finding.name) }
            containers.insert(finding.path + ":" + container)
            return rest
        }
        let mapped = roles.chosen.keys.compactMap { role -> String? in
            switch role {
            case .metric(let name), .named(let name): name
            default: nil
            }
        }
        let taken = Set(mapped).union(roles.expressions.map(\.name))
        let isClear = containers.count == 1 && Set(short).count == short.count && taken.isDisjoint(with: short)
        return isClear ? short : full
    }

    /// Names of files that say of which samples a metric is.
    private static let setWords: Set<String> = [
        "train", "training", "test", "testing", "val", "valid", "validation", "eval",
    ]

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
