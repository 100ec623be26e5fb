import Figures
import Foundation
import RunStore
import Tables

/// The answers to a study's analyses, its figures and its report, from what is stored.
public struct Results {
    public let plan: Plan
    /// Absent in a study that only reads a store.
    public let data: TrainingData?

    public init(plan: Plan, data: TrainingData?) {
        self.plan = plan
        self.data = data
    }

    /// What `assay run` has to say at the end.
    public struct Outcome: Sendable, Equatable {
        public var isFresh: Bool
        /// For the terminal: every table, and where to look.
        public var summary: String
    }

    private var directory: String { plan.study.results }
    private func path(_ name: String) -> String { "\(directory)/\(name)" }

    /// Answers, draws and reports, unless everything is there and made from the same runs and questions.
    public func update(report: @escaping (String) -> Void) throws -> Outcome {
        let stamp = Stamp(path: path(".stamp.json"))
        let digest = try self.digest()
        if stamp.isFresh(digest) {
            return Outcome(isFresh: true, summary: "\(directory): fresh; look at \(path("report.html"))")
        }
        try? FileManager.default.removeItem(atPath: stamp.path)
        var failures: [any Error] = []
        let answers = try self.answers(report: report, failures: &failures)
        let tables = try writeTables(answers)
        let drawn = try draw(answers, only: nil, report: report)
        let written = try tables + drawn.files + [writeReport(answers)]
        if let failure = failures.first { throw failure }
        // What could not be drawn is tried again the next time.
        if drawn.isComplete { try stamp.write(digest, files: written, absent: plan.absent) }
        var lines: [String] = []
        for answer in answers where !answer.isHidden {
            lines += ["\(answer.title)", "", (answer.display ?? answer.table).formatted(.table)]
            lines += answer.explanation + answer.warnings.map { "warning: \($0)" } + [""]
        }
        lines.append("Tables, figures and data: \(directory). Begin with \(path("report.html")).")
        return Outcome(isFresh: false, summary: lines.joined(separator: "\n"))
    }

    /// Without the runs that the results are without, because their training had diverged.
    public func asMade() throws -> Results {
        let absent = Stamp(path: path(".stamp.json")).absent
        let missing = try plan.runs.filter { run in try absent.contains(run.id) && plan.status(run) != .fresh }
        return Results(plan: plan.without(missing.map(\.id)), data: data)
    }

    /// Draws the figures again; returns the pictures' paths.
    public func draw(only: String?, report: @escaping (String) -> Void) throws -> [String] {
        try draw(answers(report: report), only: only, report: report).files.filter { path in
            Figure.formats.contains { path.hasSuffix("." + $0) }
        }
    }

    /// Writes the report again; returns its path. Figures are drawn where they are missing.
    public func writeReport(report: @escaping (String) -> Void) throws -> String {
        let answers = try self.answers(report: report)
        let missing = plan.study.figures.contains { !FileManager.default.fileExists(atPath: path($0.file)) }
        if missing { _ = try draw(answers, only: nil, report: report) }
        return try writeReport(answers)
    }

    // MARK: - Steps

    private func answers(report: @escaping (String) -> Void) throws -> [Answer] {
        let source = try AnswerSource(plan: plan, data: data, report: report)
        return try plan.study.analyses.flatMap { try source.answer($0) } + [source.summary(), source.runs()]
    }

    /// The same, where an analysis that fails takes none of the others with it.
    private func answers(report: @escaping (String) -> Void, failures: inout [any Error]) throws -> [Answer] {
        let source = try AnswerSource(plan: plan, data: data, report: report)
        var answers: [Answer] = []
        for analysis in plan.study.analyses {
            do { answers += try source.answer(analysis) } catch {
                if let stop = error as? WorkflowError, stop == .interrupted { throw stop }
                report("warning: analyses.\(analysis.name) failed, the others go on: \(error)")
                failures.append(error)
            }
        }
        return try answers + [source.summary(), source.runs()]
    }

    private func writeTables(_ answers: [Answer]) throws -> [String] {
        var written: [String] = []
        for answer in answers {
            try Tables.write(answer.table.formatted(.csv), to: path(answer.name + ".csv"))
            written.append(path(answer.name + ".csv"))
            if let json = answer.json {
                try Tables.write(json.text(), to: path(answer.name + ".json"))
                written.append(path(answer.name + ".json"))
            }
        }
        return written
    }

    private func draw(
        _ answers: [Answer], only: String?, report: @escaping (String) -> Void
    ) throws -> (files: [String], isComplete: Bool) {
        var written: [String] = []
        var isComplete = true
        for choice in plan.study.figures where only == nil || choice.show == only {
            let target = path(choice.file)
            guard let answer = answers.first(where: { $0.name == choice.show }) else { continue }
            guard let figure = try answer.figure?(choice) else {
                report("warning: \(target): '\(choice.show)' has no picture (a frontier is drawn for two objectives)")
                continue
            }
            let stem = String(target.dropLast(4))
            switch try figure.draw(to: target) {
            case .drawn: written.append(target)
            case .notDrawn(let why):
                isComplete = false
                report("warning: \(why)")
                try? FileManager.default.removeItem(atPath: target)  // an older picture would show older data
            }
            written += [stem + ".csv", stem + ".gp"]
        }
        return (written, isComplete)
    }

    private func writeReport(_ answers: [Answer]) throws -> String {
        let study = plan.study
        let pictures = study.figures.map { choice -> (show: String, caption: String, svg: String) in
            let svg = choice.file.hasSuffix(".svg") ? FileManager.default.contents(atPath: path(choice.file)) : nil
            return (
                choice.show, "\(choice.file) (its data and gnuplot script stand beside it)",
                svg.map { String(decoding: $0, as: UTF8.self) } ?? ""
            )
        }
        var sections = answers.filter { !$0.isHidden }.map { answer in
            let elsewhere = study.figures.filter { $0.show == answer.name && !$0.file.hasSuffix(".svg") }
            return Report.Section(
                title: answer.title, text: answer.explanation + elsewhere.map { "Drawn to \($0.file)." },
                warnings: answer.warnings,
                tables: [(caption: "\(answer.name).csv", table: answer.display ?? answer.table)],
                figures: pictures.filter { $0.show == answer.name && !$0.svg.isEmpty }.map { ($0.caption, $0.svg) })
        }
        sections.append(try provenance())
        try Tables.write(
            Report(title: study.name, question: study.question, sections: sections).html(), to: path("report.html"))
        return path("report.html")
    }

    private func provenance() throws -> Report.Section {
        var rows = [
            ("study", plan.study.path), ("store", plan.study.store), ("program", "assay \(version)"),
        ]
        if !plan.runs.isEmpty {
            rows += [
                ("data set", plan.data.name), ("data set digest (SHA-256)", plan.data.digest),
                ("training images", "\(plan.data.training)"), ("validation images", "\(plan.data.validation)"),
                ("test images", "\(plan.data.test)"), ("runs", "\(plan.runs.count)"),
                ("samples seen", "\(plan.runs.map(\.totalSamples).reduce(0, +))"),
            ]
        }
        rows.append(("digest of runs and questions", try digest()))
        return Report.Section(
            title: "Provenance",
            text: [
                "Errors are fractions of 1 on the test set; choices were made on validation images. Each table says what its ± is; n is the number of runs."
            ],
            tables: [
                (
                    caption: "What made this page",
                    table: Table([Column("what", rows.map(\.0)), Column("value", rows.map(\.1))])
                )
            ])
    }

    /// Over the questions and the runs that they look at.
    private func digest() throws -> String {
        let study = plan.study
        var parts =
            ["assay \(version)", study.name, study.question] + study.analyses.map { "\($0.name) \($0.value)" }
            + study.figures.map { "\($0.file) \($0.show) \($0.x) \($0.y) \($0.facet ?? "")" }
        if plan.runs.isEmpty {
            let store = plan.store
            for id in try store.ids() {
                parts.append("\(id) \(try store.open(id).description.digest ?? fileMark(store.path(of: id)))")
            }
        } else {
            parts += plan.runs.map { "\($0.id) \($0.digest)" } + plan.absent.map { "without \($0)" }
        }
        return sha256(parts.joined(separator: "\n"))
    }

    /// A foreign run has no digest: its size and time of change stand for it.
    private func fileMark(_ path: String) -> String {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return "\(attributes?[.size] ?? 0) \((attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0)"
    }
}

/// What was made from which digest.
private struct Stamp {
    let path: String

    /// nil where nothing was made, or not to its end.
    private var json: JSON? { FileManager.default.contents(atPath: path).flatMap { try? JSON.parse(Array($0)) } }
    private func texts(_ key: String) -> [String] { json?[key]?.items?.compactMap(\.string) ?? [] }

    /// Ids of planned runs that it was made without.
    var absent: [String] { texts("absent") }

    func isFresh(_ digest: String) -> Bool {
        let files = texts("files")
        return json?["digest"]?.string == digest && !files.isEmpty
            && files.allSatisfy { FileManager.default.fileExists(atPath: $0) }
    }

    func write(_ digest: String, files: [String], absent: [String]) throws {
        let members: [String: JSON] = ["digest": .string(digest), "files": JSON(files), "absent": JSON(absent)]
        try Tables.write(JSON.object(members).text(), to: path)
    }
}
