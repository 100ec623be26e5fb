import ArgumentParser
import Foundation
import Studies
import Tables
import Workflow

/// The study that a command works on.
struct StudyArgument: ParsableArguments {
    @Argument(help: "The study file (YAML).", completion: .file(extensions: ["yaml", "yml"]))
    var study: String

    /// The study as written.
    func read() throws -> Study { try .read(path: study, vocabulary: .assay) }

    /// The study with every run listed.
    func plan() throws -> (plan: Plan, data: TrainingData?) {
        let study = try read()
        guard !study.blocks.isEmpty else { return (try Plan(study, data: .none), nil) }
        let data = try TrainingData(study)
        return (try Plan(study, data: data.facts), data)
    }
}

/// `--format` and `--json`, on everything that prints a result.
struct FormatOptions: ParsableArguments {
    @Option(help: "How to print: table, json, csv, md or tex.")
    var format: OutputFormat = .table

    @Flag(help: "Short for --format json.")
    var json = false

    var chosen: OutputFormat { json ? .json : format }
}

extension OutputFormat: ExpressibleByArgument {}
