import ArgumentParser
import Foundation
import RunStore
import Scoring
import Tables
import Workflow

struct ScoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "Score every sample of a run from what the run logged.",
        discussion: """
            `assay scores` lists the methods, their variants and what each needs: logits where the run has them, reduced \
            records (/scores/...) otherwise. Several methods are computed in one pass; a variant may be written behind a \
            colon, aum:ccs.

            Several runs (seeds) of the same samples are averaged, and their standard deviation is kept. RUN is a path, \
            or STORE/ID. The definition, the checkpoints and the digests stand in OUT.json beside the scores.

              assay score runs/demo/HL/full/5/seed1 --method el2n -o el2n.csv
              assay score runs/demo/HL/full/5/seed?.h5 --method aum --variant ccs -o aum.h5
              assay score runs/demo/HL/full/5/seed1 --method el2n --method aum:ccs --method forgetting -o scores/
              assay score runs/demo/HL/full/5/seed1 --method el2n --method loss -o 'scores/{method}.h5'
              assay score runs/mine/HL/full/8/seed1 --method el2n-sl --targets runs/mine/SL/full/8/seed1 -o hl.csv
              assay score runs/demo/HL/full/5/seed1 --method cad-prune --span 3 --window 2 -o cad.csv
            """)

    @Argument(help: "One or more runs of the same samples.", completion: .file())
    var runs: [String]

    @Option(help: "A name from `assay scores`, or NAME:VARIANT; may be repeated.")
    var method: [String]

    @Option(help: "The variant of the one method.")
    var variant: String?

    @Option(
        help:
            "Checkpoints A:B, counted from 0 after epoch 0, B exclusive. Default: all that the method is defined over.")
    var checkpoints: String?

    @Option(help: "Read only the first checkpoint at or after every multiple of so many epochs; positions count those.")
    var every: Double?

    @Option(help: "J: checkpoints in a window (cad-prune, dyn-unc, dual, tdds).")
    var span: Int?

    @Option(help: "W: windows that cad-prune averages.")
    var window: Int?

    @Option(help: "T of el2n-sl. Default: the temperature of the run's soft labels.")
    var temperature: Double?

    @Option(
        help: "el2n-sl: a run whose soft labels are taken instead of the run's own, as for a run of hard labels.",
        completion: .file())
    var targets: String?

    @Flag(help: "Let cad-prune score a run whose schedule did not end at its budget, as an approximation.")
    var allowMismatched = false

    @Flag(help: "Let windows take checkpoints that are not evenly spaced.")
    var allowUneven = false

    @Option(help: "eval or train: which logits, of a run that keeps both passes. Default: those in /logits.")
    var pass: String?

    @Option(help: "Threads; the scores are the same for any number.")
    var threads = 1

    @Option(
        name: .shortAndLong,
        help:
            "The file to write, .csv or .h5; - for CSV on stdout. For several methods a folder, or a path with {method}."
    )
    var output: String

    func validate() throws {
        guard threads > 0 else { throw ValidationError("--threads must be 1 or more") }
        if let every, !(every > 0) { throw ValidationError("--every must be above 0") }
        if variant != nil, method.count > 1 || method[0].contains(":") {
            throw ValidationError("--variant belongs to one --method without a colon")
        }
        if allowMismatched, !method.contains(where: { $0.hasPrefix("cad-prune") }) {
            throw ValidationError("--allow-mismatched belongs to cad-prune")
        }
        if let pass, !["eval", "train"].contains(pass) {
            throw ValidationError("--pass is eval or train, not '\(pass)'")
        }
        if Set(method).count < method.count { throw ValidationError("a --method is named twice") }
        if method.count > 1, !output.contains("{method}"), output.hasSuffix(".csv") || output.hasSuffix(".h5") {
            throw ValidationError(
                "\(output) is one file, and there are \(method.count) methods: name a folder (scores/) or a pattern ({method}.csv)"
            )
        }
        do {
            let requests = try requests()
            if span != nil, !requests.contains(where: { $0.span != nil }) {
                throw ValidationError("no method has a span")
            }
            if window != nil, !requests.contains(where: { $0.window != nil }) {
                throw ValidationError("no method has a window")
            }
            if temperature != nil, !requests.contains(where: \.needsTargets) {
                throw ValidationError("no method has a temperature")
            }
            if targets != nil, !requests.contains(where: \.needsTargets) {
                throw ValidationError("no method takes soft labels")
            }
            if output != "-" { for path in paths() { try SampleScores.checkEnding(path) } }
        } catch let error as ScoringError { throw ValidationError("\(error)") } catch let error as WorkflowError {
            throw ValidationError("\(error)")
        }
    }

    private func requests() throws -> [ScoreRequest] {
        let range = try checkpoints.map(Self.range)
        return try method.map { word in
            let parts = word.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let (name, form) = (parts[0], parts.count > 1 ? parts[1] : variant)
            // Of several methods each takes the parameters that it has.
            let known = method.count > 1 ? try ScoreRequest(name, variant: form) : nil
            return try ScoreRequest(
                name, variant: form, span: known != nil && known?.span == nil ? nil : span,
                window: known != nil && known?.window == nil ? nil : window,
                temperature: known != nil && known?.needsTargets == false ? nil : temperature, checkpoints: range)
        }
    }

    private static func range(_ text: String) throws -> Range<Int> {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let a = parts[0], let b = parts[1], a >= 0, b > a else {
            throw ValidationError("--checkpoints takes A:B with 0 <= A < B, not '\(text)'")
        }
        return a..<b
    }

    /// Where each score goes: the one file, or the methods' names in the pattern or the folder.
    private func paths() -> [String] {
        let isPattern = output.contains("{method}")
        guard method.count > 1 || output.hasSuffix("/") || isPattern else { return [output] }
        let pattern = isPattern ? output : output + (output.hasSuffix("/") ? "" : "/") + "{method}.csv"
        return method.map {
            pattern.replacingOccurrences(of: "{method}", with: $0.split(separator: ":").joined(separator: "-"))
        }
    }

    func run() throws {
        if output == "-", method.count > 1 { throw ValidationError("several methods need a folder, not stdout") }
        if output != "-" { for path in paths() { try SampleScores.requireNoOther(at: path) } }
        var options = ScoringOptions()
        options.allowMismatched = allowMismatched
        options.allowUneven = allowUneven
        options.every = every
        options.threads = threads
        options.pass = pass
        options.targets = try targets.map { try RunFile(path: $0) }
        let job = try ScoringJob(runs.map { try RunFile(path: $0) }, requests(), options: options)
        for warning in job.warnings { note("assay: warning: \(warning)") }
        let scores = SampleScores(job)
        if output == "-" {
            print(try scores.tables()[0].formatted(.csv), terminator: "")
            return
        }
        var bar = ProgressBar("scoring", unit: "samples")
        let paths = paths()
        Interruption.watch()
        try scores.write(to: paths) {
            bar.show($0, of: job.sampleCount)
            try Interruption.check()
        }
        bar.finish()
        for path in paths { print("\(job.sampleCount) samples scored: \(path), \(path).json") }
    }
}

struct ScoresCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scores",
        abstract: "List the scores: variants, what each needs, and what it means.",
        discussion: """
            A score is computed from logits where the run has them, otherwise from the reduced record that is named here \
            (/scores/RECORD). J is the span, W the windows, T the temperature.

              assay scores
              assay scores --format md
            """)

    @OptionGroup var output: FormatOptions

    func run() throws {
        let table = scoreListing()
        switch output.chosen {
        case .json:
            let document: JSON = ["format": "assay-scores", "version": 1, "scores": .array(table.objects())]
            print(document.text(), terminator: "")
        case .table:
            let narrow = Table(table.columns.filter { $0.name != "definition" && $0.name != "source" })
            print(narrow.formatted(.table))
            let rows = zip(try table.texts("score"), try table.texts("variant"))
            for ((score, variant), definition) in zip(rows, try table.texts("definition")) {
                print("\(score):\(variant)".padded(to: 24) + definition)
            }
        default: print(table.formatted(output.chosen), terminator: "")
        }
    }
}
