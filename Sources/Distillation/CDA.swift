import Training

/// The objective `cda` (Yin and Shen 2023): the statistics loss of `sre2l` along its curriculum, in which images are shown
/// as mirrored random crops of at least a share s of their area (aspect ratio 3/4…4/3), s falling from 1 to 0.08. It is
/// evaluated at stated s; their mean is the value, each of them a point of the curve.
///
/// The views are drawn by image, so that an image looks the same in every set.
public struct CDA: DistillationObjective, Equatable {
    /// Minimal crop scales s.
    public var scales: [Double]
    /// nil: the whole set.
    public var batch: Int?

    public init(scales: [Double] = [1, 0.77, 0.54, 0.31, 0.08], batch: Int? = nil) {
        precondition(!scales.isEmpty && scales.allSatisfy { $0 > 0 && $0 <= 1 }, "scales lie in 0…1")
        self.scales = scales
        self.batch = batch
    }

    public var name: String { "cda" }
    public var needs: ObjectiveNeeds { .observers }

    public var definition: String {
        let over = batch.map { "means over batches of \($0) images" } ?? "statistics of the whole set"
        return
            "cda: ‖var − RV‖ + ‖mean − RM‖ summed over batch normalisations, of mirrored random crops of minimal scale "
            + "\(scales.map { "\($0)" }.joined(separator: ", ")), the mean over these; \(over); one view per image and scale"
    }

    public func values(of sets: [ObjectiveSet], in context: ObjectiveContext) throws -> [ObjectiveValue] {
        let table = try ElementTable(sets, in: context)
        var values = sets.map { _ in
            ObjectiveValue(literal: [], curve: scales.map { ObjectiveValue.Point(at: $0, values: []) })
        }
        try context.forEachObserver(name, needsBatchNorm: true) { _, network in
            var sums = [Double](repeating: 0, count: sets.count)
            for (index, scale) in scales.enumerated() {
                let crop = Augmentation([.randomResizedCrop(scale: scale...1), .flip])
                let augmenter = Augmenter(
                    crop, shape: context.shape, run: "cda/\(scale)", seed: context.seed, samples: ElementTable.samples)
                let seen = try table.observe(
                    network, BatchStatisticsLoss(batch: batch), sets: sets.count, seed: context.seed
                ) { augmenter.view(epoch: 0, batch: 0, sample: table.sample($0)) }
                for set in sets.indices {
                    values[set].curve[index].values.append(seen[set].statistics)
                    sums[set] += seen[set].statistics / Double(scales.count)
                }
            }
            for set in sets.indices { values[set].literal.append(sums[set]) }
        }
        return values
    }
}
