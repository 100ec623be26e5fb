import ArgumentParser
import RunStore
import Tables

struct RunsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract: "List the runs of a store.",
        discussion: """
            One row per run: what was trained, how many checkpoints it has, its last test error (0…1), and whether it is \
            sealed (complete) or partial (unfinished: it goes on where it stopped when it is trained again).

              assay runs runs/demo
              assay runs runs/demo --format csv > runs.csv

            A file that cannot be read is listed as unreadable, and the exit code is 65.
            """)

    @Argument(help: "The store: a directory of runs.", completion: .directory)
    var store: String

    @OptionGroup var output: FormatOptions

    func run() throws {
        let store = Store(store)
        var (words, numbers) = ([[String]](repeating: [], count: 4), [[Double]](repeating: [], count: 5))
        var failures = 0
        for id in try store.ids() {
            var (about, measures) = (["", ""], [Double](repeating: .nan, count: 5))
            var status = store.status(id).rawValue
            do throws(RunStoreError) {
                let run = try store.open(id)
                about = [run.description.regime ?? "", run.description.subset ?? ""]
                let error = try run.metricNames.contains("test_error") ? run.metric("test_error").last : nil
                measures = [
                    run.description.budget, run.description.seed.map(Double.init), Double(run.checkpointCount),
                    try run.trainedCount().map(Double.init), error,
                ].map { $0 ?? .nan }
            } catch {
                if error.fault == .notBegun {
                    measures[2] = 0
                } else {
                    status = "unreadable"
                    failures += 1
                    complain(error.description)
                }
            }
            for (index, word) in ([id] + about + [status]).enumerated() { words[index].append(word) }
            for (index, number) in measures.enumerated() { numbers[index].append(number) }
        }
        let table = Table([
            Column("id", words[0]), Column("regime", words[1]), Column("subset", words[2]),
            Column("budget", numbers[0]),
            Column("seed", numbers[1]), Column("checkpoints", numbers[2]), Column("samples", numbers[3]),
            Column("test_error", numbers[4]), Column("status", words[3]),
        ])
        if output.chosen == .json {
            let document: JSON = [
                "format": "assay-runs", "version": 1,
                "runs": .array(table.objects(integers: ["seed", "checkpoints", "samples"])),
            ]
            print(document.text(), terminator: "")
        } else {
            print(table.formatted(output.chosen), terminator: "")
        }
        if failures > 0 { throw ExitCode(65) }
    }
}
