/// The names that the field's loggers use for what the store has a name for.
///
/// Everything else keeps the name that it has in its file. Nothing is computed from a name: `accuracy` stays
/// `accuracy`, and becomes a `test_error` only by `--map test_error=1-accuracy`.
enum LogNames {
    /// Epochs completed, or counted from 0.
    static let epoch = ["epoch", "Epoch", "epochs", "train/epoch"]
    /// Optimiser steps, or whatever the log counts.
    static let step = [
        "step", "global_step", "trainer/global_step", "train/global_step", "_step", "Step", "steps", "iteration",
        "iter",
    ]
    /// Seconds since the run began; a point in time is counted from the first.
    static let seconds = ["seconds", "_runtime", "wall_time", "elapsed", "elapsed_seconds", "elapsed_time"]
    static let samplesSeen = ["samples_seen"]
    /// Columns that tell the runs of a table apart, where none are named.
    static let run = ["run", "run_id", "run_name"]
    /// Written by loggers about themselves.
    static let ignored: Set<String> = ["_timestamp", "_wandb", "timestamp"]

    /// Columns that say when something was logged, and nothing else.
    static let axes = Set(epoch + step + seconds + samplesSeen).union(ignored)

    static let learningRate: Set<String> = ["learning_rate", "lr", "train/learning_rate", "train/lr", "LR"]

    /// Also `lr-SGD`, as Lightning's monitor calls it.
    static func isLearningRate(_ name: String) -> Bool { learningRate.contains(name) || name.hasPrefix("lr-") }

    /// Metrics that analyses know by name.
    static let metrics = [
        "train_loss", "test_loss", "test_error", "validation_loss", "validation_error", "ood_loss", "ood_error",
        "learning_rate", "seconds",
    ]

    /// Columns of a table in which each row is one sample at one checkpoint.
    static let sampleID = ["sample_id", "guid", "sample", "sample_index", "example_id", "index", "idx", "id"]
    static let label = ["label", "gold", "target", "targets", "labels", "y", "class"]
    static let sampleName = ["name", "file", "filename", "file_name"]

    /// The reduced records that a run may hold per sample and checkpoint.
    static let records = ArrayRole.records

    /// The name under which a metric stands in the store: what HDF5 would take for a path becomes `_`.
    static func safe(_ name: String) -> String {
        var result = ""
        for scalar in name.unicodeScalars {
            result.unicodeScalars.append(scalar == "/" || scalar.value < 0x20 || scalar.value == 0x7F ? "_" : scalar)
        }
        return result.isEmpty || result == "." || result == ".." ? "_" : result
    }

    /// A piece of a run's id: no slash, no leading dot, no ending that the store gives a meaning.
    static func idPiece(_ text: String) -> String {
        var piece = safe(text)
        while piece.hasPrefix(".") { piece = "_" + piece.dropFirst() }
        for ending in [".h5", ".partial"] where piece.hasSuffix(ending) {
            piece = piece.dropLast(ending.count) + "_" + ending.dropFirst()
        }
        return piece
    }

    /// For each path the shortest tail of its components, the file's ending left out, that tells it from the others.
    static func distinct(_ paths: [String]) -> [String] {
        let parts = paths.map { $0.split(separator: "/").map(String.init).filter { $0 != "." && $0 != ".." } }
        var lengths = parts.map { _ in 1 }
        func tail(_ i: Int) -> [String] { Array(parts[i].suffix(lengths[i])) }
        while true {
            let groups = Dictionary(grouping: parts.indices, by: tail).values.filter { $0.count > 1 }
            let growing = groups.flatMap { $0 }.filter { lengths[$0] < parts[$0].count }
            if growing.isEmpty { break }
            for i in growing { lengths[i] += 1 }
        }
        return parts.indices.map { i in
            let pieces = tail(i).map(idPiece)
            return pieces.isEmpty ? "run" : pieces.joined(separator: "/")
        }
    }
}
