import Foundation
import Records
import RunStore

/// A run of four samples and three classes; its logits differ at every checkpoint.
struct RunExample {
    var id = "HL/full/5/seed1"
    var subset: String? = "full"
    var planned: Double? = 5
    var seed: Int?
    var epochs: [Double] = [0, 1, 2, 3, 4, 5]
    var ids: [Int64] = [3, 0, 7, 5]
    var labels: [Int32] = [0, 1, 2, 1]
    var names: [String]?
    var shift = 0
    var pass = "eval"
    var hasLogits = true
    var stored: [[Float]]?
    /// Replaces a logit: checkpoint, index and value.
    var bad: (checkpoint: Int, index: Int, value: Float)?

    func logits(_ checkpoint: Int) -> [Float] {
        (0..<12).map { (index: Int) -> Float in
            if let bad, bad.checkpoint == checkpoint, bad.index == index { return bad.value }
            return Float((checkpoint * 31 + index * 7 + shift * 11) % 29 - 14) / 4
        }
    }

    /// EL2N in double precision, without the kernel.
    func norm(_ checkpoint: Int, _ row: Int) -> Double {
        let exponentials = logits(checkpoint)[row * 3..<row * 3 + 3].map { Foundation.exp(Double($0)) }
        let total = exponentials.reduce(0, +)
        let squares = exponentials.indices.map { c in
            let error = exponentials[c] / total - (c == Int(labels[row]) ? 1 : 0)
            return error * error
        }
        return squares.reduce(0, +).squareRoot()
    }

    func write(in scratch: borrowing Scratch, _ name: String = "run") throws -> RunFile {
        var description = RunDescription(id: id)
        description.subset = subset
        description.plannedEpochs = planned
        description.pass = pass
        description.seed = seed
        description.classes = 3
        description.digest = String(repeating: "c", count: 63) + String(shift)
        let path = scratch.path + "/" + name + ".h5"
        let header = RunHeader(description: description, samples: Samples(ids: ids, labels: labels, names: names))
        var writer = try RunWriter(path: path, header: header, resuming: false)
        for (index, epoch) in epochs.enumerated() {
            try writer.append(
                Checkpoint(
                    epoch: epoch, samplesSeen: Int64(index * 4), metrics: ["test_error": 0.5],
                    logits: hasLogits ? FloatMatrix(rows: 4, columns: 3, values: logits(index)) : nil,
                    scores: stored.map { ["el2n": $0[index]] } ?? [:]),
                state: nil)
        }
        try writer.seal()
        return try RunFile(path: path)
    }
}

/// A directory of its own for one test, removed afterwards.
struct Scratch: ~Copyable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/assay-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
