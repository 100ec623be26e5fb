import ArgumentParser
import Foundation
import Importers
import RunStore
import Studies
import Tables
import Workflow

struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Bring foreign logs and arrays into a store.",
        discussion: """
            KIND is one of

            \(importFormats.map { $0.kind.padding(toLength: 13, withPad: " ", startingAt: 0) + $0.summary }
                .joined(separator: "\n"))
            study        every entry of a study's `import:` block, into its store; PATH is the study

            Files are never changed, and nothing in them is executed. A run's id is --id, or made from the file's name; of \
            several runs --id is their folder. --map says what the store's names are called in the files; the right side \
            of a metric may be an expression. The mapping is remembered in STORE/imports.json for the next import of the \
            same kind.

              assay import csv log.csv --to runs/mine --map test_error=1-val_acc/100 --set regime=HL --set subset=full
              assay import wandb wandb/ --to runs/mine --steps-per-epoch 390
              assay import npz dynamics.npz --to runs/mine --id HL/full/30/seed1 --set subset=full --dry-run
              assay import pt td-*.pickle --to runs/mine --duplicates mean
              assay import h5 old.h5 --to runs/mine --map logits=/out/z --map labels=/y --map epochs=/epoch
            """)

    @Argument(help: "The format of the files.")
    var kind: String

    @Argument(help: "Files or folders.", completion: .file())
    var paths: [String]

    @Option(help: "The store, a directory that is made where it is missing.")
    var to: String?

    @Option(help: "The id of the run, its path in the store without .h5.")
    var id: String?

    @Option(help: ArgumentHelp("The store's name and what it is called in the files.", valueName: "name=column"))
    var map: [String] = []

    @Option(
        help: ArgumentHelp(
            "A root attribute: regime, subset, ipc, budget, seed, planned_epochs, …", valueName: "name=value"))
    var set: [String] = []

    @Option(
        name: .customLong("run"),
        help: ArgumentHelp("Columns that tell the runs of one table apart.", valueName: "columns"))
    var runColumns: String?

    @Option(help: "What a repeated sample id in one checkpoint means: first, mean or fail.")
    var duplicates: Duplicates = .first

    @Option(
        help: """
            The number that the files give the first completed epoch, or the first step where they count steps alone: 0 or 1. \
            Default: as the format does.
            """)
    var epochBase: Int?

    @Option(help: "Optimiser steps in an epoch, where the files count steps alone.")
    var stepsPerEpoch: Double?

    @Option(help: "Samples in a step, for samples_seen.")
    var batchSize: Int?

    @Flag(help: "Say what would be read, and write nothing.")
    var dryRun = false

    @Flag(help: "Write runs that are there already anew; the old files are kept in STORE.superseded.")
    var replace = false

    @Flag(help: "Do not use the mapping that was remembered from the last import.")
    var fresh = false

    @OptionGroup var output: FormatOptions

    func validate() throws {
        guard kind == "study" || to != nil || dryRun else { throw ValidationError("--to names the store") }
        let says =
            [id, runColumns].contains { $0 != nil } || epochBase != nil || stepsPerEpoch != nil || batchSize != nil
        if kind == "study", paths.count != 1 || to != nil || !map.isEmpty || !set.isEmpty || says || fresh {
            throw ValidationError("`assay import study` takes one study, which says everything else itself")
        }
        if let id { try Self.checkID(id) }
        if let epochBase, epochBase != 0, epochBase != 1 { throw ValidationError("--epoch-base is 0 or 1") }
        if let stepsPerEpoch, !(stepsPerEpoch > 0 && stepsPerEpoch < .infinity) {
            throw ValidationError("--steps-per-epoch must be above 0")
        }
        if let batchSize, batchSize < 1 { throw ValidationError("--batch-size must be 1 or more") }
        _ = try pairs(map, "--map")
        _ = try pairs(set, "--set")
    }

    private static func checkID(_ id: String) throws {
        guard let fault = RunNaming.fault(of: id) else { return }
        throw ValidationError("--id '\(id)' cannot be a run's id: \(fault)")
    }

    /// Where a scratch file lies: in the store, or in the directory in which it will be made.
    private static func scratchFolder(of store: Store) -> String {
        var folder = URL(fileURLWithPath: store.directory).standardizedFileURL
        while !FileManager.default.fileExists(atPath: folder.path), folder.path != "/" {
            folder.deleteLastPathComponent()
        }
        return folder.path
    }

    private func pairs(_ words: [String], _ option: String) throws -> [String: String] {
        var pairs: [String: String] = [:]
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
                throw ValidationError("\(option) takes name=value, not '\(word)'")
            }
            guard pairs.updateValue(parts[1], forKey: parts[0]) == nil else {
                throw ValidationError("\(option) names '\(parts[0])' twice")
            }
        }
        return pairs
    }

    private func options() throws -> ImportOptions {
        var options = ImportOptions()
        options.id = id
        options.map = try pairs(map, "--map")
        options.attributes = try pairs(set, "--set")
        options.runColumns = runColumns?.split(separator: ",").map(String.init) ?? []
        options.duplicates = duplicates
        options.epochBase = epochBase
        options.stepsPerEpoch = stepsPerEpoch
        options.batchSize = batchSize
        return options
    }

    func run() throws {
        if kind == "study" {
            let study = try Study.read(path: paths[0], vocabulary: .assay)
            guard !study.imports.isEmpty else {
                throw WorkflowError(65, "\(paths[0]): the study has no 'import:' block")
            }
            for choice in study.imports {
                if let id = choice.id { try Self.checkID(id) }
                try bring(importFormat(choice.kind), choice.paths, ImportOptions(choice), into: Store(study.store))
            }
            return
        }
        let format = try importFormat(kind)
        var options = try options()
        let store = to.map { Store($0) }
        if let store, !fresh, let recalled = try ImportMemory(of: store).recall(format.kind, into: &options) {
            note(
                "assay: mapped as at the last \(format.kind) import into \(store.directory): \(recalled) (--fresh does without)"
            )
        }
        try bring(format, paths, options, into: store)
    }

    private func bring(_ format: Importer, _ paths: [String], _ given: ImportOptions, into store: Store?) throws {
        var options = given
        if let store, !dryRun { options.scratchFolder = Self.scratchFolder(of: store) }
        var runs = try format.read(paths, options)
        for run in runs { try requireErrors(run, options) }
        // A study states what the store holds, and may be asked again.
        if kind == "study", let store, !replace {
            let known = try Set(runs.filter { try $0.isThere(in: store, kind: format.kind) }.map(\.description.id))
            for id in known.sorted() { note("assay: \(id): there already, of the same files read in the same way") }
            runs.removeAll { known.contains($0.description.id) }
        }
        for run in runs {
            for warning in run.warnings { note("assay: warning: \(run.description.id): \(warning)") }
        }
        guard let store, !dryRun else {
            if let store, !replace {
                for run in runs where store.status(run.description.id) != .missing {
                    note(
                        "assay: warning: \(run.description.id): a run of this id is there already: give another --id, or --replace"
                    )
                }
            }
            if output.chosen == .json {
                print(importJSON(runs, kind: format.kind, written: []).text(), terminator: "")
            } else {
                for line in runs.flatMap({ $0.describe() }) { print(line) }
            }
            return
        }
        var bar = ProgressBar("importing", unit: "values")
        var written: [String] = []
        let created = ISO8601DateFormatter().string(from: Date())
        for run in runs {
            let result = try run.write(
                to: store, kind: format.kind, writer: "assay \(version)", created: created, replacing: replace,
                progress: { done, total in
                    bar.show(done, of: total, detail: "\(written.count) of \(runs.count) runs")
                }, possible: possibleValues)
            written.append(result.path)
            if let old = result.superseded { note("assay: \(result.path): the old run is kept as \(old)") }
            for line in run.notes { note("assay: \(run.description.id): \(line)") }
        }
        bar.finish()
        var memory = try ImportMemory(of: store)
        try memory.keep(format.kind, options)
        if output.chosen == .json {
            print(importJSON(runs, kind: format.kind, written: written).text(), terminator: "")
        } else {
            print(importTable(runs).formatted(output.chosen), terminator: "")
        }
    }
}

extension Duplicates: ExpressibleByArgument {}
