import ArgumentParser
import Scoring
import Selection
import Tables
import Workflow

struct SelectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "select",
        abstract: "Choose a subset by its scores.",
        discussion: """
            easiest, hardest, highest, lowest   one end of the order
            window:START                        from a place counted from the hardest: 0.25 is a fraction of the class,
                                                0.9ipc a multiple of the number kept (SelMatch), rank120 a rank;
                                                a fraction is moved back where its window would pass the end
            random                              in seeded order
            ccs                                 cut the hardest --hard-cut off, then draw from --strata of the score
            beta                                DUAL's sampling; --confidence names the scores of `--method confidence`

            Class-balanced unless --unbalanced is given. Equal scores are ordered by seed and sample id, and the share of \
            the subset that this decided is printed. `easiest`, `hardest`, windows and ccs need the sidecar that `assay \
            score` wrote: it knows which end is hard. --pool-fraction F keeps IPC images of a random pool of IPC/F of each \
            class.

              assay select el2n.csv --keep easiest --ipc 50 -o subset.csv
              assay select el2n.csv --keep window:0.25 --fraction 0.1 -o subset.npy
              assay select aum.csv --keep ccs --hard-cut 0.3 --fraction 0.1 --unbalanced -o subset.txt
              assay select dual.csv --keep beta --confidence confidence.csv --ipc 50 -o subset.json
            """)

    @Argument(
        help: "Scores: a CSV with the columns sample_id, label and score, or the .h5 of `assay score`; - for stdin.",
        completion: .file())
    var scores: String

    @Option(help: "easiest, hardest, highest, lowest, random, window:START, ccs or beta.")
    var keep: String

    @Option(help: "Images per class.")
    var ipc: Int?

    @Option(help: "A fraction of each class, 0...1, rounded to the nearest whole sample.")
    var fraction: Double?

    @Flag(help: "Choose over all classes together.")
    var unbalanced = false

    @Option(help: "Choose from a random pool of IPC/F images of each class, 0 < F <= 1.")
    var poolFraction: Double?

    @Option(help: "ccs: the fraction of the hardest that is left out, 0...1.")
    var hardCut: Double?

    @Option(help: "ccs: strata of equal width. Default: 50.")
    var strata: Int?

    @Option(help: "beta: the mean target probabilities, as `assay score --method confidence` writes them.")
    var confidence: String?

    @Option(help: "beta: the exponent c of the prune rate. Default: 4.")
    var exponent: Double?

    @Option(help: "The seed of the order among equal scores, and of what is drawn.")
    var seed = 1

    @Option(
        name: .shortAndLong,
        help: "The file to write: .csv, .npy or .txt (ids), .json (for torch.utils.data.Subset); - for CSV on stdout.")
    var output: String

    private var size: SubsetSize { ipc.map { .ipc($0) } ?? .fraction(fraction ?? 1) }

    func validate() throws {
        guard (ipc == nil) != (fraction == nil) else { throw ValidationError("give --ipc or --fraction, one of them") }
        if let ipc, ipc < 1 { throw ValidationError("--ipc must be 1 or more") }
        try requireFraction("--fraction", fraction)
        try requireFraction("--pool-fraction", poolFraction)
        if poolFraction != nil {
            guard ipc != nil, !unbalanced, rule() != nil else {
                throw ValidationError("--pool-fraction goes with --ipc and a balanced rule: easiest, hardest, window …")
            }
        }
        do { try SubsetFile.checkEnding(output) } catch { throw ValidationError("\(error)") }
        guard keep == "ccs" || (hardCut == nil && strata == nil) else {
            throw ValidationError("--hard-cut and --strata belong to --keep ccs")
        }
        guard keep == "beta" || (confidence == nil && exponent == nil) else {
            throw ValidationError("--confidence and --exponent belong to --keep beta")
        }
        switch keep {
        case "ccs":
            guard let hardCut else {
                throw ValidationError("ccs needs --hard-cut, a fraction of the data (0.3 is usual at a tenth of it)")
            }
            guard hardCut >= 0, hardCut < 1 else {
                throw ValidationError(
                    "--hard-cut is at least 0 and below 1, not \(hardCut): it is left out of the data")
            }
            if let strata, strata < 1 || strata > 1_000_000 { throw ValidationError("--strata is 1 to 1000000") }
        case "beta":
            guard confidence != nil else {
                throw ValidationError("beta needs --confidence, the file of `assay score --method confidence`")
            }
            if let exponent, !(exponent > 0) { throw ValidationError("--exponent must be above 0") }
        default:
            guard rule() != nil else {
                throw ValidationError(
                    "--keep is easiest, hardest, highest, lowest, random, window:START, ccs or beta, not '\(keep)'")
            }
        }
    }

    /// The rule that looks at the order of the scores alone; nil for another.
    private func rule() -> KeepRule? {
        switch keep {
        case "easiest": return .easiest
        case "hardest": return .hardest
        case "highest": return .highest
        case "lowest": return .lowest
        case "random": return .random
        default:
            guard keep.hasPrefix("window:") else { return nil }
            let word = keep.dropFirst(7)
            if word.hasPrefix("rank"), let rank = Int(word.dropFirst(4)), rank >= 0 {
                return .window(from: .rank(rank))
            }
            if word.hasSuffix("ipc"), let multiple = Double(word.dropLast(3)), multiple >= 0, multiple.isFinite {
                return .window(from: .multipleOfKept(multiple))
            }
            guard let start = Double(word), start >= 0, start <= 1 else { return nil }
            return .window(start: start)
        }
    }

    func run() throws {
        try requireOther(output, than: [scores, confidence].compactMap(\.self))
        let file = try ScoreFile(scores)
        if !["highest", "lowest", "random", "beta"].contains(keep) { try file.requireDirection() }
        if keep == "ccs" || keep == "beta" { try file.requireFinite() }
        let probabilities = try confidence.map { try confidences($0, of: file) } ?? []
        let chosen = try file.select({ try choose(from: $0, probabilities) }, provenance: provenance(file))
        let missing = file.classes(missingIn: chosen)
        if !missing.isEmpty {
            let shown = missing.prefix(10).map(String.init).joined(separator: ", ") + (missing.count > 10 ? ", …" : "")
            note("assay: warning: no sample is kept of \(missing.count) of the classes: \(shown)")
        }
        let share = significant(100 * chosen.tieShare, digits: 3)
        let summary =
            "\(chosen.ids.count) samples; equal scores decided \(share) % of them; digest \(chosen.digest.prefix(16))"
        if output == "-" {
            print(chosen.table.formatted(.csv), terminator: "")
            note(summary)
        } else {
            try chosen.write(to: output)
            print("\(summary): \(output)")
        }
    }

    /// The mean target probabilities of the file's samples.
    private func confidences(_ path: String, of file: ScoreFile) throws -> [Double] {
        let found = try ScoreFile(path)
        if let method = found.sidecar?["method"]?.string, method != "confidence" {
            throw WorkflowError(65, "\(path): scores of '\(method)', and beta needs those of 'confidence'")
        }
        return try found.scores(alignedWith: file)
    }

    private func choose(from candidates: Candidates, _ probabilities: [Double]) throws -> Subset {
        let balanced = !unbalanced
        switch keep {
        case "ccs":
            let strata = Strata(hardCut: hardCut ?? 0, count: strata ?? 50)
            return try candidates.select(strata, size, balanced: balanced, seed: seed, identity: "select")
        case "beta":
            return try candidates.select(
                BetaSampling(exponent: exponent ?? 4), probabilities: probabilities, size, balanced: balanced,
                seed: seed, identity: "select")
        default:
            let rule = rule() ?? .random
            if let poolFraction, let ipc {
                return try candidates.selectFromPool(
                    rule, ipc: ipc, fraction: poolFraction, seed: seed, identity: "select")
            }
            return try candidates.select(rule, size, balanced: balanced, seed: seed, identity: "select")
        }
    }

    private func provenance(_ file: ScoreFile) -> JSON {
        let members: [String: JSON] = [
            "keep": .string(keep), "ipc": JSON(ipc), "fraction": JSON(fraction), "balanced": .bool(!unbalanced),
            "pool_fraction": JSON(poolFraction), "hard_cut": JSON(hardCut),
            "strata": keep == "ccs" ? .integer(strata ?? 50) : .null,
            "exponent": keep == "beta" ? .number(exponent ?? 4) : .null, "seed": .integer(seed),
            "scores": .string(scores), "confidence": JSON(confidence), "scored_by": file.sidecar ?? .null,
        ]
        return .object(members.filter { $0.value != .null })
    }
}
