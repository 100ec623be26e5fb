import Tables

extension ImportedRun {
    /// What an import would write, line by line, for `--dry-run`: nothing has been written.
    public func describe() -> [String] {
        var lines = ["run \(description.id)"]
        let attributes: [(String, String?)] = [
            ("dataset", description.dataset), ("model", description.model), ("regime", description.regime),
            ("subset", description.subset), ("ipc", description.ipc.map(String.init)),
            ("budget", description.budget.map(shortest)), ("seed", description.seed.map(String.init)),
            ("classes", description.classes.map(String.init)), ("pass", description.pass),
        ]
        for (name, value) in attributes { if let value { lines.append("  \(name) = \(value)") } }
        lines.append("  checkpoints: \(epochs.count), epochs \(Self.list(epochs))")
        if let samples {
            let classes = Set(samples.labels).count
            lines.append(
                "  samples: \(samples.count), labels of \(classes) classes"
                    + (samples.names == nil ? "" : ", with names"))
        }
        for array in arrays {
            lines.append(
                "  \(array.object) \(array.precision.rawValue) \(array.shape), \(array.bytes) bytes, "
                    + "from \(array.origin)"
            )
        }
        for (name, values) in metrics.sorted(by: { $0.key < $1.key }) {
            lines.append("  /checkpoints/\(name) \(values.filter { !$0.isNaN }.count) of \(values.count) values")
        }
        for source in sources { lines.append("  read \(source.path), \(source.bytes) bytes, sha256 \(source.sha256)") }
        lines += notes.map { "  note: " + $0 }
        lines += warnings.map { "  warning: " + $0 }
        return lines
    }

    private static func list(_ epochs: [Double]) -> String {
        let shown =
            epochs.count <= 8
            ? epochs.map(shortest) : epochs.prefix(3).map(shortest) + ["…"] + epochs.suffix(2).map(shortest)
        return shown.joined(separator: ", ")
    }
}
