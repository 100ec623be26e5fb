/// A quantity of the samples: one table of rows per checkpoint, each in pieces, or one for all of them.
struct RowSeries: Sendable {
    /// E of them, or one.
    var checkpoints: [[ForeignArrayView]]
    /// Whether it has no axis of checkpoints.
    var isFixed: Bool
    /// [C], [d] or [].
    var rowShape: [Int]
    var epochs: [Double]?
    var origin: String
    var type: ElementType
    var path: String
    var name: String
    private let unpacked = UnpackedRows()

    /// - Parameter rowRank: axes of a row: 1 of logits, 0 of labels and scores.
    /// - Parameter isFixed: whether an array of rows without an axis of checkpoints is for all of them.
    init(_ finding: ArrayFinding, role: ArrayRole, rowRank: Int, isFixed: Bool, path: String) throws(ImportError) {
        let letters = rowRank == 0 ? "[E, N]" : "[E, N, C]"
        let single = rowRank == 0 ? "[N]" : "[N, C]"
        self.isFixed = false
        epochs = finding.epochs
        name = finding.name
        func axis(_ array: ForeignArray) throws(ImportError) -> [[ForeignArrayView]] {
            guard array.shape[0] <= Self.mostCheckpoints else {
                throw array.error("\(array.shape[0]) checkpoints; the shape \(letters) is needed")
            }
            return (0..<array.shape[0]).map { [array.element($0)] }
        }
        switch finding.content {
        case .array(let array):
            if array.count == 0 { throw array.error("it is empty") }
            if array.rank == rowRank + 2 {
                checkpoints = try axis(array)
            } else if array.rank == rowRank + 1 {
                checkpoints = [[array.whole]]
                self.isFixed = isFixed
                epochs = finding.epoch.map { [$0] }
            } else {
                throw array.error("as \(role.text) the shape \(letters) or \(single) is needed")
            }
        case .checkpoints(let list, _):
            let rank = list.first?.first?.shape.count ?? 0
            if list.count == 1, rank == rowRank + 2 {
                let pieces = try list[0].map { (piece) throws(ImportError) in try axis(piece.array) }
                for (piece, axis) in zip(list[0], pieces) where axis.count != pieces[0].count {
                    throw piece.array.error(
                        "\(axis.count) checkpoints, but \(list[0][0].array.path) has \(pieces[0].count)")
                }
                checkpoints = pieces[0].indices.map { checkpoint in pieces.flatMap { $0[checkpoint] } }
                epochs = nil
            } else {
                checkpoints = list
                self.isFixed = isFixed && list.count == 1 && epochs == nil
            }
        default:
            throw ImportError(
                path, at: "'\(finding.name)'",
                "as \(role.text) an array \(letters) or \(single) is needed; it is \(finding.summary)")
        }
        guard let first = checkpoints.first?.first else {
            throw ImportError(path, at: "'\(finding.name)'", "it has no checkpoints")
        }
        rowShape = first.rowShape
        // The widest of all: no value is stored narrower than it was.
        type = checkpoints.joined().map(\.array.type).max { $0.bytes < $1.bytes } ?? first.array.type
        self.path = first.array.path
        let whole = checkpoints.count > 1 && first.lead.isEmpty
        origin =
            whole
            ? "\(first.array.path): \(finding.name) (\(finding.summary))" : first.array.origin
        for (index, pieces) in checkpoints.enumerated() {
            for piece in pieces where piece.array.count == 0 { throw piece.array.error("it is empty") }
            if let piece = pieces.first, piece.shape.count == 1, rowRank == 1 {
                throw piece.array.error(
                    "'\(finding.name)' is made of lists within lists; as \(role.text) save it as one array, \(letters): "
                        + "np.array(\(finding.name))")
            }
            for piece in pieces where piece.shape.count != rowRank + 1 || piece.rowShape != rowShape {
                throw piece.array.error(
                    "as \(role.text) of checkpoint \(index) its rows must be \(rowShape), as those of checkpoint 0; "
                        + "\(letters) or one \(single) per checkpoint is needed")
            }
        }
    }

    /// More than anybody keeps; the views of each are held in memory.
    static let mostCheckpoints = 1 << 16

    func rows(_ checkpoint: Int) -> Int { pieces(checkpoint).reduce(0) { $0 + $1.rows } }

    /// The array that holds a row of a checkpoint.
    func array(_ checkpoint: Int, row: Int = 0) -> ForeignArray {
        var start = 0
        for piece in pieces(checkpoint) {
            start += piece.rows
            if row < start { return piece.array }
        }
        return pieces(checkpoint)[0].array
    }

    /// An error of one checkpoint, which may be a file of its own.
    func error(_ place: String, _ checkpoint: Int, row: Int = 0, _ reason: String) -> ImportError {
        ImportError(array(checkpoint, row: row).path, at: "'\(name)'" + place, reason)
    }

    /// The files in which the rows of a checkpoint come.
    func files(_ checkpoint: Int) -> RowFiles { RowFiles(pieces(checkpoint).map { ($0.array.path, $0.rows) }) }

    /// Whether the last checkpoint can be read without unpacking much that stands before it.
    var isQuickToSeek: Bool { checkpoints.joined().allSatisfy { $0.array.packedBytes < 1 << 28 } }

    private func pieces(_ checkpoint: Int) -> [ForeignArrayView] { checkpoints[isFixed ? 0 : checkpoint] }

    /// All rows of a checkpoint as integers, [rows].
    func integers(_ checkpoint: Int) throws(ImportError) -> [Int64] {
        var all: [Int64] = []
        for piece in pieces(checkpoint) { all += try piece.integers() }
        return all
    }

    /// Rows in the order of the file.
    func floats(_ checkpoint: Int, _ rows: Range<Int>) throws(ImportError) -> [Float] {
        var all: [Float] = []
        var start = 0
        for piece in pieces(checkpoint) {
            let part = rows.clamped(to: start..<(start + piece.rows))
            if !part.isEmpty {
                let values = try piece.floats((part.lowerBound - start)..<(part.upperBound - start))
                if part == rows { return values }
                all += values
            }
            start += piece.rows
        }
        return all
    }

    /// Bytes between two wanted rows that are read rather than sought over.
    private static let smallGap = 4096

    /// Rows by their positions in the file, in the order asked for.
    func floats(_ checkpoint: Int, at positions: [Int]) throws(ImportError) -> [Float] {
        let width = rowShape.reduce(1, *)
        var values = [Float](repeating: 0, count: positions.count * width)
        let order = positions.indices.sorted { positions[$0] < positions[$1] }
        let gap = max(1, Self.smallGap / max(1, width * type.bytes))
        var start = 0
        var next = 0
        for (number, piece) in pieces(checkpoint).enumerated() {
            let end = start + piece.rows
            let own = order[next...].prefix { positions[$0] < end }
            let span = own.isEmpty ? 0 : positions[own[own.endIndex - 1]] - positions[own[own.startIndex]] + 1
            let isUnpacked = try UnpackedRows.pay(for: own.count, of: span, in: piece)
            while next < order.count, positions[order[next]] < end {
                let first = next
                while next + 1 < order.count, positions[order[next + 1]] < end,
                    positions[order[next + 1]] - positions[order[next]] <= gap,
                    positions[order[next + 1]] - positions[order[first]] < 1 << 20
                {
                    next += 1
                }
                let low = positions[order[first]]
                let rows = (low - start)..<(positions[order[next]] - start + 1)
                let block =
                    isUnpacked
                    ? try unpacked.floats(piece, number: number, checkpoint: isFixed ? 0 : checkpoint, rows)
                    : try piece.floats(rows)
                values.withUnsafeMutableBufferPointer { target in
                    for index in order[first...next] {
                        let from = (positions[index] - low) * width
                        for column in 0..<width { target[index * width + column] = block[from + column] }
                    }
                }
                next += 1
            }
            start = end
        }
        return values
    }
}
