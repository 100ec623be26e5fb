import Foundation
import Records
import Testing

@testable import RunStore

/// A directory of its own for one test, removed afterwards.
struct Scratch: ~Copyable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/assay-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A small run, the same at every call: N = 37, C = 5, M = 11.
enum Example {
    static let samples = 37
    static let classes = 5

    static func header(
        id: String = "HL/random-ipc7/mid/seed1", precision: StoredPrecision = .single, created: String = "2024-01-01",
        targets: Bool = true
    ) -> RunHeader {
        var run = RunDescription(id: id)
        run.dataset = "glyphs"
        run.regime = "HL"
        run.subset = "random"
        run.ipc = 7
        run.budget = 0.1
        run.seed = 1
        run.classes = classes
        run.temperature = 20
        run.pass = "eval"
        run.study = "{\"text\":\"ünï\"}"
        run.digest = String(repeating: "ab", count: 32)
        run.created = created
        let matrix = FloatMatrix(
            rows: samples, columns: classes,
            values: (0..<samples).flatMap { row in (0..<classes).map { $0 == row % classes ? 0.5 : 0.125 } })
        return RunHeader(
            description: run,
            samples: Samples(
                ids: (0..<samples).map { Int64($0 * 3) }, labels: (0..<samples).map { Int32($0 % classes) },
                names: (0..<samples).map { "bild-\($0)-ä" }),
            targets: targets ? matrix : nil, precision: precision)
    }

    /// Values that a half holds exactly, so that both precisions give the same.
    static func logit(_ checkpoint: Int, _ index: Int) -> Float {
        Float((checkpoint * 31 + index * 7) % 97 - 48) / 16
    }

    static func checkpoint(_ index: Int, last: Bool = false, seconds: Double = 1) -> Checkpoint {
        let logits = FloatMatrix(
            rows: samples, columns: classes, values: (0..<(samples * classes)).map { logit(index, $0) })
        let tensors = [
            NamedTensor(name: "fc/weight", shape: [2, 3], values: (0..<6).map { Float($0 + index) }),
            NamedTensor(name: "fc/bias", shape: [2], values: [0.5, Float(index)]),
        ]
        return Checkpoint(
            epoch: Double(index) / 2, samplesSeen: Int64(index * samples),
            metrics: ["train_loss": 2.5 / Double(index + 1), "test_error": 0.5, "seconds": seconds * Double(index)],
            logits: logits, scores: ["el2n": (0..<samples).map { Float($0 + index) / 64 }],
            weights: last || index == 0 ? tensors : [],
            features: last ? FloatMatrix(rows: samples, columns: 2, values: (0..<74).map(Float.init)) : nil,
            test: last
                ? TestOutput(
                    labels: (0..<11).map { Int32($0 % classes) },
                    logits: FloatMatrix(rows: 11, columns: classes, values: (0..<55).map { Float($0) / 4 })) : nil)
    }

    static func state(_ index: Int) -> TrainingState {
        TrainingState(
            step: Int64(index * 10), samplesSeen: Int64(index * samples), sums: ["train_loss": 0.1 * Double(index)],
            tensors: [
                NamedTensor(name: "weights/conv1/weight", shape: [2, 2], values: [1, 2, 3, Float(index)]),
                NamedTensor(name: "momentum/conv1/weight", shape: [2, 2], values: [0, .leastNonzeroMagnitude, -1, 9]),
            ])
    }

    /// Writes a whole run of `count` checkpoints and seals it.
    static func write(_ path: String, count: Int = 4, header: RunHeader = header(), seconds: Double = 1) throws {
        var writer = try RunWriter(path: path, header: header, resuming: false)
        for index in 0..<count {
            try writer.append(
                checkpoint(index, last: index == count - 1, seconds: seconds), state: state(index))
        }
        try writer.seal()
    }
}

/// Runs Python 3 with h5py and NumPy and returns what it prints. Fails the test when either is missing.
@discardableResult
func python(_ script: String, _ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) throws
    -> String
{
    let candidates =
        ["/usr/bin/python3"]
        + (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { $0 + "/python3" }
    var complaint = "no python3 found"
    for candidate in candidates where FileManager.default.isExecutableFile(atPath: candidate) {
        let (status, output, errors) = try run(candidate, ["-c", script] + arguments)
        if status == 0 { return output }
        complaint = errors
        if !errors.contains("ModuleNotFoundError") { break }
    }
    Issue.record("python3 with h5py and numpy is needed: \(complaint)", sourceLocation: sourceLocation)
    throw CancellationError()
}

func run(_ executable: String, _ arguments: [String]) throws -> (status: Int32, output: String, errors: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let complaints = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text, complaints)
}
