import Analysis
import ArgumentParser
import Foundation
import Tables

struct MixtureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mixture",
        abstract: "Predict what training on several pools together gives, from a Goyal fit of each; rank them.",
        discussion: """
            Mixing p pools of equal size repeats each p times more rarely: half-lives become p tau, and utilities are \
            averaged (Goyal et al. 2024). Pools of unequal size enter by their share of the samples: our extension.

            Examples:
              assay fit pools.csv --law goyal --x n,S --y error --group pool --share a,d --json > fits.json
              assay mixture fits.json --size good=1e6,fair=5e6 --at 1e7,1e8
              assay mixture pools.csv --at 1e8 --best 5            columns name,a,b,tau,d,size
            """)

    @Argument(
        help: "The JSON of `assay fit --law goyal --json`, or a table with name,a,b,tau,d,size (- for standard input).",
        completion: .file())
    var pools: String

    @Option(help: ArgumentHelp("Numbers of samples seen at which mixtures are ranked.", valueName: "n,…"))
    var at: String

    @Option(
        help: ArgumentHelp("Samples per epoch of a pool, where the fits do not say it.", valueName: "pool=S,…"))
    var size: String?

    @Option(help: "At most this many pools in one mixture (default: all).")
    var upTo: Int?

    @Option(help: "Show only the best mixtures of each n.")
    var best: Int?

    @Option(help: "Level of the intervals.")
    var level = 0.95

    @OptionGroup var output: FormatOptions

    func validate() throws {
        if let best, best < 1 { throw ValidationError("--best takes a positive number, not \(best)") }
    }

    func run() throws {
        let mixture = try MixtureAnalysis(read(), samplesSeen: numbers(), upTo: upTo, level: level)
        show(
            output.chosen, table: mixture.table(best: best), json: mixture.json(best: best),
            explanation: mixture.explanation() + mixture.warnings.map { "warning: " + $0 }, notes: [])
    }

    private func read() throws -> MixturePools {
        let content = try fileContents(pools)
        if let json = try? JSON.parse(content), json["format"] != nil {
            let sizes = try sizes()
            let read = try MixturePools(fits: json, sizes: sizes)
            for name in sizes.keys.sorted() where !read.pools.contains(where: { $0.name == name }) {
                throw MixtureError.unknownPool(name, known: read.pools.map(\.name))
            }
            return read
        }
        if size != nil {
            throw MixtureError.option("--size is for the JSON of a fit; a table has its sizes in a column")
        }
        return try MixturePools(Table.read(content, source: pools))
    }

    private func numbers() throws(MixtureError) -> [Double] {
        var result: [Double] = []
        for part in at.split(separator: ",") {
            guard let n = Double(part) else { throw .option("--at: '\(part)' is not a number") }
            result.append(n)
        }
        return result
    }

    private func sizes() throws(MixtureError) -> [String: Double] {
        var result: [String: Double] = [:]
        for part in size?.split(separator: ",") ?? [] {
            guard let sign = part.lastIndex(of: "="), let value = Double(part[part.index(after: sign)...]) else {
                throw .option("--size: '\(part)' is not of the form pool=number")
            }
            guard result.updateValue(value, forKey: String(part[..<sign])) == nil else {
                throw .option("--size: \(part[..<sign]) stands twice")
            }
        }
        return result
    }
}

extension MixtureError: Failure {}
