import Training

/// The objective `dm`: Σ_c ‖mean ψ(D_c) − mean ψ(S_c)‖², ψ the flattened features of a random ConvNet before its linear
/// layer, summed over classes, all images of each class, no augmentation (Zhao & Bilen, "Dataset condensation with
/// distribution matching", 2023).
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
/// has expectation zero for random subsets of any size, and may be negative. It is undefined (NaN) where a class of the
/// subset has a single image that is not the class's only one.
public struct DistributionMatching: Sendable, Equatable {
    /// Random networks, initialised as training initialises them.
    public var networks: Int
    public var width: Int
    public var depth: Int
    public var seed: Int
    public var threads: Int

    public init(networks: Int = 5, width: Int = 32, depth: Int = 3, seed: Int, threads: Int = 1) {
        precondition(networks > 0, "distribution matching needs a network")
        self.networks = networks
        self.width = width
        self.depth = depth
        self.seed = seed
        self.threads = threads
    }

    /// The objective of several subsets at once: the images are embedded once per network. Memory: one network's
    /// features of all images.
    /// - Parameters:
    ///   - real: D, [N, channels, height, width], normalised.
    ///   - labels: [N]
    ///   - subsets: positions in D, each at most once; a class without images in a subset adds nothing.
    public func losses(
        real: [Float], shape: ImageShape, labels: [Int32], classes: Int, subsets: [[Int]]
    ) throws(TrainingError) -> [ObjectiveValue] {
        precondition(real.count == labels.count * shape.count, "\(real.count) pixels for \(labels.count) labels")
        precondition(subsets.allSatisfy { $0.allSatisfy(labels.indices.contains) }, "a position beyond the data")
        var values = subsets.map { _ in ObjectiveValue(literal: [], debiased: []) }
        for index in 0..<networks {
            let network = try FrozenNetwork(
                .convnet(depth: depth, width: width), shape: shape, classes: classes, identity: "dm/network\(index)",
                seed: seed, threads: threads)
            let features = try network.features(of: real)
            let embedding = ClassEmbedding(
                features: features.values, width: features.columns, labels: labels, classes: classes)
            for (position, subset) in subsets.enumerated() {
                let (literal, debiased) = embedding.discrepancy(of: subset)
                values[position].literal.append(literal)
                values[position].debiased.append(debiased)
            }
        }
        return values
    }
}

/// Features of a data set and the means of its classes.
struct ClassEmbedding {
    let features: [Float]
    let width: Int
    let labels: [Int32]
    let classes: Int
    private let counts: [Int]
    /// [classes, width]
    private let means: [Double]

    init(features: [Float], width: Int, labels: [Int32], classes: Int) {
        self.features = features
        self.width = width
        self.labels = labels
        self.classes = classes
        (counts, means) = Self.means(of: labels.indices, features, width, labels, classes)
    }

    /// Σ_c ‖mean ψ(S_c) − mean ψ(D_c)‖², literal and without the bias of the subset's size.
    func discrepancy(of subset: [Int]) -> (literal: Double, debiased: Double) {
        let (own, centers) = Self.means(of: subset, features, width, labels, classes)
        var scatter = [Double](repeating: 0, count: classes)  // Σ ‖ψ − mean ψ(S_c)‖²
        for image in subset {
            let label = Int(labels[image])
            for k in 0..<width {
                let difference = Double(features[image * width + k]) - centers[label * width + k]
                scatter[label] += difference * difference
            }
        }
        var literal = 0.0
        var bias = 0.0
        for label in 0..<classes where own[label] > 0 {
            for k in label * width..<(label + 1) * width {
                literal += (centers[k] - means[k]) * (centers[k] - means[k])
            }
            if own[label] < counts[label] {
                let (n, all) = (Double(own[label]), Double(counts[label]))
                bias += scatter[label] / (n - 1) * (1 / n - 1 / all)  // 0/0 for a single image: undefined
            }
        }
        return (literal, literal - bias)
    }

    private static func means(
        of images: some Sequence<Int>, _ features: [Float], _ width: Int, _ labels: [Int32], _ classes: Int
    ) -> (counts: [Int], means: [Double]) {
        var counts = [Int](repeating: 0, count: classes)
        var sums = [Double](repeating: 0, count: classes * width)
        for image in images {
            let label = Int(labels[image])
            counts[label] += 1
            for k in 0..<width { sums[label * width + k] += Double(features[image * width + k]) }
        }
        for label in 0..<classes where counts[label] > 0 {
            for k in label * width..<(label + 1) * width { sums[k] /= Double(counts[label]) }
        }
        return (counts, sums)
    }
}
