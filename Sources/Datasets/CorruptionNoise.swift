import Foundation
import Randomness

extension Picture {
    /// Normal noise on every value.
    mutating func addNoise(deviation: Double, _ stream: inout RandomStream) {
        values = values.map { $0 + deviation * stream.normal() }
    }

    /// Salt and pepper, equally likely, on a fraction of all values, each channel by itself.
    mutating func addImpulses(amount: Double, _ stream: inout RandomStream) {
        for at in bytes.indices {
            // Two numbers for each value, hit or not.
            let isHit = stream.uniform() < amount
            let isSalt = stream.uniform() < 0.5
            if isHit { bytes[at] = isSalt ? 255 : 0 }
        }
    }
}

/// The noise of counted photons: a value x becomes a Poisson number of mean x · photons, over photons.
///
/// There are only 256 means, so that each has a table of its distribution, which one uniform number is looked up in.
struct ShotNoise {
    /// P(k or fewer) for k = 0, 1, … by value 0…255.
    private let cumulative: [[Double]]
    /// What k photons make.
    private let byte: [UInt8]

    /// - Parameter photons: of a white pixel, at most 700: e^−photons must be a number.
    init(photons: Double) {
        precondition(photons > 0 && photons <= 700, "\(photons) photons")
        // Twelve standard deviations: what is beyond has a probability below 1e-16.
        let most = Int(photons + 12 * photons.squareRoot()) + 20
        cumulative = (0..<256).map { value in
            let mean = Double(value) / 255 * photons
            var probability = exp(-mean)
            var sum = probability
            return [sum]
                + (1...most).map { k in
                    probability *= mean / Double(k)
                    sum += probability
                    return sum
                }
        }
        byte = (0...most).map { Picture.byte(Double($0) / photons) }
    }

    func apply(to image: inout Picture, _ stream: inout RandomStream) {
        for at in image.bytes.indices {
            let table = cumulative[Int(image.bytes[at])]
            let u = stream.uniform()
            // The first k whose cumulative probability is above u.
            var (low, high) = (0, table.count - 1)
            while low < high {
                let middle = (low + high) / 2
                if table[middle] > u { high = middle } else { low = middle + 1 }
            }
            image.bytes[at] = byte[low]
        }
    }
}
