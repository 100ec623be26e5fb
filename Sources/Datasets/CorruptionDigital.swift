import Foundation
import Randomness

extension Picture {
    /// Made small and large again with box filters.
    mutating func pixelate(_ scale: Double) {
        let small = (height: max(1, Int(Double(height) * scale)), width: max(1, Int(Double(width) * scale)))
        var planes: [UInt8] = []
        for channel in 0..<channels {
            let reduced = Resampling.resize(
                Array(bytes[channel * plane..<(channel + 1) * plane]), height: height, width: width, channels: 1,
                toHeight: small.height, width: small.width, .box)
            planes += Resampling.resize(
                reduced, height: small.height, width: small.width, channels: 1, toHeight: height, width: width, .box)
        }
        bytes = planes
    }

    mutating func throughJPEG(quality: Int) throws(DatasetError) {
        var pixels = bytes
        for at in 0..<plane { for c in 0..<channels { pixels[at * channels + c] = bytes[c * plane + at] } }
        do throws(ImageFault) {
            try ImageCodec.throughJPEG(&pixels, width: width, height: height, channels: channels, quality: quality)
        } catch {
            throw DatasetError(dataset: "corruptions", .images(error))
        }
        for at in 0..<plane { for c in 0..<channels { bytes[c * plane + at] = pixels[at * channels + c] } }
    }

    /// An affine map whose three corners are drawn, then smooth displacements (Simard et al. 2003).
    mutating func deform(_ form: CorruptionTable.Elastic, _ stream: inout RandomStream) {
        let corners = (0..<6).map { _ in (stream.uniform() * 2 - 1) * form.corner }
        let down = (0..<plane).map { _ in stream.uniform() * 2 - 1 }
        let right = (0..<plane).map { _ in stream.uniform() * 2 - 1 }
        deform(form, corners: corners, down: down, right: right)
    }

    /// - Parameters:
    ///   - corners: what is added to x and y of the three corners, in pixels.
    ///   - down, right: displacements before they are smoothed, [H, W].
    mutating func deform(_ form: CorruptionTable.Elastic, corners: [Double], down: [Double], right: [Double]) {
        let affine = AffineMap(height: height, width: width, corners: corners)
        let source = values
        var moved = source
        for at in 0..<plane {
            let (y, x) = affine.source(of: Double(at / width), Double(at % width))
            sample(source, y, x, beyond: mirrored) { moved[$0 * plane + at] = $1 }
        }
        let downs = smoothed(down, sigma: form.sigma).map { $0 * form.strength }
        let rights = smoothed(right, sigma: form.sigma).map { $0 * form.strength }
        var deformed = moved
        for at in 0..<plane {
            let (y, x) = (Double(at / width) + downs[at], Double(at % width) + rights[at])
            sample(moved, y, x, beyond: reflected) { deformed[$0 * plane + at] = $1 }
        }
        values = deformed
    }

    /// The value of each channel between four pixels.
    private func sample(
        _ values: [Double], _ y: Double, _ x: Double, beyond: (Int, Int) -> Int, _ give: (Int, Double) -> Void
    ) {
        let (top, left) = (y.rounded(.down), x.rounded(.down))
        let (down, right) = (y - top, x - left)
        let rows = (beyond(Int(top), height) * width, beyond(Int(top) + 1, height) * width)
        let columns = (beyond(Int(left), width), beyond(Int(left) + 1, width))
        for channel in 0..<channels {
            let start = channel * plane
            let above = values[start + rows.0 + columns.0] * (1 - right) + values[start + rows.0 + columns.1] * right
            let below = values[start + rows.1 + columns.0] * (1 - right) + values[start + rows.1 + columns.1] * right
            give(channel, above * (1 - down) + below * down)
        }
    }

    /// A Gaussian cut off at three standard deviations, the border reflected.
    private func smoothed(_ map: [Double], sigma: Double) -> [Double] {
        guard sigma > 0 else { return map }
        let reach = Int(3 * sigma + 0.5)
        let bell = (-reach...reach).map { exp(-Double($0 * $0) / (2 * sigma * sigma)) }
        let sum = bell.reduce(0, +)
        // Weights beyond the border fall on the pixels that they are reflected to.
        func matrix(_ count: Int) -> [[Double]] {
            (0..<count).map { at in
                var row = [Double](repeating: 0, count: count)
                for (tap, weight) in zip(-reach...reach, bell) { row[reflected(at + tap, count)] += weight / sum }
                return row
            }
        }
        let (vertical, horizontal) = (matrix(height), matrix(width))
        var lines = map
        for y in 0..<height {
            for x in 0..<width {
                lines[y * width + x] = (0..<height).reduce(0) { $0 + vertical[y][$1] * map[$1 * width + x] }
            }
        }
        var result = lines
        for y in 0..<height {
            for x in 0..<width {
                result[y * width + x] = (0..<width).reduce(0) { $0 + horizontal[x][$1] * lines[y * width + $1] }
            }
        }
        return result
    }
}

/// The affine map that takes three corners of the middle square to where they were moved, read backwards.
struct AffineMap {
    /// x and y of the source are a + b · x + c · y of the target.
    private let x: [Double]
    private let y: [Double]

    init(height: Int, width: Int, corners: [Double]) {
        // The benchmark takes (height, width) for (x, y) here; for square images they are the same.
        let centre = (Double(height / 2), Double(width / 2))
        let reach = Double(min(height, width) / 3)
        let from = [
            (centre.0 + reach, centre.1 + reach), (centre.0 + reach, centre.1 - reach),
            (centre.0 - reach, centre.1 - reach),
        ]
        let to = (0..<3).map { (from[$0].0 + corners[2 * $0], from[$0].1 + corners[2 * $0 + 1]) }
        // Cramer's rule on a + b · x + c · y = value at the three moved corners.
        let (u, v) = ((to[1].0 - to[0].0, to[1].1 - to[0].1), (to[2].0 - to[0].0, to[2].1 - to[0].1))
        let determinant = u.0 * v.1 - u.1 * v.0
        func plane(_ values: [Double]) -> [Double] {
            guard determinant != 0 else { return [values[0], 0, 0] }
            let (p, q) = (values[1] - values[0], values[2] - values[0])
            let b = (p * v.1 - u.1 * q) / determinant
            let c = (u.0 * q - p * v.0) / determinant
            return [values[0] - b * to[0].0 - c * to[0].1, b, c]
        }
        x = plane(from.map(\.0))
        y = plane(from.map(\.1))
    }

    /// Where the value of a target pixel comes from: y, x.
    func source(of row: Double, _ column: Double) -> (Double, Double) {
        (y[0] + y[1] * column + y[2] * row, x[0] + x[1] * column + x[2] * row)
    }
}
