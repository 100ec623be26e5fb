extension CurveFitter {
    /// A descent over all parameters by GSL's trust-region methods, in coordinates without bounds.
    func descendByGSL(from start: [Double], algorithms: [Algorithm]) -> Candidate {
        let source = full
        guard !all.isEmpty, model.pointCount >= all.count else {
            return Candidate(parameters: start, cost: .infinity, cosine: 1)
        }
        let (n, q) = (model.pointCount, all.count)
        let bounds = all.map { model.parameters[$0].bounds }
        for j in start.indices { source.parameters[j] = start[j] }
        let columns = UnsafeMutablePointer<Double>.allocate(capacity: n * q + n + q)
        defer { columns.deallocate() }
        let (s, theta) = (columns + n * q, columns + n * q + n)
        func place(_ t: UnsafeBufferPointer<Double>) {
            for slot in 0..<q { theta[slot] = bounds[slot].parameter(at: t[slot]).value }
        }
        let problem = LeastSquaresProblem(
            residualCount: n, parameterCount: q,
            residuals: { t, out in
                place(t)
                let isFinite = source.residuals(theta, s).isFinite
                for i in 0..<n { out[i] = isFinite ? s[i] : .infinity }
            },
            jacobian: { t, out in
                place(t)
                _ = source.residuals(theta, s)
                source.jacobian(theta, columns)
                for slot in 0..<q {
                    let slope = bounds[slot].parameter(at: t[slot]).slope
                    for i in 0..<n { out[i * q + slot] = columns[slot * n + i] * slope }
                }
            })
        var options = LeastSquaresOptions()
        options.algorithms = algorithms
        options.iterations = 1000
        let found = minimize(
            problem, from: all.indices.map { bounds[$0].coordinate(of: start[all[$0]]) }, options: options)
        iterations += found.iterations
        var parameters = start
        for (slot, j) in all.enumerated() { parameters[j] = bounds[slot].parameter(at: found.parameters[slot]).value }
        return Candidate(
            parameters: parameters, cost: found.rss.isFinite ? found.rss : .infinity, cosine: found.gradientCosine)
    }

    /// The open parameters that move nothing at `parameters`, once the linear ones follow.
    func idle(at parameters: [Double]) -> [Int] {
        var point = parameters
        guard solveLinear(at: &point).isFinite else { return [] }
        let n = model.pointCount
        return withUnsafeTemporaryAllocation(of: Double.self, capacity: max(1, n * open.count + open.count)) { room in
            let columns = room.baseAddress.unsafelyUnwrapped
            let theta = columns + n * open.count
            for (slot, j) in open.enumerated() { theta[slot] = point[j] }
            projection.jacobian(theta, columns)
            return open.indices.filter { slot in (0..<n).allSatisfy { columns[slot * n + $0] == 0 } }.map { open[$0] }
        }
    }
}
