internal import CKernels
internal import COneDNN

/// y = x Wᵀ (the bias is added by the caller, who fuses it with what follows). Row-major throughout. Every product may be
/// made piece by piece; its bits depend on how it is cut, and so never on the number of threads.
struct LinearLayer {
    let inputs: Int
    let outputs: Int
    let weightOffset: Int
    let biasOffset: Int

    init(weight: ParameterLayout.Parameter, bias: ParameterLayout.Parameter) {
        outputs = weight.shape[0]
        inputs = weight.shape[1]
        weightOffset = weight.offset
        biasOffset = bias.offset
    }

    /// Columns `piece` of y [count, outputs] from x [count, inputs].
    func forward(
        _ parameters: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int,
        _ piece: Range<Int>
    ) throws(TrainingError) {
        let start = piece.lowerBound
        try multiply(
            "N", "T", count, piece.count, inputs, x, inputs, parameters + weightOffset + start * inputs, inputs,
            y + start, outputs)
    }

    /// Rows `piece` of dW = dyᵀ x.
    func backwardWeights(
        _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, weight: UnsafeMutablePointer<Float>, _ count: Int,
        _ piece: Range<Int>
    ) throws(TrainingError) {
        let start = piece.lowerBound
        try multiply(
            "T", "N", piece.count, inputs, count, dy + start, outputs, x, inputs, weight + start * inputs, inputs)
    }

    /// db = Σ dy.
    func backwardBias(_ dy: UnsafePointer<Float>, _ bias: UnsafeMutablePointer<Float>, _ count: Int) {
        assay_column_sums(dy, count, outputs, bias)
    }

    /// Columns `piece` of dx = dy W.
    func backwardData(
        _ parameters: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>, _ count: Int,
        _ piece: Range<Int>
    ) throws(TrainingError) {
        let start = piece.lowerBound
        try multiply(
            "N", "N", count, piece.count, outputs, dy, outputs, parameters + weightOffset + start, inputs, dx + start,
            inputs)
    }
}

/// C [m, n] = A B, each transposed where its letter is T. oneDNN's product rather than OpenBLAS's: the latter chooses
/// slow kernels on processors newer than itself.
private func multiply(
    _ a: Unicode.Scalar, _ b: Unicode.Scalar, _ m: Int, _ n: Int, _ k: Int, _ x: UnsafePointer<Float>, _ ldx: Int,
    _ y: UnsafePointer<Float>, _ ldy: Int, _ z: UnsafeMutablePointer<Float>, _ ldz: Int
) throws(TrainingError) {
    try check(
        dnnl_sgemm(
            CChar(a.value), CChar(b.value), Int64(m), Int64(n), Int64(k), 1, x, Int64(ldx), y, Int64(ldy), 0, z,
            Int64(ldz)), "dnnl_sgemm")
}
