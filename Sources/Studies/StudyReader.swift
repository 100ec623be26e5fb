import Foundation
internal import Yams

extension Study {
    /// Reads a study file.
    ///
    /// - Throws: `StudyError` with every problem found, not only the first.
    public static func read(path: String, vocabulary: Vocabulary) throws(StudyError) -> Study {
        func failure(_ message: String, _ access: StudyError.Access) -> StudyError {
            StudyError(
                file: path, problems: [.init(mark: .init(line: 1, column: 1), place: "", message: message)],
                access: access)
        }
        let data: Data
        do {
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch CocoaError.fileReadNoSuchFile {
            throw failure("no such study", .missing)
        } catch {
            var isDirectory: ObjCBool = false
            let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
            if exists, isDirectory.boolValue { throw failure("a directory, not a study", .readable) }
            throw failure("the study cannot be read: \((error as NSError).localizedDescription)", .refused)
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw failure("not a text file in UTF-8, and so not a study", .readable)
        }
        return try parse(text, path: path, vocabulary: vocabulary)
    }

    /// Reads a study from its text; `path` is for messages and for the default name.
    public static func parse(_ text: String, path: String, vocabulary: Vocabulary) throws(StudyError) -> Study {
        let root = try rootNode(text, path: path)
        let findings = Findings(vocabulary)
        let study = Place(node: root, path: "", findings: findings).mapping { reader in
            StudyReader(reader: reader, path: path).study()
        }
        guard findings.problems.isEmpty, let study else { throw StudyError(file: path, problems: findings.problems) }
        return study
    }

    private static func rootNode(_ written: String, path: String) throws(StudyError) -> Node {
        // Windows editors begin a text with a byte order mark.
        let text = written.hasPrefix("\u{FEFF}") ? String(written.dropFirst()) : written
        func failure(_ mark: SourceMark, _ message: String) -> StudyError {
            StudyError(file: path, problems: [.init(mark: mark, place: "", message: message)])
        }
        do {
            guard let node = try Yams.compose(yaml: text) else {
                throw failure(.init(line: 1, column: 1), "the study is empty (it begins with 'study: 1')")
            }
            return node
        } catch let error as StudyError {
            throw error
        } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
            let key = keys.first ?? "?"
            throw failure(
                secondMark(of: key, in: text, from: SourceMark(context.mark)), "duplicate key '\(key)'")
        } catch YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _)
        {
            throw failure(SourceMark(mark), "not valid YAML: \(problem)")
        } catch {
            throw failure(.init(line: 1, column: 1), "not valid YAML: \(error)")
        }
    }

    /// Where a key of the mapping that begins at `start` stands for the second time. Yams names the mapping only.
    private static func secondMark(of key: String, in text: String, from start: SourceMark) -> SourceMark {
        var found = 0
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        where index + 1 >= start.line {
            var rest = line[...]
            while let range = rest.range(of: key) {
                let before = range.lowerBound == line.startIndex ? " " : line[line.index(before: range.lowerBound)]
                let after = line[range.upperBound...].drop { $0 == " " || $0 == "\"" || $0 == "'" }
                if after.first == ":", " {,\"'".contains(before) {
                    found += 1
                    if found == 2 {
                        let column = line.unicodeScalars.distance(from: line.startIndex, to: range.lowerBound) + 1
                        return SourceMark(line: index + 1, column: column)
                    }
                }
                rest = line[range.upperBound...]
            }
        }
        return start
    }
}

/// Reads the top level. Sections that name things are read before those that use the names.
struct StudyReader {
    let reader: MappingReader
    let path: String

    func study() -> Study? {
        if let version = reader.required("study"), let number = version.integer(1...Int.max), number != 1 {
            version.problem("version \(number) is newer than this program, which reads version 1")
        }
        let stem = ((path as NSString).lastPathComponent as NSString).deletingPathExtension
        let named = reader.optional("name")
        let name = named?.string() ?? (Place.isName(stem) ? stem : "study")
        if let named, !Place.isName(name) {
            named.problem("'\(name)' cannot be a name: use letters, digits and + - _ . (it becomes part of a path)")
        }
        let question = reader.optional("question")?.string() ?? ""
        let store = reader.optional("store")?.string() ?? "runs/\(name)"
        let results = reader.optional("results")?.string() ?? "results/\(name)"
        let blocksPlace = reader.optional("runs")
        let trains = blocksPlace != nil

        let dataset = (trains ? reader.required("dataset") : reader.optional("dataset")).flatMap(DatasetChoice.init)
        let validation = reader.optional("validation")?.integer(0...Int.max) ?? 0
        let seeds = reader.optional("seeds")?.integers(0...Int(Int32.max)) ?? [1]
        let models = section("models", required: trains, else: .mlp(hidden: [])) { ModelChoice($0) }
        let recipes = section("recipes", required: trains, else: .unread) { RecipeChoice($0) }
        let regimes = section("regimes", required: trains, else: RegimeChoice(labels: .hard)) {
            RegimeChoice($0, recipes: recipes.map(\.name))
        }
        let subsets = section("subsets", required: trains, else: .all) { SubsetChoice($0) }
        let budgets = budgets(required: trains)
        let checkpoints = reader.optional("checkpoints")?.mapping { CheckpointChoice($0) }
        let record = reader.optional("record")?.mapping { RecordChoice($0) }
        let precision = reader.optional("precision")?.word("precision", among: ["float16", "float32"])

        var study = Study(
            path: path, name: name, question: question, store: store, results: results, dataset: dataset,
            validation: validation, seeds: seeds, models: models, recipes: recipes, regimes: regimes,
            subsets: subsets, budgets: budgets, checkpoints: checkpoints ?? .init(fullEvery: 1, others: 5),
            record: record ?? .init(), precision: precision ?? "float32", blocks: [], analyses: [], figures: [])
        if let blocksPlace {
            study.blocks = blocksPlace.list().compactMap { place in
                place.mapping { RunBlock($0, in: study) }
            }
        }
        checkReferences(in: study)
        study.imports =
            reader.optional("import")?.list().compactMap { place in place.mapping { ImportChoice($0) } } ?? []
        study.analyses = section("analyses", required: false, else: .unread) { AnalysisChoice($0, in: study) }
        study.figures =
            reader.optional("figures")?.list().compactMap { place in
                place.mapping { FigureChoice($0, analyses: study.analyses.map(\.name)) }
            } ?? []
        return study
    }

    /// An entry that cannot be read keeps its name, so that those who use the name are not reported as well. The
    /// stand-in is never seen: a study with a problem is not returned.
    private func section<Value>(
        _ key: String, required: Bool, else standIn: Value, _ read: (Place) -> Value?
    ) -> [Named<Value>] {
        guard let place = required ? reader.required(key) : reader.optional(key) else { return [] }
        return place.entries().map { Named(name: $0.name, value: read($0.place) ?? standIn, mark: $0.key) }
    }

    /// `{ low: 2, high: { steps: 4000 } }`, or `[2, 50]`, whose names are the numbers as written.
    private func budgets(required: Bool) -> [Named<BudgetChoice>] {
        guard let place = required ? reader.required("budgets") : reader.optional("budgets") else { return [] }
        if case .mapping = place.node {
            return section("budgets", required: true, else: .epochs(1)) { BudgetChoice($0) }
        }
        return place.list().compactMap { element in
            guard let name = element.string(), let value = BudgetChoice(element) else { return nil }
            return Named(name: name, value: value, mark: element.mark)
        }
    }

    /// A reference names a subset of all images, and a regime and a budget of the study.
    private func checkReferences(in study: Study) {
        func check(_ reference: SourceReference, _ place: String) {
            func problem(_ message: String) { reader.place.findings.add(reference.mark, place, message) }
            let full = study.subsets.filter { $0.value == .all }.map(\.name)
            let named = study.subsets.first { $0.name == reference.subset }
            if named?.value != .all, !(named == nil && reference.subset == "full") {
                problem(
                    named == nil
                        ? "unknown subset '\(reference.subset)'\(reader.place.findings.vocabulary.hint(reference.subset, full))"
                        : "'\(reference.subset)' does not cover all training images (it must be a subset 'all')")
            }
            for (noun, word, words) in [
                ("regime", reference.regime, study.regimes.map(\.name)),
                ("budget", reference.budget, study.budgets.map(\.name)),
            ] {
                guard let word, !words.contains(word) else { continue }
                problem("unknown \(noun) '\(word)'\(reader.place.findings.vocabulary.hint(word, words))")
            }
        }
        for regime in study.regimes {
            for teacher in regime.value.teachers {
                check(teacher.run, "regimes.\(regime.name).teacher")
                guard let model = teacher.model, !study.models.contains(where: { $0.name == model }) else { continue }
                reader.place.findings.add(
                    teacher.run.mark, "regimes.\(regime.name).teacher",
                    "unknown model '\(model)'\(reader.place.findings.vocabulary.hint(model, study.models.map(\.name)))")
            }
        }
        for subset in study.subsets {
            if let from = subset.value.from { check(from, "subsets.\(subset.name).from") }
        }
    }
}
