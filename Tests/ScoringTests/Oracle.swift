import Foundation
import Tables
import Testing

/// What `Fixtures/make_oracle.py` computed with NumPy in double precision.
struct Oracle {
    /// Unit roundoff of single precision.
    static let unit = 0x1p-24

    /// Logits, labels and the norms that belong to them.
    struct Norms: CustomTestStringConvertible {
        var name: String
        var classes: Int
        var logits: [Float]
        var labels: [Int32]
        var el2n: [Double]

        var testDescription: String { name }

        /// The largest difference between two logits of one row.
        var spread: Double {
            stride(from: 0, to: logits.count, by: classes).map { first in
                let row = logits[first..<first + classes]
                return Double(row.max() ?? 0) - Double(row.min() ?? 0)
            }.max() ?? 0
        }

        /// Relative: the exponents z − m are rounded once (spread · u), exp errs by 2 ulp (4 u), sixteen lanes add up
        /// C/16 numbers each and then four times, and three operations and a root follow, in numerator and denominator.
        var tolerance: Double { (spread + 2 * (Double(classes) / 16 + 4) + 16) * Oracle.unit }

        /// Absolute: exponents end at −87, and the others' sum is at most C times that.
        var floor: Double { 2 * Double(classes) * exp(-87) }
    }

    struct Windows: CustomTestStringConvertible {
        var checkpoints, span, window, samples: Int
        /// [K, N]
        var norms: [Float]
        var positions: [Int]
        var scores: [Double]

        var testDescription: String { "K = \(checkpoints), J = \(span), W = \(window)" }
    }

    let norms: [Norms]
    let windows: [Windows]

    static let shared = Oracle()

    private init() {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Fixtures/oracle.json"
        guard let data = FileManager.default.contents(atPath: path), let json = try? JSON.parse(Array(data)) else {
            preconditionFailure("\(path) cannot be read; make_oracle.py writes it")
        }
        norms =
            json.items("random").map { entry in
                let (classes, rows) = (entry.integer("classes"), entry.integer("rows"))
                let (seed, spread) = (entry.integer("seed"), entry.number("spread"))
                return Norms(
                    name: "C = \(classes), logits within ±\(spread)", classes: classes,
                    logits: numbers(rows * classes, seed: seed, spread: spread), labels: entry.labels,
                    el2n: entry.items("el2n").compactMap(\.double))
            }
            + json.items("literal").map { entry in
                let rows = entry.items("logits").map { ($0.items ?? []).compactMap(\.double).map { Float($0) } }
                return Norms(
                    name: entry["name"]?.string ?? "", classes: rows[0].count, logits: rows.flatMap { $0 },
                    labels: entry.labels, el2n: entry.items("el2n").compactMap(\.double))
            }
        windows = json.items("cad").map { entry in
            let (checkpoints, samples) = (entry.integer("checkpoints"), entry.integer("samples"))
            return Windows(
                checkpoints: checkpoints, span: entry.integer("span"), window: entry.integer("window"),
                samples: samples,
                norms: numbers(checkpoints * samples, seed: entry.integer("seed"), spread: 1.4).map { abs($0) },
                positions: entry.items("positions").compactMap(\.int),
                scores: entry.items("scores").compactMap(\.double))
        }
    }
}

/// The inputs of the oracle, as `numbers` in make_oracle.py makes them.
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
    func number(_ key: String) -> Double { self[key]?.double ?? .nan }
    func integer(_ key: String) -> Int { self[key]?.int ?? -1 }
    var labels: [Int32] { items("labels").compactMap(\.int).map { Int32($0) } }
}
