/// Mean and standard deviation of each channel, in units of pixels / 255.
public struct Normalization: Sendable, Equatable {
    /// [C]
    public let mean: [Float]
    /// [C]; 1 for a channel of one value.
    public let std: [Float]

    public init(mean: [Float], std: [Float]) {
        precondition(mean.count == std.count, "\(mean.count) means and \(std.count) standard deviations")
        self.mean = mean
        self.std = std
    }

    /// The normalised value of pixel p of channel c at 256 c + p.
    public var table: [Float] {
        mean.indices.flatMap { c in (0..<256).map { (Float($0) / 255 - mean[c]) / std[c] } }
    }

    /// Of these images (the training images, never the test ones); the standard deviation has ddof 0, as is usual here.
    ///
    /// Counted in whole numbers, so that the order of the images does not move a bit.
    public init(of images: ImageSet, indices: [Int]) {
        let plane = images.height * images.width
        var counts = [Int](repeating: 0, count: 256 * images.channels)
        images.pixels.withUnsafeBufferPointer { pixels in
            for i in indices {
                for c in 0..<images.channels {
                    let start = (i * images.channels + c) * plane
                    for at in start..<start + plane { counts[256 * c + Int(pixels[at])] += 1 }
                }
            }
        }
        var mean: [Float] = []
        var std: [Float] = []
        let n = Double(indices.count * plane)
        for c in 0..<images.channels {
            let histogram = counts[256 * c..<256 * (c + 1)]
            let values = zip(0..., histogram)
            let centre = n > 0 ? values.reduce(0.0) { $0 + Double($1.0 * $1.1) } / n : 0
            let variance =
                n > 0
                ? values.reduce(0.0) { $0 + Double($1.1) * (Double($1.0) - centre) * (Double($1.0) - centre) } / n : 0
            mean.append(Float(centre / 255))
            std.append(variance > 0 ? Float(variance.squareRoot() / 255) : 1)
        }
        self.init(mean: mean, std: std)
    }
}

extension ImageSet {
    /// The images at these positions as (pixel / 255 − mean) / std, [n, C, H, W].
    public func floats(_ indices: [Int], _ n: Normalization) -> [Float] {
        precondition(n.mean.count == channels, "normalisation of \(n.mean.count) channels for \(channels)")
        let table = n.table
        let plane = height * width
        return [Float](unsafeUninitializedCapacity: indices.count * valuesPerImage) { out, filled in
            pixels.withUnsafeBufferPointer { pixels in
                table.withUnsafeBufferPointer { table in
                    for i in indices {
                        for c in 0..<channels {
                            let start = (i * channels + c) * plane
                            for at in start..<start + plane {
                                out.initializeElement(at: filled, to: table[256 * c + Int(pixels[at])])
                                filled += 1
                            }
                        }
                    }
                }
            }
        }
    }
}
