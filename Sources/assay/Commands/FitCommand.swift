import Analysis
import ArgumentParser
import Foundation
import Tables
import Workflow

struct FitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fit",
        abstract: "Fit a scaling law to runs or to a table, and say how certain each parameter is.",
        discussion: """
            The law goyal is y = a (n1/N0)^b exp(b G) + d: n1 samples of the first epoch, G what repeats still count for, \
            tau their half-life in epochs (delta = 2^(-1/tau)). Its x columns are samples seen and samples per epoch.

            Examples:
              assay fit results.csv --law goyal --x samples_seen,samples_per_epoch --y test_error --group subset
              assay fit runs --law goyal --x samples_seen,samples_per_epoch --y test_error --group regime,subset --json
              assay fit results.csv --law goyal --x n,per_epoch --y "1-acc/100" --fix d=0
            """)

    @Argument(help: "A CSV, TSV, JSON or JSONL file (- for standard input), or a store of runs.")
    var data: String

    @Option(help: ArgumentHelp("The law: \(ScalingLaws.names.joined(separator: ", ")).", valueName: "name"))
    var law: String

    @Option(help: ArgumentHelp("The law's x columns, in its order.", valueName: "col,col"))
    var x: ColumnList

    @Option(
        help: ArgumentHelp("What is fitted: a column, or an expression such as \"1-acc/100\".", valueName: "col|expr"))
    var y: String

    @Option(help: ArgumentHelp("One fit per combination of values of these columns.", valueName: "col,…"))
    var group: ColumnList?

    @Option(
        help: """
            For a store: finals, one annealed point per run, or checkpoints, every checkpoint of every run (default: \
            finals).
            """)
    var points: RunPoints?

    @Option(help: ArgumentHelp("Where the search begins.", valueName: "a=1,…"))
    var start: String?

    @Option(help: ArgumentHelp("Parameters held at a value.", valueName: "d=0.1,…"))
    var fix: String?

    @Option(help: "Local searches; 1 together with --start uses exactly that start.")
    var starts: Int?

    @Option(help: "Intervals: none or asymptotic.")
    var interval: ScalingLawOptions.Interval = .asymptotic

    @Option(help: "Level of the intervals.")
    var level: Double = 0.95

    @Option(name: .customLong("n0"), help: "N0, the unit of samples: it scales a and nothing else.")
    var unit: Double = 1

    @Flag(help: "Exit with 1 unless every fit converged.")
    var strict = false

    @OptionGroup var output: FormatOptions

    func validate() throws {
        guard unit > 0 && unit.isFinite else { throw ValidationError("--n0 takes a positive number, not \(unit)") }
    }

    func run() throws {
        let law = try ScalingLaws.named(law, unit: unit)
        var options = ScalingLawOptions()
        options.start = try Self.assignments(start, option: "--start")
        options.fixed = try Self.assignments(fix, option: "--fix")
        options.starts = starts
        options.interval = interval
        options.level = level
        if points == .checkpoints {
            options.cautions = [checkpointCaution]
        }
        let (table, isStore) = try readTable()
        let analysis = try ScalingLawAnalysis(
            of: table, law: law, x: x.names, y: y, group: group?.names ?? [],
            rowNames: isStore ? "id" : nil, options: options)
        for leftOut in analysis.leftOut {
            // The first few are enough to find the cause.
            let shown = leftOut.places.prefix(5).joined(separator: ", ") + (leftOut.places.count > 5 ? ", …" : "")
            note("assay: left out \(leftOut.places.count), \(leftOut.reason): \(shown)")
        }
        if output.chosen != .table && output.chosen != .json {
            for fit in analysis.fits {
                for warning in fit.warnings { note("assay: warning: \(fit.title): \(warning)") }
            }
        }
        let answer =
            switch output.chosen {
            case .json: analysis.json().text()
            case .table: analysis.text()
            case let other: analysis.table().formatted(other)
            }
        print(answer, terminator: "")
        if analysis.isEveryGroupRefused || (strict && !analysis.isEveryFitConverged) { throw ExitCode(1) }
    }

    private func readTable() throws -> (table: Table, isStore: Bool) {
        var isDirectory: ObjCBool = false
        if FileManager.default.fileExists(atPath: data, isDirectory: &isDirectory), isDirectory.boolValue {
            return (try runTable(data, points ?? .finals), true)
        }
        if points != nil { throw ScalingLawError.option("--points is for a store; \(data) is a table") }
        return (try Table.read(data), false)
    }

    private static func assignments(_ list: String?, option: String) throws(ScalingLawError) -> [String: Double] {
        var result: [String: Double] = [:]
        for part in list?.split(separator: ",") ?? [] {
            let sides = part.split(separator: "=", omittingEmptySubsequences: false)
            let name = sides[0].trimmingCharacters(in: .whitespaces)
            guard sides.count == 2, let value = Double(sides[1].trimmingCharacters(in: .whitespaces)) else {
                throw .option("\(option): '\(part)' is not of the form name=number")
            }
            guard result.updateValue(value, forKey: name) == nil else {
                throw .option("\(option): \(name) stands twice")
            }
        }
        return result
    }
}

extension ScalingLawError: Failure {}
extension ScalingLawOptions.Interval: ExpressibleByArgument {}
extension RunPoints: ExpressibleByArgument {}
