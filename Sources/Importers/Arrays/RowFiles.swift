import Tables

/// The files in which the rows of one checkpoint come, one after another: those of the ranks of a distributed run.
struct RowFiles: Equatable, Sendable {
    struct File: Equatable, Sendable {
        /// The numbers after `rank` and the like.
        let ranks: [Double]
        var rows: Int
    }

    private(set) var files: [File] = []

    /// - Parameter pieces: in the order of the rows; those that follow one another may lie in one file.
    init(_ pieces: [(path: String, rows: Int)]) {
        var last: String?
        for (path, rows) in pieces {
            if path == last {
                files[files.count - 1].rows += rows
            } else {
                // A folder may be numbered for another reason than a name that tells its rank.
                let own = FileName(String(path.split(separator: "/").last ?? "")).ranks
                files.append(File(ranks: own.isEmpty ? FileName(path).ranks : own, rows: rows))
            }
            last = path
        }
    }

    var rows: Int { files.reduce(0) { $0 + $1.rows } }
    var isSpread: Bool { files.count > 1 }

    /// Whether row i of one is row i of the other, as far as files tell.
    func matches(_ other: RowFiles) -> Bool { isSpread || other.isSpread ? self == other : rows == other.rows }

    /// `2 files of 4, 3 rows (ranks 0, 1)`
    var text: String {
        let ranks = files.map { $0.ranks.map(shortest).joined(separator: ".") }.filter { !$0.isEmpty }
        return "\(counted(files.count, "file")) of \(files.map { String($0.rows) }.joined(separator: ", ")) rows"
            + (isSpread && !ranks.isEmpty ? " (ranks \(ranks.joined(separator: ", ")))" : "")
    }

    /// What is wrong where a list comes in other files than the one called `name`, which comes in these.
    func mismatch(_ list: RowFiles, name: String, hasIDs: Bool) -> String {
        "it comes in \(list.text), but '\(name)' in \(text), and nothing says which row of one belongs to which of the other: "
            + (hasIDs ? "log both in the same files" : "log the ids of the samples beside the rows (--map ids=NAME)")
    }
}
