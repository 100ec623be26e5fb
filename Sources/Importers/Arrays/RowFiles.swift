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
                files.append(File(ranks: FileName(path).ranks, rows: rows))
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
}

/// A list with one row per sample and no axis of checkpoints in the run: labels, names, features or soft labels.
struct RowList: Sendable {
    let path: String
    let name: String
    let files: RowFiles
    /// The one checkpoint whose rows it follows; nil where nothing says so.
    let of: Of?

    enum Of: Sendable, Equatable {
        /// By the number that the files give it.
        case epoch(Double)
        /// By its place among checkpoints without numbers.
        case checkpoint(Int)
    }

    init(_ series: RowSeries, checkpoint: Int = 0) {
        (path, name, files) = (series.array(checkpoint).path, series.name, series.files(checkpoint))
        if let epochs = series.epochs {
            of = .epoch(epochs[checkpoint])
        } else {
            of = series.checkpoints.count > 1 ? .checkpoint(checkpoint) : nil
        }
    }

    init(_ texts: ForeignTexts, name: String, of: Of?) {
        (path, self.name, files, self.of) = (texts.path, name, texts.files, of)
    }

    func error(_ reason: String) -> ImportError { ImportError(path, at: "'\(name)'", reason) }
}

/// Where the samples stand in a list.
struct RowPlace: Sendable {
    /// Each sample's first row, [N].
    let positions: [Int]
    /// The checkpoint whose ids stand beside the rows, which may repeat; nil: one row per sample.
    var checkpoint: Int?
}

extension RowOrder {
    /// Where the samples stand in a list; how that was found is said where it might be another.
    ///
    /// A list beside ids, of as many rows in the same files, follows them: ids for all checkpoints, or those of the epoch
    /// whose files hold the list. Any other list is indexed by the ids (the labels of the whole data set), or has one row
    /// per sample in the order of ascending id, which is a guess.
    func place(_ list: RowList, _ warnings: inout [String], _ notes: inout [String]) throws(ImportError) -> RowPlace {
        let count = list.files.rows
        guard let scatter else {
            if count == ids.count {
                try require(list, like: files, of: name)
                return RowPlace(positions: fixedPositions)
            }
            if hasIDs, let indexed = indexed(list, &notes) { return indexed }
            throw list.error("\(count) rows, but \(ids.count) samples; N must be the same everywhere")
        }
        let source = scatter.source
        if let checkpoint = try checkpoint(of: list, source) {
            if count == source.rows(checkpoint) {
                try require(list, like: source.files(checkpoint), of: source.name)
                let table = try scatter.table(checkpoint)
                return RowPlace(positions: table.starts.dropLast().map { table.order[$0] }, checkpoint: checkpoint)
            }
        }
        if list.files.isSpread {
            throw list.error(
                "it comes in \(list.files.text), and the ids '\(source.name)' come by checkpoint: log it in their files, or "
                    + "in one file, indexed by id")
        }
        if let indexed = indexed(list, &notes) { return indexed }
        if count == ids.count {
            warnings.append(
                "'\(list.name)' has no ids of its own, and is taken in the order of ascending id; log the ids beside it to be "
                    + "sure.")
            return RowPlace(positions: Array(0..<count))
        }
        throw list.error(
            "\(count) rows, but the ids go up to \(ids.last ?? 0) and are \(ids.count): it is neither indexed by id nor has "
                + "one row per sample")
    }

    /// The checkpoint whose ids stand beside the list; nil where nothing says so.
    private func checkpoint(of list: RowList, _ source: RowSeries) throws(ImportError) -> Int? {
        if source.isFixed { return 0 }
        switch list.of {
        case nil: return nil
        case .epoch(let epoch):
            if let index = source.epochs?.firstIndex(of: epoch) { return index }
            throw list.error("it is of epoch \(shortest(epoch)), of which there are no ids")
        case .checkpoint(let index):
            if source.epochs == nil, index < source.checkpoints.count { return index }
            throw list.error("it has no epoch, and the ids beside '\(source.name)' come by epoch")
        }
    }

    /// The list indexed by the ids, where it is in one file and has a row for each.
    private func indexed(_ list: RowList, _ notes: inout [String]) -> RowPlace? {
        guard !list.files.isSpread, let first = ids.first, let last = ids.last, first >= 0, last < list.files.rows
        else {
            return nil
        }
        notes.append("'\(list.name)' has no ids of its own and is indexed by them: row i is the sample of id i.")
        return RowPlace(positions: ids.map { Int($0) })
    }

    private func require(_ list: RowList, like other: RowFiles, of name: String) throws(ImportError) {
        if list.files.matches(other) { return }
        throw list.error(other.mismatch(list.files, name: name, hasIDs: hasIDs))
    }
}

extension RowFiles {
    /// What is wrong where a list comes in other files than the one called `name`, which comes in these.
    func mismatch(_ list: RowFiles, name: String, hasIDs: Bool) -> String {
        "it comes in \(list.text), but '\(name)' in \(text), and nothing says which row of one belongs to which of the other: "
            + (hasIDs ? "log both in the same files" : "log the ids of the samples beside the rows (--map ids=NAME)")
    }
}
