/// What training a network takes beside its images, counted from the sizes of its buffers without making them.
///
/// - Parameters:
///   - images: N, of which a batch is never more.
///   - threads: each has tensors of its own.
/// - Returns: bytes.
public func trainingBytes(
    _ spec: NetworkSpec, shape: ImageShape, classes: Int, recipe: Recipe, images: Int, threads: Int = 1
) throws(TrainingError) -> Int {
    let network = try spec.makeNetwork(shape: shape, classes: classes)
    let batch = min(recipe.batch, images)
    let (slices, slice) = BatchProgram.slices(of: batch, network)
    let parameters = network.layout.count
    var floats = parameters * (2 + recipe.optimizer.moments.count + (recipe.averaging == nil ? 0 : 1))
    floats += network.preparedCount + network.gradientCount * network.gradients(of: slices)
    let training = network.activationCount(isTraining: true)
    floats += training * (network.holdsBatch ? batch : slice * min(threads, slices))
    floats += network.activationCount(isTraining: false) * network.evaluationBlock * threads
    floats += 2 * batch * classes
    // A checkpoint copies parameters and moments for the state that it keeps, and writes them piece by piece.
    floats += parameters * (2 + recipe.optimizer.moments.count)
    return floats * MemoryLayout<Float>.size
}

/// What a network takes that is only asked, in bytes.
public func frozenBytes(_ spec: NetworkSpec, shape: ImageShape, classes: Int) throws(TrainingError) -> Int {
    let network = try spec.makeNetwork(shape: shape, classes: classes)
    // The stored weights, and the parameters that they fill.
    let floats =
        2 * network.layout.count + network.preparedCount
        + network.activationCount(isTraining: false) * network.evaluationBlock
    return floats * MemoryLayout<Float>.size
}

extension Network {
    /// Floats of one image in all tensors of a pass.
    func activationCount(isTraining: Bool) -> Int {
        var floats = places.reduce(0) { $0 + $1.count } + originSizes.values.reduce(0, +)
        if isTraining { floats += gradientSizes.reduce(0, +) }
        for norm in normalisations {
            floats += norm.place.grid(1).across * ((isTraining ? 4 : 2) + (norm.kind == .batch ? 0 : 4))
        }
        return floats
    }
}
