import ArgumentParser
import RunStore
import Tables
import Workflow

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what a run holds: all that one needs to know to trust it.",
        discussion: """
            Prints the run's attributes, its datasets with shapes and types (E checkpoints, N samples, C classes), its \
            checkpoints with all metrics, the number of samples per class, how many logits are NaN or infinite, and the share \
            of samples whose largest logit is not their label: where labels and logits do not belong together, it stays at \
            that of chance. --quick reads no logits.

              assay inspect runs/demo/HL/full/5/seed1
              assay inspect my-pytorch-run.h5 --json
            """)

    @Argument(help: ArgumentHelp("The run: a file, or STORE/ID.", valueName: "run"), completion: .file())
    var path: String

    @Flag(help: "Read no logits.")
    var quick = false

    @OptionGroup var output: FormatOptions

    func run() throws {
        let file = try RunFile(path: path)
        var sections: [(title: String, key: String, table: Table)] = []

        let attributes = file.attributes()
        sections.append(
            (
                "Attributes", "attributes",
                Table([Column("attribute", attributes.map(\.name)), Column("value", attributes.map(\.value))])
            ))

        let datasets = try file.datasets()
        sections.append(
            (
                file.isSealed ? "Datasets" : "Datasets of the newest part", "datasets",
                Table([
                    Column("dataset", datasets.map(\.path)),
                    Column("shape", datasets.map { "[" + $0.shape.map(String.init).joined(separator: ", ") + "]" }),
                    Column("type", datasets.map(\.type)), Column("bytes", datasets.map(\.bytes)),
                    Column(
                        "filters",
                        datasets.map { $0.filters.isEmpty ? "none" : $0.filters.joined(separator: ", ") }),
                    Column("digests", datasets.map(\.digests)),
                ])
            ))
        sections.append(("Checkpoints", "checkpoints", try checkpoints(file)))
        if file.sampleCount != nil {
            sections.append(
                ("Samples per class", "classes", classes(file.classCounts(of: try file.samples()))))
        }

        if output.chosen == .json {
            var document: [String: JSON] = [
                "format": "assay-inspect", "version": 1, "path": .string(file.path), "sealed": .bool(file.isSealed),
                "digests": .bool(file.hasDigests), "sample_count": JSON(file.sampleCount),
                "class_count": JSON(file.classCount),
            ]
            for section in sections { document[section.key] = .array(section.table.objects()) }
            document["attributes"] = .object(
                Dictionary(attributes.map { ($0.name, .string($0.value)) }, uniquingKeysWith: { first, _ in first }))
            print(JSON.object(document).text(), terminator: "")
            return
        }
        let state = file.isSealed ? file.hasDigests ? "sealed" : "written by others, without digests" : "unfinished"
        if output.chosen == .table { print("\(file.path): \(state)\n") }
        for (index, section) in sections.enumerated() {
            if index > 0 { print() }
            if output.chosen == .table { print(section.title) }
            print(section.table.formatted(output.chosen), terminator: "")
        }
    }

    /// One row per class; on a terminal, of many classes the extremes alone.
    private func classes(_ counts: [Int: Int]) -> Table {
        let labels = counts.keys.sorted()
        guard output.chosen == .table, labels.count > 24 else {
            return Table([Column("class", labels), Column("samples", labels.map { counts[$0] ?? 0 })])
        }
        let order = labels.sorted { (counts[$0] ?? 0, $0) < (counts[$1] ?? 0, $1) }
        let shown = [("smallest", order[0]), ("median", order[order.count / 2]), ("largest", order[order.count - 1])]
        return Table([
            Column("of \(labels.count) classes", shown.map(\.0)), Column("class", shown.map(\.1)),
            Column("samples", shown.map { counts[$0.1] ?? 0 }),
        ])
    }

    /// One row per checkpoint: its metrics, the logits that are no numbers, and the error that the logits show.
    private func checkpoints(_ file: RunFile) throws -> Table {
        var columns = [
            Column("checkpoint", Array(0..<file.checkpointCount)), Column("epoch", file.epochs),
        ]
        if let seen = file.samplesSeen { columns.append(Column("samples_seen", seen.map { Int($0) })) }
        for name in file.metricNames { columns.append(Column(name, try file.metric(name))) }
        guard file.hasLogits, !quick else { return Table(columns) }
        var bar = ProgressBar("reading logits", unit: "checkpoints")
        var counts: [Int] = []
        for checkpoint in 0..<file.checkpointCount {
            bar.show(checkpoint, of: file.checkpointCount)
            counts.append(try file.nonFiniteLogits(checkpoint: checkpoint).count)
        }
        bar.finish()
        columns.append(Column("nan_logits", counts))
        if counts.allSatisfy({ $0 == 0 }) { columns.append(Column("logit_error", try logitErrors(file))) }
        return Table(columns)
    }
}
