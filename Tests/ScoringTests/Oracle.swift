import Foundation
import Tables
import Testing

@testable import Scoring

/// Unit roundoff of single precision.
let unit = 0x1p-24

/// What `Fixtures/make_score_oracle.py` computed with NumPy in extended precision.
enum Oracle {
    /// Rows of logits and their statistics.
    struct Statistics: CustomTestStringConvertible {
        var name: String
        var classes: Int
        var logits: [Float]
        var labels: [Int32]
        var values: [SampleRecord: [Double]]

        var testDescription: String { name }

        /// The largest difference between two logits of one row.
        var spread: Double {
            stride(from: 0, to: logits.count, by: classes).map { first in
                let row = logits[first..<first + classes]
                return Double(row.max() ?? 0) - Double(row.min() ?? 0)
            }.max() ?? 0
        }

        /// Relative: the exponents z − m are rounded once (spread · u), exp and ln err by 1 ulp (2 u), sixteen lanes add
        /// up C/16 numbers each and then four times, and a few operations follow, in numerator and denominator.
        var tolerance: Double { (spread + 2 * (Double(classes) / 16 + 4) + 16) * unit }

        /// Absolute: exponents end at −87, and the others' sum is at most C times that.
        var floor: Double { 2 * Double(classes) * exp(-87) }
    }

    /// A run of K checkpoints and its scores.
    struct Run: CustomTestStringConvertible {
        var checkpoints, samples, classes, dimension: Int
        var temperature, spread: Double
        /// [K][N, C]
        var logits: [[Float]]
        var labels: [Int32]
        /// [N, C]
        var targets: [Float]
        /// [N, d]
        var features: [Float]
        var scores: [Expected]

        var testDescription: String { "K = \(checkpoints), N = \(samples), C = \(classes)" }
    }

    struct Expected {
        var method, variant: String
        var span, window: Int?
        var temperature: Double?
        var checkpoints: Range<Int>?
        var values: [Double]

        func request() throws -> ScoreRequest {
            try ScoreRequest(
                method, variant: variant, span: span, window: window, temperature: temperature,
                checkpoints: checkpoints)
        }
    }

    static let statistics: [Statistics] = load("statistics").map { entry in
        let labels = entry.items("labels").compactMap(\.int).map { Int32($0) }
        let classes = entry.integer("classes")
        let literal = entry.items("rows").flatMap { ($0.items ?? []).compactMap(\.double).map { Float($0) } }
        var values: [SampleRecord: [Double]] = [:]
        for record in SampleRecord.allCases {
            values[record] = entry["values"]?[record.rawValue]?.items?.compactMap(\.double)
        }
        return Statistics(
            name: entry["name"]?.string ?? "", classes: classes,
            logits: literal.isEmpty
                ? numbers(labels.count * classes, seed: entry.integer("seed"), spread: entry["spread"]?.double ?? 0)
                : literal,
            labels: labels, values: values)
    }

    static let runs: [Run] = load("scores").map { entry in
        let (count, samples) = (entry.integer("checkpoints"), entry.integer("samples"))
        let (classes, dimension) = (entry.integer("classes"), entry.integer("features"))
        let (seed, spread) = (entry.integer("seed"), entry["spread"]?.double ?? 0)
        let labels = (0..<samples).map { Int32(($0 * 3 + 1) % classes) }
        let all = numbers(count * samples * classes, seed: seed, spread: spread)
        let logits = (0..<count).map { k -> [Float] in
            var z = Array(all[k * samples * classes..<(k + 1) * samples * classes])
            // Sample 0 is never right and sample 1 always.
            z[Int(labels[0])] -= Float(3 * spread)
            z[classes + Int(labels[1])] += Float(3 * spread)
            return z
        }
        return Run(
            checkpoints: count, samples: samples, classes: classes, dimension: dimension,
            temperature: entry["temperature"]?.double ?? 0, spread: spread, logits: logits, labels: labels,
            targets: entry.items("targets").flatMap { ($0.items ?? []).compactMap(\.double).map { Float($0) } },
            features: numbers(samples * dimension, seed: seed + 2, spread: 2),
            scores: entry.items("scores").map(Expected.init))
    }

    private static func load(_ name: String) -> [JSON] {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Fixtures/\(name).json"
        guard let data = FileManager.default.contents(atPath: path), let json = try? JSON.parse(Array(data)) else {
            preconditionFailure("\(path) cannot be read; make_score_oracle.py writes it")
        }
        return json.items ?? []
    }
}

extension Oracle.Expected {
    init(_ entry: JSON) {
        method = entry["method"]?.string ?? ""
        variant = entry["variant"]?.string ?? ""
        span = entry["span"]?.int
        window = entry["window"]?.int
        temperature = entry["temperature"]?.double
        let bounds = entry.items("checkpoints").compactMap(\.int)
        checkpoints = bounds.count == 2 ? bounds[0]..<bounds[1] : nil
        values = entry.items("values").map { $0.string == "inf" ? .infinity : $0.double ?? .nan }
    }
}

/// The inputs of the oracle, as `numbers` in make_score_oracle.py makes them.
func numbers(_ count: Int, seed: Int, spread: Double) -> [Float] {
    (0..<count).map { i in
        var h = UInt32(i) &* 2_654_435_761 &+ UInt32(seed) &* 40503
        h = (h ^ (h >> 16)) &* 73_244_475
        h = (h ^ (h >> 16)) &* 73_244_475
        h ^= h >> 16
        return Float(spread * (2 * (Double(h >> 8) * 0x1p-24) - 1))
    }
}

extension JSON {
    func items(_ key: String) -> [JSON] { self[key]?.items ?? [] }
    func integer(_ key: String) -> Int { self[key]?.int ?? -1 }
}
