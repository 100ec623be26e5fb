import Records
import Tables

extension ArrayImport {
    mutating func rowOrder(_ main: RowSeries, _ count: Int, _ epochs: [Double]) throws(ImportError) -> RowOrder {
        // The first row is read before memory is taken for all of them: a file may declare more than it holds.
        for piece in main.checkpoints.joined() { _ = try piece.floats(0..<min(1, piece.rows)) }
        guard let finding = roles.chosen[.ids] else {
            if main.files(0).isSpread {
                warnings.append(
                    "No ids tell which samples the rows of several files are: they are joined in the order of "
                        + "the files."
                )
            }
            notes.append("The files give no sample ids: rows are numbered from 0.")
            return RowOrder(of: main)
        }
        let series = try RowSeries(finding, role: .ids, rowRank: 0, isFixed: true, path: path)
        guard series.isFixed || series.checkpoints.count == count else {
            throw ImportError(
                series.path, at: "'\(series.name)'",
                "ids of \(series.checkpoints.count) checkpoints for \(count) checkpoints")
        }
        for checkpoint in 0..<count where series.rows(checkpoint) != main.rows(checkpoint) {
            throw main.error(
                ", checkpoint \(checkpoint)", checkpoint,
                "\(main.rows(checkpoint)) rows, but \(series.rows(checkpoint)) ids; N must be the same")
        }
        if series.isFixed, count > 1, let epoch = finding.epoch {
            throw ImportError(
                series.path, at: "'\(finding.name)'",
                "ids of epoch \(shortest(epoch)) alone for \(count) checkpoints; every checkpoint needs its own, or one list "
                    + "without an epoch is for all of them")
        }
        try requireFiles(series, like: main)
        try requireSameEpochs(series, main)
        let order = try RowOrder(series, checkpoints: count, epochs: epochs, duplicates: options.duplicates)
        if order.isOther { notes.append("Rows are put into the order of ascending sample id.") }
        if let other = roles.rest.first(where: { $0.epochs?.count == count && ArrayRole(of: $0) == .ids }),
            series.isFixed, count > 1
        {
            warnings.append(
                "'\(other.name)' has ids of each checkpoint, and '\(finding.name)' is taken for all of them: are the rows in its "
                    + "order at every checkpoint?")
        }
        if let first = order.ids.first, first < 0 {
            warnings.append("Ids below 0 (the first is \(first)) are samples like others: are they padding?")
        }
        if let doubled = order.doubled {
            warnings.append(
                "Checkpoint \(doubled) (epoch \(shortest: epochs[doubled])) has \(series.rows(doubled)) rows of \(order.ids.count) "
                    + "samples: are they two checkpoints of one epoch?")
        }
        if order.repeats > 0 {
            let meaning = options.duplicates == .mean ? "their mean counts" : "the first of them counts"
            notes.append("\(order.repeats) rows repeat a sample id within their checkpoint: \(meaning).")
        }
        return order
    }

    /// What labels the samples: asked for before anything of their number is read.
    func labelFinding() throws(ImportError) -> ArrayFinding {
        if let finding = roles.chosen[.labels] { return finding }
        throw ImportError(
            path,
            "the labels [N] are missing; " + ArrayRoles.listing(found)
                + "; map them (--map labels=NAME) or give a file of them as well (labels.npy)")
    }

    mutating func samples(
        _ main: RowSeries, _ rows: RowOrder, _ count: Int, _ epochs: [Double]
    ) throws(ImportError) -> Samples {
        let finding = try labelFinding()
        let series = try RowSeries(finding, role: .labels, rowRank: 0, isFixed: true, path: path)
        try requireAxes(main, labels: series)
        if !series.isFixed, series.checkpoints.count == count {
            try requireSameEpochs(series, main)
            try requireFiles(series, like: main)
        }
        let labels = try SampleArrays.labels(series, rows, checkpoints: count, epochs: epochs, &warnings, &notes)
        let limit = Int64(Int32.max)
        if let wrong = labels.firstIndex(where: { $0 < 0 || $0 > limit }) {
            throw series.error(
                ", sample \(wrong) (id \(rows.ids[wrong]))", 0, row: try rows.position(0, sample: wrong),
                "the label is \(labels[wrong]); labels are classes 0, 1, 2, …")
        }
        var names: [String]?
        if let finding = roles.chosen[.names] {
            guard case .texts(let texts) = finding.content else {
                throw ImportError(
                    finding.path, at: "'\(finding.name)'", "names must be strings [N]; it is \(finding.summary)")
            }
            names = try SampleArrays.names(finding, texts, rows, &warnings, &notes)
        }
        return Samples(ids: rows.ids, labels: labels.map { Int32($0) }, names: names)
    }

    /// Throws where the sizes tell that axes stand in another order, or that labels are one-hot.
    private func requireAxes(_ main: RowSeries, labels: RowSeries) throws(ImportError) {
        guard main.rowShape.count == 1 else { return }
        let sizes = (checkpoints: main.checkpoints.count, rows: main.rows(0), classes: main.rowShape[0])
        if !labels.isFixed, labels.checkpoints.count == sizes.rows, labels.rows(0) == sizes.classes,
            sizes.rows != sizes.checkpoints
        {
            throw ImportError(
                labels.path, at: "'\(labels.name)'",
                "[\(sizes.rows), \(sizes.classes)] are one-hot labels; the class of each sample is needed, [N]: "
                    + "\(labels.name).argmax(1)")
        }
        let count = labels.rows(0)
        guard labels.isFixed, roles.chosen[.ids] == nil, count != sizes.rows else { return }
        let shape = "[\(sizes.checkpoints), \(sizes.rows), \(sizes.classes)] beside \(count) labels"
        let order = count == sizes.checkpoints ? "1, 0, 2" : count == sizes.classes ? "0, 2, 1" : nil
        if let order {
            throw ImportError(
                main.path, at: "'\(main.name)'",
                "\(shape): the samples seem to be the \(count == sizes.checkpoints ? "first" : "last") axis, and [E, N, C] is "
                    + "needed: \(main.name).transpose(\(order))")
        }
    }

    // MARK: Arrays

    mutating func array(
        _ object: String, _ series: RowSeries, like main: RowSeries, _ rows: RowOrder, _ samples: Samples, _ count: Int,
        _ epochs: [Double]
    ) throws(ImportError) -> ImportedArray {
        for checkpoint in 0..<count {
            let expected = try rows.scatter?.table(checkpoint).order.count ?? samples.count
            guard series.rows(checkpoint) == expected else {
                throw series.error(
                    ", checkpoint \(checkpoint) (epoch \(shortest(epochs[checkpoint])))", checkpoint,
                    "\(series.rows(checkpoint)) rows, but \(expected) samples; N must be the same everywhere"
                        + (series.rows(0) == count ? " (are the axes of checkpoints and samples swapped?)" : ""))
            }
        }
        try requireFiles(series, like: main)
        if object == "/logits" { try LogitsLook.check(series, &notes) }
        if series.type == .double { notes.append("'\(series.name)' is float64 and is stored as float32.") }
        return ImportedArray(
            object: object, shape: [count, samples.count] + series.rowShape, precision: series.type.precision,
            origin: series.origin
        ) { checkpoint, range in
            try rows.floats(series, checkpoint, range)
        } source: { checkpoint, sample in
            series.array(checkpoint, row: (try? rows.position(checkpoint, sample: sample)) ?? 0).origin
        }
    }

    /// Throws where the rows of a checkpoint come in other files than those of `main`.
    private func requireFiles(_ series: RowSeries, like main: RowSeries) throws(ImportError) {
        for checkpoint in main.checkpoints.indices {
            let (own, all) = (series.files(checkpoint), main.files(checkpoint))
            // Other numbers of rows in one file each are told where N is compared.
            guard own.isSpread || all.isSpread, own != all else { continue }
            let hasIDs = roles.chosen[.ids] != nil
            throw series.error(
                ", checkpoint \(checkpoint)", checkpoint, all.mismatch(own, name: main.name, hasIDs: hasIDs))
        }
    }

    mutating func fixedArrays(_ rows: RowOrder) throws(ImportError) -> [ImportedArray] {
        var all: [ImportedArray] = []
        for (role, object) in [(ArrayRole.targets, "/targets"), (.features, "/features")] {
            guard let finding = roles.chosen[role] else { continue }
            let series = try RowSeries(finding, role: role, rowRank: 1, isFixed: true, path: path)
            let last = series.checkpoints.count - 1
            let place = try rows.place(RowList(series, checkpoint: last), &warnings, &notes)
            if last > 0 {
                if role == .targets { try requireConstant(series, rows) }
                notes.append(
                    "'\(series.name)' comes at \(last + 1) checkpoints, and \(object) is "
                        + (role == .targets ? "the same at all of them." : "that of the last."))
            }
            all.append(
                ImportedArray(
                    object: object, shape: [rows.ids.count] + series.rowShape,
                    precision: role == .targets ? series.type.precision : .single, origin: series.origin
                ) { _, range in try rows.floats(series, last, place, range) })
        }
        return all
    }

    /// Throws where soft labels of several checkpoints are not the same at all of them: compared by a hash of each row.
    private func requireConstant(_ series: RowSeries, _ rows: RowOrder) throws(ImportError) {
        var first: [Int] = []
        let height = max(1, (1 << 20) / max(1, series.rowShape.reduce(1, *)))
        for checkpoint in series.checkpoints.indices {
            var told: [String] = []
            var said: [String] = []
            let place = try rows.place(RowList(series, checkpoint: checkpoint), &told, &said)
            for start in stride(from: 0, to: rows.ids.count, by: height) {
                let range = start..<min(rows.ids.count, start + height)
                let values = try rows.floats(series, checkpoint, place, range)
                let width = values.count / range.count
                for (index, row) in range.enumerated() {
                    let hash = values[index * width..<(index + 1) * width].hashValue
                    if checkpoint == 0 {
                        first.append(hash)
                    } else if first[row] != hash {
                        throw series.error(
                            ", checkpoint \(checkpoint)", checkpoint,
                            "the soft labels of sample \(row) (id \(rows.ids[row])) are others than at checkpoint 0; /targets "
                                + "are fixed ones, [N, C]")
                    }
                }
            }
        }
    }

    func testArrays() throws(ImportError) -> [ImportedArray] {
        guard let logits = roles.chosen[.testLogits] else { return [] }
        guard let labels = roles.chosen[.testLabels] else {
            throw ImportError(logits.path, "test logits without test labels; map both (--map test/label=NAME)")
        }
        let matrix = try RowSeries(logits, role: .testLogits, rowRank: 1, isFixed: true, path: path)
        let column = try RowSeries(labels, role: .testLabels, rowRank: 0, isFixed: true, path: path)
        // Of several checkpoints the last one is kept.
        let (last, lastLabels) = (matrix.checkpoints.count - 1, column.checkpoints.count - 1)
        guard lastLabels == 0 || lastLabels == last,
            matrix.files(last).matches(column.files(lastLabels))
                || !matrix.files(last).isSpread && !column.files(lastLabels).isSpread
        else {
            throw ImportError(
                column.path, at: "'\(column.name)'",
                "\(counted(lastLabels + 1, "checkpoint")), the last in \(column.files(lastLabels).text), for test logits of "
                    + "\(counted(last + 1, "checkpoint")), the last in \(matrix.files(last).text)")
        }
        if lastLabels > 0 { try requireSameEpochs(column, matrix) }
        guard matrix.rows(last) == column.rows(lastLabels), !column.type.isFloat else {
            throw ImportError(
                column.path, at: "'\(column.name)'",
                "integers [M] are needed as labels of \(matrix.rows(last)) test samples; it is \(labels.summary)")
        }
        return [
            ImportedArray(
                object: "/test/logits", shape: [matrix.rows(last)] + matrix.rowShape, precision: matrix.type.precision,
                origin: matrix.origin
            ) { _, range in try matrix.floats(last, range) },
            ImportedArray(
                object: "/test/label", shape: [column.rows(lastLabels)], precision: .single, origin: column.origin
            ) { _, range in try column.floats(lastLabels, range) },
        ]
    }

    func checkClasses(_ arrays: [ImportedArray], _ samples: Samples?) throws(ImportError) {
        let wide = arrays.filter { $0.object == "/logits" || $0.object == "/targets" }
        for array in wide.dropFirst() where array.shape.last != wide.first?.shape.last {
            throw ImportError(
                path,
                "\(wide[0].object) \(wide[0].shape) and \(array.object) \(array.shape) do not have the same classes")
        }
        guard let samples, let classes = wide.first?.shape.last else { return }
        guard classes > 1 else {
            throw ImportError(path, at: wide[0].object, "\(wide[0].shape) has 1 class; logits of 2 or more are needed")
        }
        if let wrong = samples.labels.firstIndex(where: { $0 >= classes }) {
            throw ImportError(
                roles.chosen[.labels]?.path ?? path, at: "labels, sample \(wrong) (id \(samples.ids[wrong]))",
                "the label is \(samples.labels[wrong]), but the logits have \(classes) classes, 0…\(classes - 1)")
        }
    }
}
