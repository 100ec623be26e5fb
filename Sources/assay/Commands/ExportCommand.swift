import ArgumentParser
import RunStore
import Workflow

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a run's contents as CSV, .npy or .npz.",
        discussion: """
            .npz  arrays by name: epochs, every metric, ids, labels, names, logits [E, N, C], every score [E, N], targets,
                  features, test_labels, test_logits; all of them, or those named by --what
            .npy  the one array named by --what
            .csv  a table: checkpoints (one row each), samples (one row each), or records (one row per checkpoint and
                  sample, with every score and logit)

            Halves stay halves, other floats are written as float32, block by block. `assay import npz` and `assay import \
            csv` (records, checkpoints) read them back. A score that is called like a metric is written as score_NAME.

              assay export runs/demo/HL/full/5/seed1 -o run.npz
              assay export runs/demo/HL/full/5/seed1 --what logits -o logits.npy
              assay export runs/demo/HL/full/5/seed1 --what checkpoints -o curve.csv
            """)

    @Argument(help: ArgumentHelp("The run: a file, or STORE/ID.", valueName: "run"), completion: .file())
    var path: String

    @Option(help: ArgumentHelp("An array or a table; may be repeated for .npz.", valueName: "name"))
    var what: [String] = []

    @Option(name: .shortAndLong, help: "The file to write: .csv, .npy or .npz.", completion: .file())
    var output: String

    func run() throws {
        Interruption.watch()
        var bar = ProgressBar("exporting", unit: "values")
        let export = RunExport(try RunFile(path: path)) { done, total in
            bar.show(done, of: total)
            try Interruption.check()
        }
        try export.write(what, to: output)
        bar.finish()
        print(output)
    }
}
