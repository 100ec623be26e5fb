internal import CKernels

/// Σ −log softmax(z)[label] over the rows of z [rows, classes]; `gradient` [rows, classes] becomes
/// (softmax(z) − onehot) · scale.
func crossEntropy(
    _ logits: UnsafePointer<Float>, _ labels: UnsafePointer<Int32>, rows: Int, classes: Int, scale: Float = 1,
    gradient: UnsafeMutablePointer<Float>? = nil
) -> Double {
    assay_cross_entropy(logits, labels, rows, classes, scale, gradient)
}

/// Σ KL(q ‖ softmax(z/T)) over the rows of z and q [rows, classes], without the factor T² that some put in front;
/// `gradient` [rows, classes] becomes (softmax(z/T) − q) · scale / T.
func divergence(
    _ logits: UnsafePointer<Float>, _ targets: UnsafePointer<Float>, rows: Int, classes: Int, temperature: Float,
    scale: Float = 1, gradient: UnsafeMutablePointer<Float>? = nil
) -> Double {
    assay_divergence(logits, targets, rows, classes, temperature, scale, gradient)
}

/// Rows of z [rows, classes] whose greatest logit, the first of equals, is not the label's.
func errorCount(_ logits: UnsafePointer<Float>, _ labels: UnsafePointer<Int32>, rows: Int, classes: Int) -> Int {
    assay_errors(logits, labels, rows, classes)
}

/// −Σ q log softmax(z) over the rows of z and q [rows, classes]; `gradient` becomes (softmax(z) · Σq − q) · scale.
func crossEntropy(
    _ logits: UnsafePointer<Float>, distribution: UnsafePointer<Float>, rows: Int, classes: Int, scale: Float = 1,
    gradient: UnsafeMutablePointer<Float>? = nil
) -> Double {
    assay_soft_cross_entropy(logits, distribution, rows, classes, scale, gradient)
}

/// Σ over the rows of the mean over the classes of (z − t)²; `gradient` grows by 2 (z − t) / classes · scale.
func meanSquares(
    _ logits: UnsafePointer<Float>, _ targets: UnsafePointer<Float>, rows: Int, classes: Int, scale: Float = 1,
    addingTo gradient: UnsafeMutablePointer<Float>
) -> Double {
    assay_mean_squares(logits, targets, rows, classes, scale, gradient)
}

/// softmax(z/T) · share is added to `sum` [rows, classes].
func addProbabilities(
    _ logits: UnsafePointer<Float>, rows: Int, classes: Int, temperature: Float, share: Float,
    to sum: UnsafeMutablePointer<Float>
) {
    assay_add_softmax(logits, rows, classes, temperature, share, sum)
}
