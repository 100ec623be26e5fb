import Analysis
import Fitting
import Tables

/// One curve of the table, and what is timed on it.
struct Curve {
    static let law = GoyalLaw()

    let points: LawPoints
    let error: [Double]

    struct Fit {
        let solution: CurveSolution
        /// a, b, τ, d.
        let parameters: [Double]
    }

    static func read(_ path: String) throws(TableError) -> [Curve] {
        let table = try Table.read(path)
        let (n, s) = (try table.numbers("samples_seen"), try table.numbers("samples_per_epoch"))
        let error = try table.numbers("error")
        return try table.groups(by: ["curve"]).map { group in
            Curve(
                points: LawPoints([group.rows.map { n[$0] }, group.rows.map { s[$0] }]),
                error: group.rows.map { error[$0] })
        }
    }

    /// Within the law's own bounds.
    private var search: LawSearch {
        let parameters = Self.law.parameters
        return Self.law.search(
            points: points, y: error, bounds: parameters.map { $0.bounds(over: error) ?? $0.bounds },
            isShared: parameters.map { _ in false })
    }

    /// - Parameter starts: nil = as many as a fit makes by itself.
    func fit(starts: Int? = nil) -> Fit {
        let search = search
        var options = CurveFitOptions()
        options.starts = starts
        let solution = CurveFitter(search.model).fit(CurveData(error), options: options)
        return Fit(solution: solution, parameters: search.parameters(solution.parameters))
    }

    /// The point fit, the refits, and the 95 % interval of b in plain percentiles, as the peers take it.
    func bootstrap(resamples: Int) -> (solved: Int, interval: [Double]) {
        let search = search
        let data = CurveData(error)
        let estimate = CurveFitter(search.model).fit(data).parameters
        let found = BootstrapFit(search.model, data: data, estimate: estimate, resamples: resamples, seed: 1)
        let b = found.intervals(percentiles: .plain) { [search.parameters($0)[1]] }.first ?? nil
        return (resamples - found.undefined - found.notConverged, [b?.low ?? .nan, b?.high ?? .nan])
    }
}
