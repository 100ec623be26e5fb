import Fitting
import Tables
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Values computed by SciPy and NumPy: Fixtures/make_oracle.py.
enum Oracle {
    static let root: JSON = {
        let path = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        guard let file = fopen("/" + path + "/Fixtures/oracle.json", "r") else { return .null }
        defer { fclose(file) }
        var bytes = [UInt8]()
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while case let n = fread(&piece, 1, piece.count, file), n > 0 { bytes += piece[..<n] }
        return (try? JSON.parse(bytes)) ?? .null
    }()

    static let curves = (root["curves"]?.items ?? []).map(OracleCurve.init)
    static func curve(_ name: String) -> OracleCurve { curves.first { $0.name == name } ?? OracleCurve(.null) }
}

extension JSON {
    func numbers(_ key: String) -> [Double] { self[key]?.items?.compactMap(\.double) ?? [] }
    /// Null is nil.
    func optionals(_ key: String) -> [Double?] { self[key]?.items?.map(\.double) ?? [] }
    func number(_ key: String) -> Double { self[key]?.double ?? .nan }
    func integers(_ key: String) -> [Int] { self[key]?.items?.compactMap(\.int) ?? [] }
}

/// A curve of the oracle, its data and SciPy's fit.
struct OracleCurve: CustomTestStringConvertible, Sendable {
    let name: String
    let model: CurveModel
    let data: CurveData
    let loss: Loss
    let optimum: [Double]
    let json: JSON

    var testDescription: String { name }

    init(_ json: JSON) {
        let x = json.numbers("x")
        let (low, high) = (json.optionals("low"), json.optionals("high"))
        let start = json.numbers("start")
        self.json = json
        name = json["name"]?.string ?? ""
        data = CurveData(json.numbers("y"), weights: json["weights"] == .null ? nil : json.numbers("weights"))
        loss = json["loss"]?.string == "squares" ? .squares : .logSquares
        optimum = json.numbers("optimum")
        let parameters = start.indices.map { j in
            CurveParameter(
                bounds: Bounds(low[j] ?? -.infinity, high[j] ?? .infinity),
                spread: .even(start[j] - 0.5 * abs(start[j]), start[j] + 0.5 * abs(start[j])))
        }
        let law = json["law"]?.string
        let evaluate: CurveModel.Evaluate =
            law == "exponential" ? Laws.exponential(x) : law == "goyal" ? Laws.goyal(x) : Laws.powerOffset(x)
        model = CurveModel(pointCount: x.count, parameters: parameters, evaluate: evaluate)
    }

    /// The fit from SciPy's start.
    func fit() -> CurveSolution {
        var options = CurveFitOptions()
        options.starts = 8
        return CurveFitter(model, loss: loss).fit(data, options: options)
    }
}

/// The laws of the oracle, with their derivatives by hand.
enum Laws {
    /// a exp(−x/s) + d
    static func exponential(_ x: [Double]) -> CurveModel.Evaluate {
        let n = x.count
        return { p, values, jacobian in
            for i in 0..<n {
                let g = exp(-x[i] / p[1])
                values[i] = p[0] * g + p[2]
                jacobian?[i] = g
                jacobian?[n + i] = p[0] * g * x[i] / (p[1] * p[1])
                jacobian?[2 * n + i] = 1
            }
        }
    }

    /// β x^c + e
    static func powerOffset(_ x: [Double]) -> CurveModel.Evaluate {
        let n = x.count
        return { p, values, jacobian in
            for i in 0..<n {
                let g = pow(x[i], p[1])
                values[i] = p[0] * g + p[2]
                jacobian?[i] = g
                jacobian?[n + i] = p[0] * g * log(x[i])
                jacobian?[2 * n + i] = 1
            }
        }
    }

    /// a n₁^b exp(b G(δ)) + d, ten samples per epoch.
    static func goyal(_ x: [Double]) -> CurveModel.Evaluate {
        let n = x.count
        let size = 10.0
        return { p, values, jacobian in
            for i in 0..<n {
                let epochs = Int(x[i] / size)
                var (sum, slope) = (0.0, 0.0)
                for e in 1..<max(1, epochs) {
                    let step = log(Double(e + 1) / Double(e))
                    sum += pow(p[2], Double(e)) * step
                    slope += Double(e) * pow(p[2], Double(e - 1)) * step
                }
                if epochs >= 1 {
                    let step = log(x[i] / (size * Double(epochs)))
                    sum += pow(p[2], Double(epochs)) * step
                    slope += Double(epochs) * pow(p[2], Double(epochs - 1)) * step
                }
                let reach = log(min(x[i], size)) + sum
                let g = exp(p[1] * reach)
                values[i] = p[0] * g + p[3]
                jacobian?[i] = g
                jacobian?[n + i] = p[0] * g * reach
                jacobian?[2 * n + i] = p[0] * g * p[1] * slope
                jacobian?[3 * n + i] = 1
            }
        }
    }

    /// c₀ + c₁ x, whose theory is exact.
    static func line(_ x: [Double]) -> CurveModel {
        let n = x.count
        return CurveModel(
            pointCount: n,
            parameters: [
                CurveParameter(isLinear: true, spread: .even(-1, 1)),
                CurveParameter(isLinear: true, spread: .even(-1, 1)),
            ]
        ) { p, values, jacobian in
            for i in 0..<n {
                values[i] = p[0] + p[1] * x[i]
                jacobian?[i] = 1
                jacobian?[n + i] = x[i]
            }
        }
    }
}
