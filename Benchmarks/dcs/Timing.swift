import Foundation
import Statistics
import Tables

/// Prints one JSON line per task, as the peers do; one untimed call comes first.
func timeBootstraps(of table: Table, calls: Int) throws {
    let (loss, error) = (try table.numbers("loss_dm"), try table.numbers("test_error"))
    let size = try table.numbers("ipc")
    let tasks: [(String, RankCorrelation)] = [
        ("Spearman, 10000 bootstraps", RankCorrelation(loss, error)),
        ("partial Spearman, 10000 bootstraps", RankCorrelation(loss, error, adjustment: .partial([size]))),
    ]
    for (task, correlation) in tasks {
        var cpu: [Double] = []
        var interval: BootstrapInterval?
        for call in 0...calls {
            let start = processorSeconds()
            interval = correlation.bootstrap(resamples: 10_000, seed: 1, method: .percentile)
            if call > 0 { cpu.append(processorSeconds() - start) }
        }
        let median = cpu.sorted()[cpu.count / 2]
        let line: JSON = [
            "peer": "assay", "task": .string(task), "cpu_s": .number(median), "n": .integer(calls),
            "result": .array([JSON(interval?.low), JSON(interval?.high)]),
        ]
        print(line.text(pretty: false))
    }
}

private func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
