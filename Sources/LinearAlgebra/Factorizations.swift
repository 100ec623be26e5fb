internal import CNumerics

/// A LAPACK routine that did not succeed.
public struct FactorizationError: Error, Equatable, CustomStringConvertible {
    public let routine: String
    public let info: Int

    public var exitCode: Int32 { 65 }

    public var description: String {
        info < 0
            ? "\(routine): a value is not finite (argument \(-info))"
            : "\(routine): did not converge (\(info))"
    }
}

/// A = U · diag(s) · Vᵀ with r = min(m, n): U [m, r], s [r] descending, Vᵀ [r, n].
public struct SingularValueDecomposition: Sendable, Equatable {
    public let u: Matrix
    public let singularValues: [Double]
    public let vt: Matrix
}

extension Matrix {
    /// The thin QR factorisation of an [m, n] matrix with m ≥ n: Q [m, n] with orthonormal columns, R [n, n] upper.
    ///
    /// - Throws: `FactorizationError` when an element is not finite.
    public func qr() throws(FactorizationError) -> (q: Matrix, r: Matrix) {
        precondition(rows >= columns, "a thin QR needs at least as many rows as columns, not \(rows)×\(columns)")
        var q = self
        var r = Matrix(rows: columns, columns: columns)
        guard columns > 0 else { return (q, r) }
        NumericsLibrary.prepare()
        let (m, n) = (Int32(rows), Int32(columns))
        var tau = [Double](repeating: 0, count: columns)
        let factored = LAPACKE_dgeqrf(LAPACK_ROW_MAJOR, m, n, &q.values, n, &tau)
        guard factored == 0 else { throw FactorizationError(routine: "dgeqrf", info: Int(factored)) }
        for i in 0..<columns { for j in i..<columns { r[i, j] = q[i, j] } }
        let formed = LAPACKE_dorgqr(LAPACK_ROW_MAJOR, m, n, n, &q.values, n, &tau)
        guard formed == 0 else { throw FactorizationError(routine: "dorgqr", info: Int(formed)) }
        return (q, r)
    }

    /// The thin singular value decomposition.
    ///
    /// - Throws: `FactorizationError` when an element is not finite or LAPACK does not converge.
    public func svd() throws(FactorizationError) -> SingularValueDecomposition {
        let rank = min(rows, columns)
        var u = Matrix(rows: rows, columns: rank)
        var vt = Matrix(rows: rank, columns: columns)
        var s = [Double](repeating: 0, count: rank)
        guard rank > 0 else { return .init(u: u, singularValues: s, vt: vt) }
        NumericsLibrary.prepare()
        var a = values
        let info = LAPACKE_dgesdd(
            LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "S")), Int32(rows), Int32(columns), &a, Int32(columns),
            &s, &u.values, Int32(rank), &vt.values, Int32(columns))
        guard info == 0 else { throw FactorizationError(routine: "dgesdd", info: Int(info)) }
        return .init(u: u, singularValues: s, vt: vt)
    }
}
