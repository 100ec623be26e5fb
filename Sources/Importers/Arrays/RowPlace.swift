import Tables

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
        /// By its place among so many checkpoints without numbers.
        case checkpoint(Int, of: Int)
    }

    init(_ series: RowSeries, checkpoint: Int = 0) {
        (path, name, files) = (series.array(checkpoint).path, series.name, series.files(checkpoint))
        if let epochs = series.epochs {
            of = .epoch(epochs[checkpoint])
        } else {
            let count = series.checkpoints.count
            of = count > 1 ? .checkpoint(checkpoint, of: count) : nil
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
            throw list.error(
                "it is of epoch \(shortest(epoch)), of which there are no ids; if its rows are indexed by id, call it without the "
                    + "epoch")
        case .checkpoint(let index, let count):
            if source.epochs == nil, count == source.checkpoints.count { return index }
            throw list.error(
                "it comes at \(count) checkpoints without numbers, and the ids '\(source.name)' at "
                    + "\(source.checkpoints.count): nothing says which are the same")
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
