import Foundation
import RunStore
import Scoring
import Selection
import Workflow

// Inner loops beside their peers', timed by Benchmarks/store.py: one line of JSON per task. What a peer holds in memory is
// held in memory here as well.
//
//     bench-store el2n RUN · cad RUN · top RUN      [calls]

/// Wall and CPU seconds of the median of `calls` after an untimed first one.
func time<Value>(_ calls: Int, _ body: () throws -> Value) rethrows -> (value: Value, wall: Double, cpu: Double) {
    var value = try body()
    var (wall, cpu): ([Double], [Double]) = ([], [])
    for _ in 0..<calls {
        let (begin, ticks) = (Date(), clock())
        value = try body()
        wall.append(Date().timeIntervalSince(begin))
        cpu.append(Double(clock() - ticks) / Double(CLOCKS_PER_SEC))
    }
    return (value, wall.sorted()[calls / 2], cpu.sorted()[calls / 2])
}

func report(_ task: String, _ wall: Double, _ cpu: Double, _ calls: Int, _ result: String) {
    print(
        "{\"peer\": \"assay\", \"task\": \"\(task)\", \"wall_s\": \(wall), \"cpu_s\": \(cpu), \"n\": \(calls), \"result\": \(result)}"
    )
}

let arguments = CommandLine.arguments
guard arguments.count >= 3, let calls = arguments.count > 3 ? Int(arguments[3]) : 5, calls > 0 else {
    FileHandle.standardError.write(Data("usage: bench-store el2n|cad|top RUN [calls]\n".utf8))
    exit(64)
}
let run = try RunFile(path: arguments[2])
switch arguments[1] {
case "el2n", "cad":
    let request = try ScoreRequest(arguments[1] == "cad" ? "cad-prune" : "el2n")
    var total = 0.0
    let found = try time(calls) {
        total = 0
        try ScoringJob([run], [request]).forEach { values in total += values.reduce(0, +) }
    }
    report(arguments[1], found.wall, found.cpu, calls, "\(total / Double(run.sampleCount ?? 1))")
case "top":
    let samples = try run.samples()
    let scores = try run.score("el2n", checkpoint: run.checkpointCount - 1).map(Double.init)
    let candidates = Candidates(
        scores: scores, direction: .highIsHard, labels: samples.labels, classes: run.classCount ?? 0, ids: samples.ids)
    let found = try time(calls) { try candidates.select(.highest, .ipc(50), seed: 1, identity: "bench") }
    let rows = found.value.rows
    report("top", found.wall, found.cpu, calls, "{\"count\": \(rows.count), \"sum_of_rows\": \(rows.reduce(0, +))}")
default:
    FileHandle.standardError.write(Data("bench-store: no task '\(arguments[1])'\n".utf8))
    exit(64)
}
