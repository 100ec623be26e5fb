import Randomness
import Training

/// The objective `dm`: Σ_c ‖mean ψ(D_c) − mean ψ(S_c)‖², ψ the flattened features of a random network before its linear
/// layer, summed over classes (Zhao & Bilen, "Dataset condensation with distribution matching", 2023).
///
/// `dm` takes all images of each class as they are; `dm-batches` is one step of the published algorithm: a batch of D_c,
/// and one draw of DSA for each class, the same for both sides. A class without images in a set adds nothing.
///
/// **Debiased form.** Even a random subset has a positive loss, the larger the smaller it is, so that losses of subsets
/// of different sizes are ordered by their sizes first. For S_c drawn from D_c without replacement, n of N images,
///
///     E ‖mean ψ(S_c) − mean ψ(D_c)‖² = tr Σ_c (1/n)(1 − n/N) = tr Σ_c (1/n − 1/N),
///
/// with Σ_c the covariance of ψ over D_c (ddof 1): the variance of a mean with the finite-population correction. The
/// covariance within the subset (ddof 1) is an unbiased estimate of it, and remains the right measure of the noise of
/// mean ψ(S_c) when S_c is a random draw from another, narrower distribution (the easy images, say). So
///
///     debiased = Σ_c [ ‖mean ψ(S_c) − mean ψ(D_c)‖² − tr Σ̂_c (1/n − 1/N) ]
///
/// has expectation zero for random subsets of any size, and may be negative. With images that stand in the set m_i times
/// 1/n becomes Σ m_i² / (Σ m_i)², so that repeating a set changes nothing. A batch of D adds its own noise, which is
/// subtracted in the same way. It is undefined (NaN) where a class of the set has a single image that is not the class's
/// only one.
public struct DistributionMatching: DistillationObjective, Equatable {
    public enum Form: Sendable, Equatable {
        case wholeClasses
        /// This many images of each class of D, with DSA.
        case batches(Int)
    }

    public var networks: ObjectiveNetworks
    public var form: Form

    public init(networks: ObjectiveNetworks = .standard, form: Form = .wholeClasses) {
        self.networks = networks
        self.form = form
    }

    public var name: String {
        (form == .wholeClasses ? "dm" : "dm-batches") + (networks == .observers ? "-observers" : "")
    }

    public var needs: ObjectiveNeeds { networks.needs }

    public var definition: String {
        let real =
            switch form {
            case .wholeClasses: "means over whole classes, no augmentation"
            case .batches(let count): "means over \(count) real images per class and one draw of DSA per class"
            }
        return "\(name): squared distance of mean features, summed over classes; \(real); \(networks.words)"
    }

    public func values(of sets: [ObjectiveSet], in context: ObjectiveContext) throws -> [ObjectiveValue] {
        let count = try context.networkCount(networks, objective: name)
        let table = try ElementTable(sets, in: context)
        let shares = table.shares(of: table.members)
        var values = sets.map { _ in ObjectiveValue(literal: [], debiased: []) }
        for index in 0..<count {
            context.onProgress?(name, Double(index) / Double(count))
            if form != .wholeClasses, context.spec(networks, index).hasBatchNorm {
                throw ObjectiveError.badOption(
                    objective: name,
                    reason: "batches of one class have no statistics that batch normalisation could use; take "
                        + "'norm: instance', or whole classes ('dm')")
            }
            let frozen = try context.network(networks, index, objective: "dm")
            let views = form == .wholeClasses ? nil : views(index, context)
            let real = try classMeans(frozen, views, index, context)
            var sums = sets.map { _ in ClassSums(classes: context.classes, width: frozen.featureCount) }
            let view = views.map { views in { (element: Int) in views[Int(table.elements[element].label)] } }
            try table.forEachBlock(view: view) { range, pixels in
                let features = try frozen.observe(pixels).features
                for (row, element) in range.enumerated() {
                    let label = Int(table.elements[element].label)
                    features.values.withRow(row, of: features.columns) { feature in
                        for share in shares[element] {
                            sums[share.group].add(feature, times: share.times, to: label, around: real)
                        }
                    }
                }
            }
            for set in sets.indices {
                let (literal, debiased) = sums[set].discrepancy(from: real)
                values[set].literal.append(literal)
                values[set].debiased.append(debiased)
            }
        }
        return values
    }

    /// One view per class.
    private func views(_ network: Int, _ context: ObjectiveContext) -> [View] {
        let augmenter = Augmenter(
            Augmentation([.dsa(DSA(siamese: true))]), shape: context.shape, run: "dm", seed: context.seed,
            samples: context.classes)
        return (0..<context.classes).map { augmenter.view(epoch: network, batch: $0, sample: $0) }
    }

    private func classMeans(
        _ network: borrowing FrozenNetwork, _ views: [View]?, _ index: Int, _ context: ObjectiveContext
    ) throws -> ClassMeans {
        var positions = Array(context.labels.indices)
        if case .batches(let size) = form {
            positions = context.batches(of: size, identity: "dm", index: index).flatMap(\.self)
        }
        var means = ClassMeans(context.labels, classes: context.classes, width: network.featureCount)
        let viewer = Viewer(context.shape)
        for start in stride(from: 0, to: positions.count, by: 1024) {
            let part = positions[start..<min(start + 1024, positions.count)]
            var pixels = context.images.pixels(at: part)
            if let views { pixels = viewer.draw(pixels, part.map { views[Int(context.labels[$0])] }) }
            let features = try network.observe(pixels).features
            for (row, position) in part.enumerated() {
                features.values.withRow(row, of: features.columns) { means.add($0, to: Int(context.labels[position])) }
            }
        }
        means.finish()
        return means
    }
}

/// Mean features of the classes of D, or of batches of them.
struct ClassMeans {
    let width: Int
    /// Images of D in each class.
    let population: [Int]
    /// Images behind each mean.
    private(set) var counts: [Int]
    /// [classes, width]
    private(set) var means: [Double]
    private var squares: [Double]

    init(_ labels: [Int32], classes: Int, width: Int) {
        self.width = width
        var population = [Int](repeating: 0, count: classes)
        for label in labels { population[Int(label)] += 1 }
        self.population = population
        counts = [Int](repeating: 0, count: classes)
        means = [Double](repeating: 0, count: classes * width)
        squares = [Double](repeating: 0, count: classes)
    }

    mutating func add(_ feature: UnsafeBufferPointer<Float>, to label: Int) {
        counts[label] += 1
        for k in 0..<width {
            let value = Double(feature[k])
            means[label * width + k] += value
            squares[label] += value * value
        }
    }

    mutating func finish() {
        for label in counts.indices where counts[label] > 0 {
            for k in label * width..<(label + 1) * width { means[k] /= Double(counts[label]) }
        }
    }

    /// E ‖mean of the batch − mean of the class‖², estimated from the batch; 0 for whole classes.
    func noise(_ label: Int) -> Double {
        let (n, all) = (Double(counts[label]), Double(population[label]))
        guard counts[label] < population[label] else { return 0 }
        let center = means[label * width..<(label + 1) * width].reduce(0) { $0 + $1 * $1 }
        return (squares[label] - n * center) / (n - 1) * (1 / n - 1 / all)
    }
}

/// Sums over the images of one set, class by class, around the means of D.
struct ClassSums {
    private let width: Int
    /// Σ m, Σ m²
    private var counts: [Int]
    private var squaredCounts: [Int]
    /// Σ m (ψ − mean ψ(D_c)), [classes, width]
    private var sums: [Double]
    /// Σ m ‖ψ − mean ψ(D_c)‖²
    private var squares: [Double]

    init(classes: Int, width: Int) {
        self.width = width
        counts = [Int](repeating: 0, count: classes)
        squaredCounts = counts
        sums = [Double](repeating: 0, count: classes * width)
        squares = [Double](repeating: 0, count: classes)
    }

    mutating func add(_ feature: UnsafeBufferPointer<Float>, times: Int, to label: Int, around real: ClassMeans) {
        counts[label] += times
        squaredCounts[label] += times * times
        var square = 0.0
        for k in 0..<width {
            let difference = Double(feature[k]) - real.means[label * width + k]
            sums[label * width + k] += Double(times) * difference
            square += difference * difference
        }
        squares[label] += Double(times) * square
    }

    /// Σ_c ‖mean ψ(S_c) − mean ψ(D_c)‖², literal and without the bias of the set's size.
    func discrepancy(from real: ClassMeans) -> (literal: Double, debiased: Double) {
        var (literal, bias) = (0.0, 0.0)
        for label in counts.indices where counts[label] > 0 && real.counts[label] > 0 {
            let (m, all) = (counts[label], real.population[label])
            let total = sums[label * width..<(label + 1) * width].reduce(0) { $0 + $1 * $1 }
            literal += total / Double(m * m)
            let numerator = all * squaredCounts[label] - m * m
            if numerator != 0 {
                let degrees = m * m - squaredCounts[label]
                // A single image, however often, says nothing of the spread.
                let trace = degrees > 0 ? (squares[label] - total / Double(m)) / Double(degrees) : .nan
                bias += trace * Double(numerator) / Double(all * m)
            }
            bias += real.noise(label)
        }
        return (literal, literal - bias)
    }
}
