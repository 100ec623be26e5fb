internal import CNumerics

// GSL's default handler aborts the process; its functions return NaN instead once it is off.
private let handlerIsOff: Bool = {
    gsl_set_error_handler_off()
    return true
}()

/// P(Z ≤ z) of the standard normal distribution.
public func normalCDF(_ z: Double) -> Double { handlerIsOff ? gsl_cdf_ugaussian_P(z) : .nan }

/// The z with P(Z ≤ z) = p; ∓∞ at p = 0 and 1, NaN outside.
public func normalQuantile(_ p: Double) -> Double {
    guard handlerIsOff, p > 0, p < 1 else { return p == 0 ? -.infinity : p == 1 ? .infinity : .nan }
    return gsl_cdf_ugaussian_Pinv(p)
}

/// P(T ≤ t) of Student's t with `degrees` > 0 degrees of freedom (fractions allowed).
public func tCDF(_ t: Double, degrees: Double) -> Double {
    handlerIsOff && degrees > 0 ? gsl_cdf_tdist_P(t, degrees) : .nan
}

/// The t with P(T ≤ t) = p; ∓∞ at p = 0 and 1, NaN outside.
public func tQuantile(_ p: Double, degrees: Double) -> Double {
    guard handlerIsOff, degrees > 0, p > 0, p < 1 else { return p == 0 ? -.infinity : p == 1 ? .infinity : .nan }
    return gsl_cdf_tdist_Pinv(p, degrees)
}

/// P(X > x) of χ² with `degrees` > 0 degrees of freedom: the p-value of a likelihood ratio.
public func chiSquareTail(_ x: Double, degrees: Double) -> Double {
    handlerIsOff && degrees > 0 ? gsl_cdf_chisq_Q(x, degrees) : .nan
}

/// P(X > x) of Fisher's F with `numerator` > 0 and `denominator` > 0 degrees of freedom.
public func fTail(_ x: Double, numerator: Double, denominator: Double) -> Double {
    handlerIsOff && numerator > 0 && denominator > 0 ? gsl_cdf_fdist_Q(x, numerator, denominator) : .nan
}
