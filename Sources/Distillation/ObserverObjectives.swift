import Training

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The objectives `nll` and `entropy`: the mean over a set's images of a trained network's −ln p(label), or of the entropy
/// of its probabilities, in nats. They are means over images: random subsets of any size have the same expectation, so that
/// both forms agree.
public struct ObserverEntropy: DistillationObjective, Equatable {
    public enum Kind: String, Sendable, Equatable { case nll, entropy }

    public var kind: Kind

    public init(_ kind: Kind) { self.kind = kind }

    public var name: String { kind.rawValue }
    public var needs: ObjectiveNeeds { .observers }

    public var definition: String {
        kind == .nll
            ? "nll: mean over the images of −ln p(label), no augmentation; observers in evaluation mode"
            : "entropy: mean over the images of −Σ p ln p, no augmentation; observers in evaluation mode"
    }

    public func values(of sets: [ObjectiveSet], in context: ObjectiveContext) throws -> [ObjectiveValue] {
        let table = try ElementTable(sets, in: context)
        var values = sets.map { _ in ObjectiveValue(literal: []) }
        try context.forEachObserver(name) { _, network in
            var own = [Double](repeating: 0, count: table.elements.count)
            try table.forEachBlock { range, pixels in
                let logits = try network.observe(pixels).logits
                for (row, element) in range.enumerated() {
                    let label = Int(table.elements[element].label)
                    logits.values.withRow(row, of: logits.columns) {
                        own[element] = kind == .nll ? crossEntropy($0, label: label) : entropy($0)
                    }
                }
            }
            for set in sets.indices { values[set].literal.append(table.mean(of: set) { own[$0] }) }
        }
        return values.map { ObjectiveValue(literal: $0.literal, debiased: $0.literal) }
    }
}

/// The objective `rded` (Sun et al. 2024): how unreal a trained network finds a set, as RDED scores the crops that it
/// chooses: of each image several square random crops, enlarged, the lowest cross-entropy to the label among them; the mean
/// over the images. RDED keeps images where this is low. As a mean over images it has no part that the size explains.
///
/// The views are drawn by image, so that an image looks the same in every set.
public struct Realism: DistillationObjective, Equatable {
    /// Random crops of each image.
    public var crops: Int
    /// The least share of the area in a crop.
    public var scale: Double

    public init(crops: Int = 5, scale: Double = 0.08) {
        precondition(crops > 0 && scale > 0 && scale <= 1, "crops of nothing")
        self.crops = crops
        self.scale = scale
    }

    public var name: String { "rded" }
    public var needs: ObjectiveNeeds { .observers }

    public var definition: String {
        "rded: mean over the images of the lowest cross-entropy of \(crops) random crops of scale \(scale)…1, ratio 1, "
            + "enlarged to the whole image; observers in evaluation mode"
    }

    public func values(of sets: [ObjectiveSet], in context: ObjectiveContext) throws -> [ObjectiveValue] {
        let table = try ElementTable(sets, in: context)
        let crop = Augmentation([.randomResizedCrop(scale: scale...1, ratio: 1...1)])
        let augmenter = Augmenter(
            crop, shape: context.shape, run: "rded", seed: context.seed, samples: ElementTable.samples)
        var values = sets.map { _ in ObjectiveValue(literal: []) }
        try context.forEachObserver(name) { _, network in
            var lowest = [Double](repeating: .infinity, count: table.elements.count)
            for draw in 0..<crops {
                let view = { augmenter.view(epoch: draw, batch: 0, sample: table.sample($0)) }
                try table.forEachBlock(view: view) { range, pixels in
                    let logits = try network.observe(pixels).logits
                    for (row, element) in range.enumerated() {
                        let label = Int(table.elements[element].label)
                        logits.values.withRow(row, of: logits.columns) {
                            lowest[element] = min(lowest[element], crossEntropy($0, label: label))
                        }
                    }
                }
            }
            for set in sets.indices { values[set].literal.append(table.mean(of: set) { lowest[$0] }) }
        }
        return values.map { ObjectiveValue(literal: $0.literal, debiased: $0.literal) }
    }
}

/// −ln softmax(z)[label], in double precision.
func crossEntropy(_ logits: UnsafeBufferPointer<Float>, label: Int) -> Double {
    logSum(logits) - Double(logits[label])
}

/// −Σ p ln p of p = softmax(z), in double precision.
func entropy(_ logits: UnsafeBufferPointer<Float>) -> Double {
    let total = logSum(logits)
    return logits.reduce(0) { sum, z in
        let logarithm = Double(z) - total
        return sum - exp(logarithm) * logarithm
    }
}

private func logSum(_ logits: UnsafeBufferPointer<Float>) -> Double {
    let largest = Double(logits.max() ?? 0)
    return largest + log(logits.reduce(0) { $0 + exp(Double($1) - largest) })
}
