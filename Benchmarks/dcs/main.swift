import Foundation
import Tables

// bench-dcs time TABLE [CALLS]        CPU seconds of 10,000 bootstraps of loss_dm and test_error, plain and partial
// bench-dcs rho SEED CASES            the correlations of random tied cases, for rank_cases.py to compare
// bench-dcs rates [SETS]              false-positive rates of every choice, as Markdown (docs/dcs.md)

let arguments = Array(CommandLine.arguments.dropFirst())

func number(_ place: Int, or standard: Int) -> Int {
    guard arguments.count > place else { return standard }
    guard let value = Int(arguments[place]), value > 0 else {
        FileHandle.standardError.write(Data("bench-dcs: '\(arguments[place])' is no positive whole number\n".utf8))
        exit(64)
    }
    return value
}

switch arguments.first {
case "time" where arguments.count > 1: try timeBootstraps(of: Table.read(arguments[1]), calls: number(2, or: 5))
case "rho": printRankCases(seed: number(1, or: 1), count: number(2, or: 10_000))
case "rates": try printRates(sets: number(1, or: 1000))
default:
    FileHandle.standardError.write(Data("usage: bench-dcs time TABLE [CALLS] | rho SEED CASES | rates [SETS]\n".utf8))
    exit(64)
}
