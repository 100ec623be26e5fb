// Times fits of the Goyal scaling law in process, on one thread, the reading of the table left out:
//
//     bench-fit CURVES.csv [CALLS]
//
// CURVES.csv has the columns curve, samples_seen, samples_per_epoch and error. One line of JSON per task: medians of
// CALLS timed calls (51 unless told) after an untimed one. Benchmarks/fit.py runs it in turn with its peers.

import Analysis
import Fitting
import Foundation
import Tables

// Each timed call of "fit of all curves" begins with the columns as numbers and ends with the law's parameters.
let arguments = CommandLine.arguments.dropFirst()
guard let path = arguments.first, arguments.count <= 2, let calls = Int(arguments.dropFirst().first ?? "51"), calls > 0
else {
    FileHandle.standardError.write(Data("usage: bench-fit CURVES.csv [CALLS]\n".utf8))
    exit(64)
}
let curves: [Curve]
do { curves = try Curve.read(path) } catch {
    FileHandle.standardError.write(Data("bench-fit: \(error)\n".utf8))
    exit(error.exitCode)
}

func report(_ task: String, _ timing: Timing, _ result: [String: JSON]) {
    let line: JSON = [
        "peer": "assay", "task": .string(task), "input": .string(URL(fileURLWithPath: path).lastPathComponent),
        "wall_s": .number(timing.wall), "cpu_s": .number(timing.cpu), "rss_mb": .integer(peakMegabytes()),
        "n": .integer(timing.calls), "threads": 1, "load": .number(load()), "result": .object(result),
    ]
    print(line.text(pretty: false))
}

/// The members that the peers print too.
func summary(_ fits: [Curve.Fit]) -> [String: JSON] {
    [
        "solved": .integer(fits.count { $0.solution.termination.isConverged }),
        "rss": .number(fits.reduce(0) { $0 + $1.solution.objective }),
        "median_b": .number(median(fits.map { $0.parameters[1] })),
    ]
}

let (fits, timing) = measure(calls: calls) { curves.map { $0.fit() } }
let (searched, searchTiming) = measure(calls: max(1, calls / 10)) { curves.map { $0.fit(starts: 64) } }

var result = summary(fits)
let best = zip(fits, searched).map { min($0.solution.objective, $1.solution.objective) }
result["curves_at_best_of_64_starts"] = .integer(
    zip(fits, best).count { $0.solution.objective <= $1 * (1 + 1e-9) })
result["rss_of_curve_0"] = JSON(fits.first?.solution.objective)
result["starts"] = .integer(fits.reduce(0) { $0 + $1.solution.starts })
result["starts_at_best"] = .integer(fits.reduce(0) { $0 + $1.solution.startsAtBest })
report("fit of all curves", timing, result)
report("fit of all curves, 64 starts", searchTiming, summary(searched))

if let first = curves.first {
    let (bootstrap, timing) = measure(calls: max(1, calls / 5)) { first.bootstrap(resamples: 1000) }
    report(
        "residual bootstrap of curve 0, 1,000 refits", timing,
        ["solved": .integer(bootstrap.solved), "b_95": .array(bootstrap.interval.map(JSON.number))])
}
