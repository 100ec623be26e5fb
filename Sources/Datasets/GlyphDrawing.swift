import Randomness

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The ten classes, as signed distances: negative inside, in units of the glyph's half size.
enum GlyphShape: String, CaseIterable {
    case disc, ring, square, frame, triangle, plus, saltire, bars, crescent, star

    func distance(_ x: Double, _ y: Double) -> Double {
        switch self {
        case .disc: return length(x, y) - 0.8
        case .ring: return abs(length(x, y) - 0.7) - 0.16
        case .square: return box(x, y, 0.72, 0.72)
        case .frame: return max(box(x, y, 0.84, 0.84), -box(x, y, 0.52, 0.52))
        case .triangle: return max(0.866 * abs(x) + 0.5 * y, -y) - 0.42
        case .plus: return min(box(x, y, 0.2, 0.9), box(x, y, 0.9, 0.2))
        case .saltire:
            let (u, v) = (0.7071 * (x + y), 0.7071 * (x - y))
            return min(box(u, v, 0.2, 1.05), box(u, v, 1.05, 0.2))
        case .bars:
            return min(box(x, y - 0.62, 0.85, 0.17), box(x, y, 0.85, 0.17), box(x, y + 0.62, 0.85, 0.17))
        case .crescent: return max(length(x, y) - 0.85, 0.68 - length(x - 0.42, y))
        case .star:
            // Five petals: a circle whose radius swings with the angle.
            return length(x, y) - (0.58 + 0.3 * cos(5 * atan2(x, y)))
        }
    }

    private func length(_ x: Double, _ y: Double) -> Double { (x * x + y * y).squareRoot() }

    /// An axis-parallel rectangle of these half sides.
    private func box(_ x: Double, _ y: Double, _ a: Double, _ b: Double) -> Double { max(abs(x) - a, abs(y) - b) }
}

/// One image: a shape at a place, with the disturbances that its difficulty asks for.
struct GlyphDrawing {
    private let shape: GlyphShape
    /// Centre, in pixels of a 28-pixel image from its middle.
    private let centre: (x: Double, y: Double)
    private let cosine: Double
    private let sine: Double
    /// Half size, in the same pixels.
    private let halfSize: Double
    private let background: Double
    /// Brightness of the shape above the background, 0…1.
    private let contrast: Double
    /// Standard deviation of the noise, in units of full brightness.
    private let noise: Double
    /// A square that hides part of the image: its corner and side, in the same pixels.
    private let patch: (x: Double, y: Double, side: Double)

    /// Easy images are large, upright, central and bright; each disturbance grows with the difficulty.
    init(shape: GlyphShape, difficulty d: Double, using stream: inout RandomStream) {
        func spread(_ reach: Double) -> Double { (2 * stream.uniform() - 1) * reach }
        self.shape = shape
        centre = (spread(1 + 4 * d), spread(1 + 4 * d))
        let angle = spread(0.05 + 0.45 * d)
        cosine = cos(angle)
        sine = sin(angle)
        halfSize = 10 - 4 * d * stream.uniform()
        background = 0.3 * d * stream.uniform()
        contrast = 0.95 - 0.6 * d
        noise = 0.02 + 0.23 * d
        let side = 13 * d
        let reach = 14 - side / 2
        patch = (spread(reach) - side / 2, spread(reach) - side / 2, side)
    }

    /// Appends size × size grey values.
    func render(_ size: Int, using stream: inout RandomStream, into pixels: inout [UInt8]) {
        let step = 28 / Double(size)
        for row in 0..<size {
            let py = (Double(row) + 0.5) * step - 14
            for column in 0..<size {
                let px = (Double(column) + 0.5) * step - 14
                var value = background
                let hidden =
                    px >= patch.x && px < patch.x + patch.side && py >= patch.y && py < patch.y + patch.side
                if !hidden {
                    let (dx, dy) = (px - centre.x, py - centre.y)
                    let x = (cosine * dx + sine * dy) / halfSize
                    let y = (cosine * dy - sine * dx) / halfSize
                    // One pixel wide from outside to inside.
                    let coverage = 0.5 - shape.distance(x, y) * halfSize / step
                    value += contrast * min(max(coverage, 0), 1)
                }
                value += noise * Self.unitNoise(stream.next())
                pixels.append(UInt8(min(max(value, 0), 1) * 255 + 0.5))
            }
        }
    }

    /// Nearly normal, mean 0 and variance 1: the sum of four 16-bit uniforms, the same bits on every processor.
    private static func unitNoise(_ word: UInt64) -> Double {
        let sum = (word & 0xffff) + (word >> 16 & 0xffff) + (word >> 32 & 0xffff) + (word >> 48)
        return (Double(sum) - 131_070) / 37_837.2
    }
}
