import ArgumentParser
import Selection
import Tables
import Workflow

struct CoresetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coreset",
        abstract: "Choose a subset by features: k-center, herding, facility location and others.",
        discussion: """
            METHOD is one of

            \(CoresetRule.table.map { "  " + $0.name.padded(to: 19) + $0.source }.joined(separator: "\n"))

            FEATURES is a run that keeps /features, or a file of arrays with `features` [N, d], `labels` [N] and, for \
            craig, glister and cal, `logits` [N, C] of the same checkpoint. Each class is chosen from by itself unless \
            --unbalanced is given. --from SCORES first keeps --pool images of each class by their scores: score, then \
            diversity. Memory does not grow with the square of the samples.

              assay coreset features.npz --method k-center --ipc 50 -o coreset.csv
              assay coreset runs/mine/HL/full/30/seed1 --method craig --ipc 10 -o coreset.json
              assay coreset features.npy --labels labels.npy --method facility-location --ipc 50 --unbalanced -o c.npy
              assay coreset run.h5 --method herding --ipc 10 --from el2n.csv --keep easiest --pool 100 -o c.csv
            """)

    @Argument(help: "A run with features, or a file of arrays.", completion: .file())
    var features: String

    @Option(help: ArgumentHelp("How to choose.", valueName: "name"))
    var method: String

    @Option(help: "Images per class.")
    var ipc: Int?

    @Option(help: "A fraction of each class, 0...1, rounded to the nearest whole sample.")
    var fraction: Double?

    @Flag(help: "Choose over all classes together.")
    var unbalanced = false

    @Option(help: "Labels, where they do not stand beside the features.", completion: .file())
    var labels: String?

    @Option(name: .customLong("from"), help: "Scores that keep a pool first.", completion: .file())
    var scores: String?

    @Option(help: "Which end of the scores the pool keeps: easiest, hardest, highest or lowest.")
    var keep: String?

    @Option(help: "Images per class that the pool keeps.")
    var pool: Int?

    @Flag(help: "k-center begins with the first row of each class instead of a random one.")
    var firstRow = false

    @Option(help: "The seed of k-center's first sample, and of the order among equal scores.")
    var seed = 1

    @Option(name: .shortAndLong, help: "The file to write: .csv, .npy, .txt or .json; - for CSV on stdout.")
    var output: String

    func validate() throws {
        guard (ipc == nil) != (fraction == nil) else { throw ValidationError("give --ipc or --fraction, one of them") }
        if let ipc, ipc < 1 { throw ValidationError("--ipc must be 1 or more") }
        try requireFraction("--fraction", fraction)
        guard CoresetRule(named: method) != nil else {
            let names = CoresetRule.table.map(\.name)
            let near = closest(to: method, in: names).map { " (did you mean '\($0)'?)" } ?? ""
            throw ValidationError("unknown method '\(method)'\(near); there are \(names.joined(separator: ", "))")
        }
        if firstRow, method != "k-center" { throw ValidationError("--first-row belongs to k-center") }
        let stage = [scores != nil, keep != nil, pool != nil]
        guard stage.allSatisfy(\.self) || !stage.contains(true) else {
            throw ValidationError("--from, --keep and --pool go together")
        }
        if let keep, poolRule(keep) == nil {
            throw ValidationError("--keep is easiest, hardest, highest or lowest, not '\(keep)'")
        }
        if let pool, let ipc, pool < ipc {
            throw ValidationError("--pool keeps \(pool) of each class, and --ipc \(ipc) are chosen")
        }
        if let pool, pool < 1 { throw ValidationError("--pool must be 1 or more") }
        do { try SubsetFile.checkEnding(output) } catch { throw ValidationError("\(error)") }
    }

    private func poolRule(_ word: String) -> KeepRule? {
        ["easiest": .easiest, "hardest": .hardest, "highest": .highest, "lowest": .lowest][word]
    }

    func run() throws {
        guard let entry = CoresetRule.table.first(where: { $0.name == method }) else { return }
        try requireOther(output, than: [features, labels, scores].compactMap(\.self))
        let rule = firstRow ? .kCenter(first: .firstRow) : entry.rule
        let file = try CoresetFile(features, labels: labels, needsErrors: entry.needsErrors)
        var kept: SubsetFile?
        if let scores, let pool, let rule = keep.flatMap(poolRule) {
            let scored = try ScoreFile(scores)
            try file.requireSameData(as: scored)
            if rule == .easiest || rule == .hardest { try scored.requireDirection() }
            kept = try scored.select(
                { try $0.select(rule, .ipc(pool), seed: seed, identity: "select") }, provenance: .null)
        }
        let members: [String: JSON] = [
            "method": .string(method), "source": .string(entry.source), "features": .string(features),
            "ipc": JSON(ipc), "fraction": JSON(fraction), "balanced": .bool(!unbalanced), "seed": .integer(seed),
            "labels": JSON(labels), "first_row": firstRow ? true : .null, "scores": JSON(scores), "keep": JSON(keep),
            "pool": JSON(pool),
        ]
        let chosen = try file.select(
            rule, ipc.map { .ipc($0) } ?? .fraction(fraction ?? 1), pool: kept, balanced: !unbalanced, seed: seed,
            provenance: .object(members.filter { $0.value != .null }))
        let share = significant(100 * chosen.tieShare, digits: 3)
        let summary = "\(chosen.ids.count) samples; \(share) % picked in a tie; digest \(chosen.digest.prefix(16))"
        if output == "-" {
            print(chosen.table.formatted(.csv), terminator: "")
            note(summary)
        } else {
            try chosen.write(to: output)
            print("\(summary): \(output)")
        }
    }
}

extension String {
    /// With spaces behind it.
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
