internal import CKernels
internal import COneDNN

/// y = x Wᵀ (the bias is added by the caller, who fuses it with what follows). Row-major throughout.
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

    /// y [count, outputs] from x [count, inputs].
    func forward(
        _ parameters: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int
    ) throws(TrainingError) {
        try multiply("N", "T", count, outputs, inputs, x, inputs, parameters + weightOffset, inputs, y, outputs)
    }

    /// dW = dyᵀ x and db = Σ dy.
    func backwardWeights(
        _ dy: UnsafePointer<Float>, _ x: UnsafePointer<Float>, weight: UnsafeMutablePointer<Float>,
        bias: UnsafeMutablePointer<Float>, _ count: Int
    ) throws(TrainingError) {
        try multiply("T", "N", outputs, inputs, count, dy, outputs, x, inputs, weight, inputs)
        assay_column_sums(dy, count, outputs, bias)
    }

    /// dx = dy W.
    func backwardData(
        _ parameters: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>, _ count: Int
    ) throws(TrainingError) {
        try multiply("N", "N", count, inputs, outputs, dy, outputs, parameters + weightOffset, inputs, dx, inputs)
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
