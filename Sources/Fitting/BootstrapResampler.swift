import Foundation
internal import Randomness

/// What a bootstrap draws from, the same for every resample.
///
/// Legend: n points, m of them of positive weight, D different design points.
struct Resampler: Sendable {
    let method: BootstrapFit.Method
    let estimate: [Double]
    /// Points that can be drawn, [m].
    let rows: [Int]
    /// How many things are drawn: points or clusters.
    let unitCount: Int
    /// D.
    let designCount: Int
    /// Which design point each row is, [m]: rows of equal f and derivatives are the same one.
    let designs: [Int]
    /// How many different design points the parameters need.
    let needed: Int
    /// √w r, centred and stretched, [m].
    private let residuals: [Double]
    /// f, [n].
    private let values: [Double]
    /// 1/√w, [m].
    private let spreads: [Double]
    /// The unit of each row, [m].
    private let units: [Int]
    private let isLogarithmic: Bool

    init(_ model: CurveModel, data: CurveData, loss: Loss, estimate: [Double], method: BootstrapFit.Method) {
        let open = model.openParameters
        let points = LossPoints(model, data: data, loss: loss, parameters: estimate)
        let m = points.rows.count
        self.method = method
        self.estimate = estimate
        rows = points.rows
        needed = open.count
        values = points.values
        isLogarithmic = loss.isLogarithmic
        spreads = points.weights.map { 1 / $0.squareRoot() }
        residuals = Self.centred(points, loss: loss, degrees: m - open.count)
        let slopes = points.jacobian(open)
        (designs, designCount) = Self.designs(points, slopes: slopes, columns: open.count)
        switch method {
        case .residual, .pairs: (units, unitCount) = (Array(0..<m), m)
        case .clusters(let codes):
            precondition(codes.count == data.y.count, "a cluster needs a code per point")
            (units, unitCount) = ParameterUncertainty.consecutive(points.rows.map { codes[$0] })
        }
    }

    /// y of a residual bootstrap, in place, [n].
    func draw(_ stream: inout RandomStream, into y: inout [Double]) {
        for (slot, i) in rows.enumerated() {
            let r = residuals[stream.integer(below: residuals.count)] * spreads[slot]
            // r = f − y, or ln f − ln y.
            y[i] = isLogarithmic ? values[i] * exp(-r) : values[i] - r
        }
    }

    /// How often each row is drawn, in place, [m].
    func draw(_ stream: inout RandomStream, counts: inout [Double], multiplicities: inout [Double]) {
        for unit in 0..<unitCount { counts[unit] = 0 }
        for _ in 0..<unitCount { counts[stream.integer(below: unitCount)] += 1 }
        for slot in rows.indices { multiplicities[slot] = counts[units[slot]] }
    }

    /// Centred where the loss is: at the mean, or for Huber's loss where its scores sum to zero.
    private static func centred(_ points: LossPoints, loss: Loss, degrees: Int) -> [Double] {
        let m = Double(points.rows.count)
        let weighted = points.residuals.indices.map { points.weights[$0].squareRoot() * points.residuals[$0] }
        guard degrees > 0, m > 0 else { return weighted.map { _ in 0 } }
        var center = weighted.reduce(0, +) / m
        if let delta = loss.delta, var low = weighted.min(), var high = weighted.max() {
            for _ in 0..<60 {
                center = low + (high - low) / 2
                let score = weighted.reduce(0) { $0 + min(max($1 - center, -delta), delta) }
                if score > 0 { low = center } else { high = center }
            }
        }
        let stretch = (m / Double(degrees)).squareRoot()
        return weighted.map { ($0 - center) * stretch }
    }

    private static func designs(_ points: LossPoints, slopes: [Double], columns: Int) -> (codes: [Int], count: Int) {
        var places: [[Double]: Int] = [:]
        let codes = points.rows.enumerated().map { slot, i -> Int in
            // The weight is no part of the design.
            let root = points.weights[slot].squareRoot()
            let row = [points.values[i]] + slopes[slot * columns..<(slot + 1) * columns].map { $0 / root }
            let place = places[row] ?? places.count
            places[row] = place
            return place
        }
        return (codes, places.count)
    }
}

/// What one thread needs to fit resamples.
struct ResampleWorker {
    enum Outcome: Double { case converged, notConverged, undefined }

    private let fitter: CurveFitter?
    private let bounds: [Bounds]
    private let baseWeights: [Double]
    private var data: CurveData
    private var counts: [Double]
    private var multiplicities: [Double]
    /// The resample in which each design point was last seen, [D].
    private var seen: [Int]
    private var resample = 0

    init(_ model: CurveModel, data: CurveData, loss: Loss, distinct: Int) {
        let n = data.y.count
        fitter = model.openParameters.isEmpty ? nil : CurveFitter(model, loss: loss)
        bounds = model.parameters.map(\.bounds)
        baseWeights = data.weights ?? [Double](repeating: 1, count: n)
        self.data = data
        counts = [Double](repeating: 0, count: n)
        multiplicities = [Double](repeating: 0, count: n)
        seen = [Int](repeating: 0, count: distinct)
    }

    /// Fills the parameters and, last, the outcome, [p + 1].
    mutating func refit(
        _ resampler: Resampler, _ stream: inout RandomStream, into row: UnsafeMutableBufferPointer<Double>
    ) {
        let p = row.count - 1
        guard draw(resampler, &stream) else { return fail(row) }
        guard let fitter else {
            for j in 0..<p { row[j] = resampler.estimate[j] }
            row[p] = Outcome.converged.rawValue
            return
        }
        let solution = fitter.refit(data, from: resampler.estimate)
        guard solution.objective.isFinite, solution.parameters.allSatisfy({ !$0.isNaN }) else { return fail(row) }
        for j in 0..<p {
            row[j] = solution.sides[j].map { bounds[j][$0] } ?? solution.parameters[j]
        }
        row[p] = (solution.termination.isConverged ? Outcome.converged : .notConverged).rawValue
    }

    private func fail(_ row: UnsafeMutableBufferPointer<Double>) {
        row.update(repeating: .nan)
        row[row.count - 1] = Outcome.undefined.rawValue
    }

    /// False where the resample has fewer different points than the parameters need.
    private mutating func draw(_ resampler: Resampler, _ stream: inout RandomStream) -> Bool {
        if case .residual = resampler.method {
            resampler.draw(&stream, into: &data.y)
            return true
        }
        resampler.draw(&stream, counts: &counts, multiplicities: &multiplicities)
        resample += 1
        var distinct = 0
        var weights = baseWeights
        for (slot, i) in resampler.rows.enumerated() {
            weights[i] *= multiplicities[slot]
            if multiplicities[slot] > 0 && seen[resampler.designs[slot]] != resample {
                seen[resampler.designs[slot]] = resample
                distinct += 1
            }
        }
        data.weights = weights
        return distinct >= resampler.needed
    }
}
