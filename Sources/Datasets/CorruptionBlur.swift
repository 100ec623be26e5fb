import Foundation

/// A position beyond the border by reflection about the outermost pixel: … 2 1 | 0 1 2 … (OpenCV's `reflect101`).
func mirrored(_ at: Int, _ count: Int) -> Int {
    guard count > 1 else { return 0 }
    let period = 2 * (count - 1)
    let place = ((at % period) + period) % period
    return place < count ? place : period - place
}

/// A position beyond the border by reflection about the border itself: … 1 0 | 0 1 2 … (SciPy's `reflect`).
func reflected(_ at: Int, _ count: Int) -> Int {
    let period = 2 * count
    let place = ((at % period) + period) % period
    return place < count ? place : period - 1 - place
}

/// A square of weights of odd side around each pixel.
struct Kernel {
    let side: Int
    let weights: [Double]
    /// Those that are not 0: down, right, weight.
    private let taps: [(Int, Int, Double)]

    private init(side: Int, weights: [Double]) {
        self.side = side
        self.weights = weights
        taps = weights.enumerated().filter { $1 != 0 }.map { ($0 / side - side / 2, $0 % side - side / 2, $1) }
    }

    /// A disk of sum 1 whose edge is smoothed by a Gaussian of 3×3 (radius above 8: 5×5) pixels, as the benchmark has it.
    static func disk(radius: Double, blur: Double) -> Kernel {
        let reach = radius <= 8 ? 8 : Int(radius)
        let side = 2 * reach + 1
        let inside = (0..<side * side).map { at in
            let (y, x) = (Double(at / side - reach), Double(at % side - reach))
            return x * x + y * y <= radius * radius ? 1.0 : 0
        }
        let sum = inside.reduce(0, +)
        let small = radius <= 8 ? 1 : 2
        let bell = (-small...small).map { exp(-Double($0 * $0) / (2 * blur * blur)) }
        let total = bell.reduce(0, +)
        let weights = bell.map { $0 / total }
        func smooth(_ values: [Double], along step: (Int, Int)) -> [Double] {
            (0..<side * side).map { at in
                zip(-small...small, weights).reduce(0) { sum, tap in
                    let y = mirrored(at / side + tap.0 * step.0, side)
                    let x = mirrored(at % side + tap.0 * step.1, side)
                    return sum + tap.1 * values[y * side + x]
                }
            }
        }
        return Kernel(side: side, weights: smooth(smooth(inside.map { $0 / sum }, along: (0, 1)), along: (1, 0)))
    }

    func apply(to image: inout Picture) {
        let (height, width) = (image.height, image.width)
        let values = image.values
        let rows = (-side / 2..<height + side).map { mirrored($0, height) * width }
        let columns = (-side / 2..<width + side).map { mirrored($0, width) }
        var blurred = [Double](repeating: 0, count: values.count)
        for channel in 0..<image.channels {
            let start = channel * image.plane
            for (down, right, weight) in taps {
                for y in 0..<height {
                    let row = start + rows[y + down + side / 2]
                    for x in 0..<width {
                        blurred[start + y * width + x] += weight * values[row + columns[x + right + side / 2]]
                    }
                }
            }
        }
        image.values = blurred
    }
}

/// A one-sided Gaussian along a line, as ImageMagick's `MotionBlurImage` has it: 2 · radius + 1 whole pixels in the
/// direction of the angle, the border's pixels repeated.
struct MotionBlur {
    /// Down, right, weight.
    let taps: [(down: Int, right: Int, weight: Double)]

    /// - Parameter angle: degrees from the horizontal, clockwise.
    init(radius: Double, sigma: Double, angle: Double) {
        let count = 2 * Int(radius.rounded(.up)) + 1
        let bell = (0..<count).map { exp(-Double($0 * $0) / (2 * sigma * sigma)) }
        let sum = bell.reduce(0, +)
        let radians = angle * .pi / 180
        taps = bell.enumerated().map { step, weight in
            (
                Int((Double(step) * sin(radians) - 0.5).rounded(.up)),
                Int((Double(step) * cos(radians) - 0.5).rounded(.up)), weight / sum
            )
        }
    }
}

extension Picture {
    mutating func blur(_ motion: MotionBlur) {
        let source = values
        var blurred = [Double](repeating: 0, count: source.count)
        for channel in 0..<channels {
            let start = channel * plane
            for tap in motion.taps {
                for y in 0..<height {
                    let row = start + min(max(y + tap.down, 0), height - 1) * width
                    for x in 0..<width {
                        blurred[start + y * width + x] +=
                            tap.weight * source[row + min(max(x + tap.right, 0), width - 1)]
                    }
                }
            }
        }
        values = blurred
    }

    /// The mean of the image and of its zoomed middles.
    mutating func zoomBlur(_ factors: [Double]) {
        let source = values
        var sum = source
        for factor in factors {
            let rows = Zoom(count: height, factor: factor)
            let columns = Zoom(count: width, factor: factor)
            for channel in 0..<channels {
                let start = channel * plane
                for y in 0..<height {
                    let (top, down) = rows.place(y)
                    let upper = start + top * width
                    let lower = start + min(top + 1, rows.last) * width
                    for x in 0..<width {
                        let (left, right) = columns.place(x)
                        let next = min(left + 1, columns.last)
                        let above = source[upper + left] * (1 - right) + source[upper + next] * right
                        let below = source[lower + left] * (1 - right) + source[lower + next] * right
                        sum[start + y * width + x] += above * (1 - down) + below * down
                    }
                }
            }
        }
        values = sum.map { $0 / Double(factors.count + 1) }
    }

    /// The middle of an axis, stretched linearly (its outermost pixels stay outermost) and trimmed to the old length.
    private struct Zoom {
        private let first: Int
        private let trimmed: Int
        private let step: Double
        /// The last position of the middle.
        let last: Int

        init(count: Int, factor: Double) {
            let middle = Int((Double(count) / factor).rounded(.up))
            let stretched = Int((Double(middle) * factor).rounded(.toNearestOrEven))
            first = (count - middle) / 2
            last = first + middle - 1
            trimmed = (stretched - count) / 2
            step = stretched > 1 ? Double(middle - 1) / Double(stretched - 1) : 0
        }

        /// The position before, and the share of the one after.
        func place(_ at: Int) -> (Int, Double) {
            let exact = Double(at + trimmed) * step
            return (min(first + Int(exact), last), exact - exact.rounded(.down))
        }
    }
}
