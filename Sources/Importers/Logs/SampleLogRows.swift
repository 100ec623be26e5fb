import Tables

/// The cells of some rows of a per-sample log, checked.
struct SampleLogRows {
    let block: TableBlock
    let columns: SampleLogColumns
    let epochs: [Double]
    let labels: [Int32]
    /// Nil where ids are words.
    let integerIDs: [Int64]?
    private let idTexts: [String]
    let names: [String]?
    /// Columns of numbers: records, then logits where these are columns.
    private let numbers: [(column: String, values: [Double])]
    /// Logits as JSON arrays.
    private let arrays: [String]
    /// Records and logits with their values per sample.
    let objects: [(name: String, width: Int)]

    init(_ block: TableBlock, _ columns: SampleLogColumns) throws(ImportError) {
        self.block = block
        self.columns = columns
        epochs = try Self.epochs(block, columns)
        labels = try Self.labels(block, columns.label)
        (integerIDs, idTexts) = try Self.ids(block, columns.id)
        names = try columns.name.map { name throws(ImportError) in try block.texts(name) }
        var numbers: [(column: String, values: [Double])] = []
        for record in columns.records {
            numbers.append((record.column, try Self.numbers(block, record.column)))
        }
        var objects = columns.records.map { (name: $0.object, width: 1) }
        if columns.logitsAreArrays {
            arrays = try block.texts(columns.logits[0])
            objects.append(("logits", try Self.array(block, 0, columns.logits[0], arrays[0]).count))
        } else {
            arrays = []
            for column in columns.logits { numbers.append((column, try block.numbers(column))) }
            if !columns.logits.isEmpty { objects.append(("logits", columns.logits.count)) }
        }
        self.numbers = numbers
        self.objects = objects
    }

    /// A sample's id as it is written.
    func idText(_ row: Int) -> String { idTexts.isEmpty ? integerIDs.map { String($0[row]) } ?? "" : idTexts[row] }

    func error(_ row: Int, _ column: String, _ reason: String) -> ImportError { block.error(row, column, reason) }

    /// Puts all values of a row into `result`, in the order of `objects`. Throws for what is not finite and for logits
    /// of another length.
    func read(_ row: Int, into result: inout [Float]) throws(ImportError) {
        result.removeAll(keepingCapacity: true)
        for column in numbers {
            let value = Float(column.values[row])
            guard value.isFinite else { throw notFinite(row, column.column, column.values[row]) }
            result.append(value)
        }
        guard columns.logitsAreArrays else { return }
        let logits = try Self.array(block, row, columns.logits[0], arrays[row])
        let width = objects.last?.width ?? 0
        guard logits.count == width else {
            throw error(row, columns.logits[0], "\(logits.count) logits, but \(width) before")
        }
        for (place, logit) in logits.enumerated() {
            guard Float(logit).isFinite else { throw notFinite(row, columns.logits[0], logit, place) }
            result.append(Float(logit))
        }
    }

    private func notFinite(_ row: Int, _ column: String, _ value: Double, _ place: Int? = nil) -> ImportError {
        // In an array of JSON, what is not finite has become null.
        let found =
            value.isNaN
            ? (place == nil ? "empty or NaN" : "empty, NaN or infinite")
            : "\(value), which single precision does not hold,"
        let which = (place ?? columns.logits.firstIndex(of: column)).map { ", class \($0)" } ?? ""
        return error(
            row, column,
            "\(place.map { "logit \($0)" } ?? "the value") is \(found) where a number is needed: sample \(idText(row)), "
                + "epoch \(shortest: epochs[row])\(which)")
    }

    private static func epochs(_ block: TableBlock, _ columns: SampleLogColumns) throws(ImportError) -> [Double] {
        let name: String
        switch columns.epoch {
        case .fixed(let number):
            return [Double](repeating: columns.count.epochs(number), count: block.table.rowCount)
        case .column(let column), .steps(let column): name = column
        }
        let values = try block.numbers(name).map(columns.count.epochs)
        if let row = values.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
            throw block.error(row, name, "\(shortest: values[row]) is not a number of epochs")
        }
        return values
    }

    private static func labels(_ block: TableBlock, _ name: String) throws(ImportError) -> [Int32] {
        let values = try block.numbers(name)
        var labels: [Int32] = []
        labels.reserveCapacity(values.count)
        for (row, value) in values.enumerated() {
            guard let label = Int32(exactly: value), label >= 0 else {
                throw block.error(row, name, "\(shortest: value) is no class: an integer from 0 is needed")
            }
            labels.append(label)
        }
        return labels
    }

    private static func ids(_ block: TableBlock, _ name: String) throws(ImportError) -> ([Int64]?, [String]) {
        let column: Column
        do throws(TableError) { column = try block.table.column(name) } catch {
            throw ImportError(error, path: block.path, lineOffset: block.lineOffset)
        }
        switch column.values {
        case .integers(let values): return (values.map(Int64.init), [])
        case .numbers(let values):
            var ids: [Int64] = []
            for (row, value) in values.enumerated() {
                guard let id = Int64(exactly: value) else {
                    throw block.error(row, name, "\(shortest: value) is no sample id: an integer is needed")
                }
                ids.append(id)
            }
            return (ids, [])
        case .texts(let texts):
            let ids = texts.compactMap { Int64($0) }
            return (ids.count == texts.count ? ids : nil, texts)
        }
    }

    /// Numbers, or the words `true` and `false`.
    private static func numbers(_ block: TableBlock, _ name: String) throws(ImportError) -> [Double] {
        let words = ["true": 1.0, "false": 0.0]
        if let column = block.table.columns.first(where: { $0.name == name }), case .texts(let texts) = column.values {
            let values = texts.compactMap { words[$0.lowercased()] }
            if values.count == texts.count { return values }
        }
        return try block.numbers(name)
    }

    private static func array(
        _ block: TableBlock, _ row: Int, _ column: String, _ text: String
    ) throws(ImportError) -> [Double] {
        let items: [JSON]?
        do throws(JSONError) { items = try JSON.parse(text).items } catch { items = nil }
        guard let items else { throw block.error(row, column, "'\(text.prefix(40))' is no array of logits") }
        return items.map { $0.double ?? .nan }
    }
}
