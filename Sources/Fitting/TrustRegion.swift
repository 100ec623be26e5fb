internal import CNumerics
internal import LinearAlgebra

/// GSL's trust-region solvers for one problem: workspaces are made once and serve every start.
final class TrustRegion {
    private let problem: LeastSquaresProblem
    private var workspaces: [Algorithm: UnsafeMutablePointer<gsl_multifit_nlinear_workspace>] = [:]

    private static let quiet: Void = { _ = gsl_set_error_handler_off() }()

    init(_ problem: LeastSquaresProblem) {
        self.problem = problem
        Self.quiet
        NumericsLibrary.prepare()
    }

    deinit { for workspace in workspaces.values { gsl_multifit_nlinear_free(workspace) } }

    private func workspace(_ algorithm: Algorithm) -> UnsafeMutablePointer<gsl_multifit_nlinear_workspace>? {
        if let made = workspaces[algorithm] { return made }
        var parameters = gsl_multifit_nlinear_default_parameters()
        parameters.solver = assay_nlinear_qr()
        parameters.scale = assay_nlinear_more()
        parameters.trs =
            switch algorithm {
            case .lm: assay_nlinear_lm()
            case .lmaccel: assay_nlinear_lmaccel()
            case .dogleg: assay_nlinear_dogleg()
            }
        let made = gsl_multifit_nlinear_alloc(
            assay_nlinear_trust(), &parameters, problem.residualCount, problem.parameterCount)
        workspaces[algorithm] = made
        return made
    }

    func solve(
        from start: [Double], by algorithm: Algorithm, options: LeastSquaresOptions
    ) -> LeastSquaresSolution {
        precondition(start.count == problem.parameterCount, "a start needs \(problem.parameterCount) values")
        guard let workspace = workspace(algorithm) else {
            return LeastSquaresSolution(
                parameters: start, rss: .infinity, gradientCosine: 1, iterations: 0, algorithm: algorithm,
                termination: .notConverged("the memory for \(problem.residualCount) residuals could not be had"))
        }
        var system = gsl_multifit_nlinear_fdf()
        system.n = problem.residualCount
        system.p = problem.parameterCount
        system.params = Unmanaged.passUnretained(self).toOpaque()
        system.f = { x, context, f in
            guard let x, let context, let f else { return Int32(3) }  // GSL_EFAULT
            Unmanaged<TrustRegion>.fromOpaque(context).takeUnretainedValue().fillResiduals(x, f)
            return 0
        }
        system.df = { x, context, jacobian in
            guard let x, let context, let jacobian else { return Int32(3) }  // GSL_EFAULT
            Unmanaged<TrustRegion>.fromOpaque(context).takeUnretainedValue().fillJacobian(x, jacobian)
            return 0
        }
        return withExtendedLifetime(self) {
            withUnsafeMutablePointer(to: &system) { system in
                iterate(workspace, system, start, algorithm, options)
            }
        }
    }

    private func iterate(
        _ w: UnsafeMutablePointer<gsl_multifit_nlinear_workspace>,
        _ system: UnsafeMutablePointer<gsl_multifit_nlinear_fdf>, _ start: [Double], _ algorithm: Algorithm,
        _ options: LeastSquaresOptions
    ) -> LeastSquaresSolution {
        let view = start.withUnsafeBufferPointer { gsl_vector_const_view_array($0.baseAddress, $0.count) }
        var status = withUnsafePointer(to: view.vector) { gsl_multifit_nlinear_init($0, system, w) }
        var iterations = 0
        var termination: Termination?
        while status == 0 {
            let cosine = gradientCosine(w)
            if cosine <= options.gradientTolerance {
                termination = .converged("the gradient is zero (cosine \(cosine))")
                break
            }
            if iterations == options.iterations {
                termination = .notConverged("still moving after \(iterations) iterations")
                break
            }
            status = gsl_multifit_nlinear_iterate(w)
            iterations += 1
            guard status == 0 else { break }
            let p = problem.parameterCount
            let (x, dx) = (w.pointee.x.pointee.data, w.pointee.dx.pointee.data)
            if let x, let dx, (0..<p).allSatisfy({ abs(dx[$0]) <= options.stepTolerance * abs(x[$0]) }) { break }
        }
        let x = UnsafeBufferPointer(start: w.pointee.x.pointee.data, count: problem.parameterCount)
        let cosine = gradientCosine(w)
        // Without further progress the gradient decides: rounding keeps it from falling much below this.
        let stalled: Termination =
            cosine <= max(1e-6, options.gradientTolerance)
            ? .converged("no further step lowers the residuals")
            : .notConverged("no step lowers the residuals, but the gradient is not zero (cosine \(cosine))")
        return LeastSquaresSolution(
            parameters: Array(x), rss: squaredNorm(w.pointee.f), gradientCosine: cosine, iterations: iterations,
            algorithm: algorithm, termination: termination ?? stalled)
    }

    private func squaredNorm(_ f: UnsafeMutablePointer<gsl_vector>) -> Double {
        var sum = 0.0
        for i in 0..<problem.residualCount { sum += f.pointee.data[i] * f.pointee.data[i] }
        return sum
    }

    /// max over columns of |Jₖ·f| / (‖Jₖ‖ ‖f‖), after the last accepted step; 0 where the residuals vanish.
    private func gradientCosine(_ w: UnsafeMutablePointer<gsl_multifit_nlinear_workspace>) -> Double {
        let (n, p) = (problem.residualCount, problem.parameterCount)
        guard let f = w.pointee.f.pointee.data, let g = w.pointee.g.pointee.data, let j = w.pointee.J.pointee.data
        else { return 1 }
        var ff = 0.0
        for i in 0..<n { ff += f[i] * f[i] }
        guard ff > 0 else { return 0 }
        var largest = 0.0
        for k in 0..<p {
            var jj = 0.0
            for i in 0..<n { jj += j[i * p + k] * j[i * p + k] }
            if jj > 0 { largest = max(largest, abs(g[k]) / (jj * ff).squareRoot()) }
        }
        return largest
    }

    // GSL's vectors and matrices here are its own allocations: stride 1, tda = columns.

    private func fillResiduals(_ x: UnsafePointer<gsl_vector>, _ f: UnsafeMutablePointer<gsl_vector>) {
        let out = UnsafeMutableBufferPointer(start: f.pointee.data, count: problem.residualCount)
        problem.residuals(UnsafeBufferPointer(start: x.pointee.data, count: problem.parameterCount), out)
        // GSL gives up on a non-finite residual; a huge one makes it take a shorter step.
        if !out.allSatisfy(\.isFinite) { out.update(repeating: 1e100) }
    }

    private func fillJacobian(_ x: UnsafePointer<gsl_vector>, _ jacobian: UnsafeMutablePointer<gsl_matrix>) {
        let count = problem.residualCount * problem.parameterCount
        let out = UnsafeMutableBufferPointer(start: jacobian.pointee.data, count: count)
        problem.jacobian(UnsafeBufferPointer(start: x.pointee.data, count: problem.parameterCount), out)
        for i in out.indices where !out[i].isFinite { out[i] = 0 }
    }
}
