import Randomness
import Training

/// How far the statistics of batch normalisations' inputs lie from the running ones of a trained network:
/// Σ_l m_l (‖mean_l − RM_l‖₂ + λ ‖var_l − RV_l‖₂), norms not squared, variances biased. Norms of differences are no
/// polynomials of means: there is no closed form of the part that the size of a set explains.
struct BatchStatisticsLoss: Sendable, Equatable {
    /// λ.
    var varianceWeight = 1.0
    /// m of the first layer; all others have 1.
    var firstMultiplier = 1.0
    /// Images whose statistics are taken together, of different classes as far as there are; nil: the whole set. Of the
    /// last batch nothing is taken where it is not full.
    var batch: Int?

    func value(_ moments: Moments, _ layers: [RunningStatistics]) -> Double {
        var (sum, start) = (0.0, 0)
        for (index, layer) in layers.enumerated() {
            var (means, variances) = (0.0, 0.0)
            for channel in layer.mean.indices {
                let (mean, variance) = moments[start + channel]
                means += (mean - Double(layer.mean[channel])) * (mean - Double(layer.mean[channel]))
                let difference = variance - Double(layer.variance[channel])
                variances += difference * difference
            }
            sum += (index == 0 ? firstMultiplier : 1) * (means.squareRoot() + varianceWeight * variances.squareRoot())
            start += layer.mean.count
        }
        return sum
    }

    /// Batches of each set as elements with how often they stand in it.
    func batches(_ table: ElementTable, sets: Int, seed: Int) -> [[[(element: Int, times: Int)]]] {
        (0..<sets).map { set in
            guard let batch else { return [table.members[set]] }
            let items = table.classByClass(set, seed: seed)
            guard items.count > batch else { return [table.members[set]] }
            return (0..<items.count / batch).map { index in
                let counts = items[index * batch..<(index + 1) * batch].reduce(into: [Int: Int]()) {
                    $0[$1, default: 0] += 1
                }
                return counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
            }
        }
    }
}

/// Sums from which mean and variance of each channel follow.
struct Moments {
    private var count = 0.0
    private var means: [Double]
    private var squares: [Double]

    init(channels: Int) {
        means = [Double](repeating: 0, count: channels)
        squares = means
    }

    /// Adds an image so many times.
    mutating func add(_ mean: UnsafeBufferPointer<Float>, _ variance: UnsafeBufferPointer<Float>, times: Int) {
        let weight = Double(times)
        count += weight
        for channel in means.indices {
            let center = Double(mean[channel])
            means[channel] += weight * center
            squares[channel] += weight * (Double(variance[channel]) + center * center)
        }
    }

    subscript(channel: Int) -> (mean: Double, variance: Double) {
        let mean = means[channel] / count
        return (mean, squares[channel] / count - mean * mean)
    }
}

extension ElementTable {
    /// The images of a set, one of each class in turn, in a random order within the class.
    func classByClass(_ set: Int, seed: Int) -> [Int] {
        let items = items(of: set)
        var stream = RandomStream("batches of a set", seed: seed, purpose: "order")
        var seen: [Int32: Int] = [:]
        let ranked = stream.permutation(of: items.count).map { at -> (rank: Int, label: Int32, item: Int) in
            let label = elements[items[at]].label
            let rank = seen[label, default: 0]
            seen[label] = rank + 1
            return (rank, label, items[at])
        }
        return ranked.sorted { ($0.rank, $0.label) < ($1.rank, $1.label) }.map(\.item)
    }

    /// What a trained network shows of each set: the statistics loss, the mean over its batches, and the mean
    /// cross-entropy of its images.
    func observe(
        _ observer: borrowing FrozenNetwork, _ loss: BatchStatisticsLoss, sets: Int, seed: Int,
        view: ((_ element: Int) -> View)? = nil
    ) throws -> [(statistics: Double, entropy: Double)] {
        let layers = observer.runningStatistics
        let channels = layers.reduce(0) { $0 + $1.mean.count }
        let batches = loss.batches(self, sets: sets, seed: seed)
        let shares = shares(of: batches.flatMap(\.self))
        var moments = batches.flatMap(\.self).map { _ in Moments(channels: channels) }
        var entropies = [Double](repeating: 0, count: elements.count)
        try forEachBlock(view: view) { range, pixels in
            let seen = try observer.observe(pixels)
            for (row, element) in range.enumerated() {
                let logits = seen.logits
                logits.values.withRow(row, of: logits.columns) {
                    entropies[element] = crossEntropy($0, label: Int(elements[element].label))
                }
                seen.means.values.withRow(row, of: channels) { means in
                    seen.variances.values.withRow(row, of: channels) { variances in
                        for share in shares[element] {
                            moments[share.group].add(means, variances, times: share.times)
                        }
                    }
                }
            }
        }
        var group = 0
        return (0..<sets).map { set in
            var statistics = 0.0
            for _ in batches[set] {
                statistics += loss.value(moments[group], layers) / Double(batches[set].count)
                group += 1
            }
            return (statistics, mean(of: set) { entropies[$0] })
        }
    }

    /// The mean over the images of a set of what `value` says of each element.
    func mean(of set: Int, _ value: (_ element: Int) -> Double) -> Double {
        let total = members[set].reduce(0.0) { $0 + Double($1.times) * value($1.element) }
        return total / Double(members[set].reduce(0) { $0 + $1.times })
    }
}

extension ObjectiveContext {
    /// Calls `body` with each observer.
    ///
    /// - Throws: `.noObserver`, and `.noBatchNorm` where that is needed.
    func forEachObserver(
        _ objective: String, needsBatchNorm: Bool = false,
        _ body: (TrainedNetwork, borrowing FrozenNetwork) throws -> Void
    ) throws {
        guard !observers.isEmpty else { throw ObjectiveError.noObserver(objective: objective) }
        for (index, observer) in observers.enumerated() {
            onProgress?(objective, Double(index) / Double(observers.count))
            let network = try FrozenNetwork(
                observer.network, shape: shape, classes: classes, weights: observer.weights, threads: threads)
            if needsBatchNorm, network.runningStatistics.isEmpty {
                throw ObjectiveError.noBatchNorm(objective: objective, observer: observer.name)
            }
            try body(observer, network)
        }
    }
}
