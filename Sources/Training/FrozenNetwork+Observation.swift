import Records

/// Parameters and running statistics of a network by name, as checkpoints store them.
public typealias NetworkWeights = [NamedTensor]

/// What one evaluation pass shows of images.
///
/// Legend: n images, C classes, d penultimate features, M channels of all batch normalisations.
public struct Observation: Sendable, Equatable {
    /// [n, C]
    public var logits: FloatMatrix
    /// [n, d]
    public var features: FloatMatrix
    /// Mean over each image's pixels of the input of every batch normalisation, one layer behind the other, [n, M].
    public var means: FloatMatrix
    /// Their biased variances, [n, M].
    public var variances: FloatMatrix
}

/// A batch normalisation of a trained network.
public struct RunningStatistics: Sendable, Equatable {
    public var name: String
    /// One per channel.
    public var mean: [Float]
    /// One per channel.
    public var variance: [Float]
}

extension FrozenNetwork {
    /// The batch normalisations in the order in which images meet them; empty for a network without.
    public var runningStatistics: [RunningStatistics] {
        team.network.batchNorms.map { norm in
            RunningStatistics(
                name: norm.own.norm.name, mean: values(norm.runningMean), variance: values(norm.runningVariance))
        }
    }

    private func values(_ parameter: ParameterLayout.Parameter) -> [Float] {
        Array(UnsafeBufferPointer(start: parameters.pointer + parameter.offset, count: parameter.count))
    }

    /// Logits, features and the statistics of batch normalisations' inputs of normalised images
    /// [n, channels, height, width], in one pass and in evaluation mode. What it says of an image does not depend on the
    /// other images.
    public func observe(_ images: [Float]) throws(TrainingError) -> Observation {
        let count = images.count / shape.count
        precondition(images.count == count * shape.count, "\(images.count) pixels are no images of \(shape)")
        let network = team.network
        let channels = network.batchNorms.reduce(0) { $0 + $1.runningMean.count }
        let (logits, features) = (Rows(count, network.classes), Rows(count, network.featureCount))
        let (means, variances) = (Rows(count, channels), Rows(count, channels))
        if count > 0 {
            try images.withPointer { images throws(TrainingError) in
                let targets = (logits.base, features.base, means.base, variances.base)
                try team.observe(images, count: count, keepsMoments: channels > 0) { rows, pass in
                    let block = 0..<rows.count
                    network.places[network.places.count - 1].copy(pass, block, to: targets.0, row: rows.lowerBound)
                    network.places[network.description.features].copy(
                        pass, block, to: targets.1, row: rows.lowerBound)
                    network.copyMoments(pass, block, targets.2, targets.3, row: rows.lowerBound, across: channels)
                }
            }
        }
        return Observation(
            logits: logits.matrix(), features: features.matrix(), means: means.matrix(),
            variances: variances.matrix())
    }
}

/// Rows that several threads fill, each its own.
private struct Rows {
    let rows: Int
    let columns: Int
    private let buffer: FloatBuffer

    init(_ rows: Int, _ columns: Int) {
        (self.rows, self.columns) = (rows, columns)
        buffer = FloatBuffer(rows * columns)
    }

    var base: UnsafeMutablePointer<Float> { buffer.pointer }

    func matrix() -> FloatMatrix {
        FloatMatrix(
            rows: rows, columns: columns,
            values: Array(UnsafeBufferPointer(start: buffer.pointer, count: rows * columns)))
    }
}

extension TensorPlace {
    /// Copies the flat rows of a pass's tensor to rows from `row` on.
    fileprivate func copy(_ pass: Pass, _ images: Range<Int>, to target: UnsafeMutablePointer<Float>, row: Int) {
        (target + row * count).update(from: pointer(pass, images), count: images.count * count)
    }
}

extension Network {
    /// Mean and biased variance of each channel of each image, in rows of `across` numbers.
    fileprivate func copyMoments(
        _ pass: Pass, _ images: Range<Int>, _ means: UnsafeMutablePointer<Float>,
        _ variances: UnsafeMutablePointer<Float>, row: Int, across: Int
    ) {
        var start = 0
        for norm in batchNorms {
            let statistics = pass.activations.statistics[norm.own.index]
            let area = Float(norm.own.place.grid(1).area)
            for image in images {
                let (from, to) = (image * norm.own.across, (row + image) * across + start)
                for channel in 0..<norm.runningMean.count {
                    means[to + channel] = statistics.mean.pointer[from + channel]
                    variances[to + channel] = statistics.spread.pointer[from + channel] / area
                }
            }
            start += norm.runningMean.count
        }
    }
}
