import Training

/// The objective `dwa` (directed weight adjustment, Du et al. 2024; eq. 4 of paper 1): Σ_l ‖mean_l − RM_l‖₂ +
/// λ_var ‖var_l − RV_l‖₂ under a network whose weights were pushed away from the set: K times
/// θ += (ρ / K) g / (‖g‖₂ + 10⁻¹²), g the gradient of the cross-entropy of a batch of the set in evaluation mode, its norm
/// over all parameters. The running statistics stay those of the observer.
public struct DWA: DistillationObjective, Equatable {
    /// λ_var.
    public var varianceWeight: Double
    /// ρ.
    public var radius: Double
    /// K.
    public var steps: Int
    /// Images of the batch that is pushed away from, of different classes as far as there are; a smaller set is the batch.
    public var batch: Int

    /// The published values for ImageNet-1K; those for CIFAR-100 are λ_var 11, 12 steps.
    public init(varianceWeight: Double = 2, radius: Double = 0.015, steps: Int = 15, batch: Int = 100) {
        precondition(steps >= 0 && batch > 0 && radius >= 0, "a perturbation of negative length")
        self.varianceWeight = varianceWeight
        self.radius = radius
        self.steps = steps
        self.batch = batch
    }

    public var name: String { "dwa" }
    public var needs: ObjectiveNeeds { .observers }

    public var definition: String {
        "dwa: ‖mean − RM‖ + \(varianceWeight) ‖var − RV‖ summed over batch normalisations, weights first moved \(steps) "
            + "times by \(radius)/\(steps) along the normalised gradient of the cross-entropy of \(batch) images of the "
            + "set; statistics of the whole set; observers in evaluation mode"
    }

    public func values(of sets: [ObjectiveSet], in context: ObjectiveContext) throws -> [ObjectiveValue] {
        let loss = BatchStatisticsLoss(varianceWeight: varianceWeight)
        var values = sets.map { _ in ObjectiveValue(literal: []) }
        try context.forEachObserver(name, needsBatchNorm: true) { observer, _ in
            let gradients = try NetworkGradients(
                observer.network, shape: context.shape, classes: context.classes, batch: batch,
                threads: context.threads)
            for (index, set) in sets.enumerated() {
                context.onProgress?("\(name) \(observer.name)", Double(index) / Double(sets.count))
                let table = try ElementTable([set], in: context)
                try gradients.load(observer.weights)
                try push(gradients, away: table, context)
                let pushed = try FrozenNetwork(
                    observer.network, shape: context.shape, classes: context.classes, weights: gradients.weights,
                    threads: context.threads)
                let seen = try table.observe(pushed, loss, sets: 1, seed: context.seed)
                values[index].literal.append(seen[0].statistics)
            }
        }
        return values
    }

    private func push(
        _ gradients: borrowing NetworkGradients, away table: ElementTable, _ context: ObjectiveContext
    ) throws {
        let items = Array(table.classByClass(0, seed: context.seed).prefix(batch))
        let (pixels, labels) = (try table.pixels(of: items), table.labels(of: items))
        for _ in 0..<steps {
            let gradient = try gradients.gradient(of: pixels, labels: labels, statistics: .running).gradient
            let norm = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            gradients.move(along: gradient, rate: Float(radius / Double(steps) / (norm + 1e-12)))
        }
    }
}
