import ArgumentParser
import RunStore
import Tables

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show what a run holds: all that one needs to know to trust it.",
        discussion: """
            Prints the run's attributes, its datasets with shapes and types (E checkpoints, N samples, C classes), its \
            checkpoints with all metrics, the number of samples per class, and how many logits are NaN or infinite.

              assay inspect runs/demo/HL/full/5/seed1
              assay inspect my-pytorch-run.h5 --json
            """)

    @Argument(help: ArgumentHelp("The run: a file, or STORE/ID.", valueName: "run"), completion: .file())
    var path: String

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
        sections.append(("Checkpoints", "checkpoints", try Self.checkpoints(file)))
        if file.sampleCount != nil {
            let counts = file.classCounts(of: try file.samples())
            let classes = counts.keys.sorted()
            sections.append(
                (
                    "Samples per class", "classes",
                    Table([Column("class", classes), Column("samples", classes.map { counts[$0] ?? 0 })])
                ))
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

    /// One row per checkpoint: its metrics, and the logits that are no numbers.
    private static func checkpoints(_ file: RunFile) throws -> Table {
        var columns = [
            Column("checkpoint", Array(0..<file.checkpointCount)), Column("epoch", file.epochs),
        ]
        if let seen = file.samplesSeen { columns.append(Column("samples_seen", seen.map { Int($0) })) }
        for name in file.metricNames { columns.append(Column(name, try file.metric(name))) }
        if file.hasLogits {
            let counts = try (0..<file.checkpointCount).map { try file.nonFiniteLogits(checkpoint: $0).count }
            columns.append(Column("nan_logits", counts))
        }
        return Table(columns)
    }
}
