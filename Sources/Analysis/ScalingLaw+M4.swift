import Fitting
import Foundation
import Tables

/// M4 of Alabdulmohsin et al. 2022 ("Revisiting Neural Scaling Laws"): a power law between the level err_0 of a model that
/// has seen nothing and the level err_inf that no amount of samples goes below,
///
///     (y − err_inf)/(err_0 − y)^alpha = beta x^c.
///
/// The search replaces beta by t, the logit of the curve's place between both levels at the points' middle: then the curve's
/// shape knows nothing of the levels, in which y is linear.
public struct M4Law: ScalingLaw {
    /// y is an error in 0…1, and err_0 held at 1.
    public let isError: Bool

    public init(isError: Bool) { self.isError = isError }

    public let name = "m4"
    public let formula = "(y - err_inf)/(err_0 - y)^alpha = beta x^c"
    public let source = "Alabdulmohsin et al. 2022, Revisiting Neural Scaling Laws, M4"
    public let columns = [LawColumn(name: "x", meaning: "amount, as samples seen")]

    public var parameters: [LawParameter] {
        [
            LawParameter(name: "beta", meaning: "scale", bounds: Bounds(0, .infinity)),
            // Beyond these c and alpha the curve is a step, whatever they are.
            LawParameter(
                name: "c", meaning: "exponent far below err_0", bounds: Bounds(-20, 0),
                spread: .given(.denseNear(.upper, k: 5.5, -5, 0))),
            LawParameter(
                name: "alpha", meaning: "how late the fall begins", bounds: Bounds(0, 100),
                spread: .given(.denseNear(.lower, k: 4, 0, 10))),
            LawParameter(
                name: "err_inf", meaning: "y that no amount goes below", bounds: Bounds(0, .infinity),
                staysBelowData: true),
            isError
                ? LawParameter(name: "err_0", meaning: "y before the fall: 1 for an error", bounds: Bounds(1, 1))
                : LawParameter(name: "err_0", meaning: "y before the fall", staysAboveData: true),
        ]
    }

    public func check(_ x: [Double]) -> LawPointCheck {
        x[0] > 0 && x[0].isFinite ? .fine : .invalid("x must be positive, not \(x[0])")
    }

    public func remark(_ parameter: Int, on side: Bounds.Side) -> String? {
        switch (parameter, side) {
        case (1, .upper): "y does not fall as x grows (an accuracy is fitted as --y \"1-acc\")"
        case (1, .lower), (2, .upper): "the fall is as sudden as a step"
        case (2, .lower): "the points show no level before the fall: the law is power-offset"
        case (3, .lower): "the points show no floor"
        case (4, .lower): "the highest point is where the fall begins"
        case (4, .upper): "the points do not show where the fall begins"
        default: nil
        }
    }

    public func curve(at points: LawPoints) -> CurveModel.Evaluate {
        let (x, logs) = (points.columns[0], points.columns[0].map { log($0) })
        return { p, values, jacobian in
            let (beta, c, alpha, floor, ceiling) = (p[0], p[1], p[2], p[3], p[4])
            let n = x.count
            for i in 0..<n {
                let power = pow(x[i], c)
                let y = M4Curve.divide(beta * power, alpha, floor: floor, ceiling: ceiling)
                values[i] = y.above < y.gap ? floor + y.above : ceiling - y.gap
                guard let jacobian else { continue }
                let slopes = M4Curve.gradient(y, beta: beta, alpha: alpha, power: power, logX: logs[i])
                jacobian[i] = slopes.beta
                jacobian[n + i] = slopes.c
                jacobian[2 * n + i] = slopes.alpha
                jacobian[3 * n + i] = slopes.floor
                jacobian[4 * n + i] = slopes.ceiling
            }
        }
    }

    public func search(points: LawPoints, y: [Double], bounds: [Bounds], isShared: [Bool]) -> LawSearch {
        let laws = self.parameters
        var parameters = zip(laws, bounds).map {
            CurveParameter(bounds: $1, spread: $0.spread.values(points, y, $1))
        }
        // A beta that is held, bounded or shared stays itself.
        if isShared[0] || bounds[0] != laws[0].bounds {
            return LawSearch(
                model: CurveModel(pointCount: points.count, parameters: parameters, evaluate: curve(at: points)),
                parameters: { $0 }, coordinates: { $0 })
        }
        let logs = points.columns[0].map { log($0) }
        let centre = logs.reduce(0, +) / Double(max(1, logs.count))
        // Beyond it the curve touches a level everywhere.
        let places = Bounds(-700, 700)
        parameters[0] = CurveParameter(bounds: places, spread: .even(-4, 4))
        for j in [3, 4] { parameters[j].isLinear = true }
        return LawSearch(
            model: CurveModel(
                pointCount: points.count, parameters: parameters, evaluate: Self.byPlace(logs.map { $0 - centre })),
            parameters: { p in
                let logBeta = M4Curve.h(p[0], p[2]).value + (1 - p[2]) * log(p[4] - p[3]) - p[1] * centre
                return [exp(min(max(logBeta, -700), 700)), p[1], p[2], p[3], p[4]]
            },
            coordinates: { p in
                let q = log(p[0]) + p[1] * centre + (p[2] - 1) * log(p[4] - p[3])
                return [q.isNaN ? .nan : places.clamp(M4Curve.root(q, p[2])), p[1], p[2], p[3], p[4]]
            })
    }

    /// y by (t, c, alpha, err_inf, err_0), t the place at ln x = 0.
    private static func byPlace(_ logs: [Double]) -> CurveModel.Evaluate {
        { p, values, jacobian in
            let (c, alpha, floor, ceiling) = (p[1], p[2], p[3], p[4])
            let middle = M4Curve.h(p[0], alpha)
            let n = logs.count
            for i in 0..<n {
                let t = M4Curve.root(middle.value + c * logs[i], alpha)
                let here = M4Curve.h(t, alpha)
                values[i] = floor * here.rest + ceiling * here.share
                guard let jacobian else { continue }
                let spread = here.share * here.rest
                let byQ = spread > 0 ? (ceiling - floor) * spread / here.slope : 0
                jacobian[i] = byQ * middle.slope
                jacobian[n + i] = byQ * logs[i]
                jacobian[2 * n + i] = byQ > 0 ? byQ * (middle.softplus - here.softplus) : 0
                jacobian[3 * n + i] = here.rest
                jacobian[4 * n + i] = here.share
            }
        }
    }
}
