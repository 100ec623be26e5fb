/// Resizing of 8-bit images as Pillow's `Image.resize` does it, to the bit: the filter is stretched when an image shrinks
/// (antialiasing), weights are fixed-point numbers of 22 bits, rows come before columns, with 8 bits in between.
struct Resampling {
    enum Filter {
        case box, bilinear

        /// Half of the filter's width in pixels of the smaller image.
        fileprivate var support: Double { self == .box ? 0.5 : 1 }

        fileprivate func weight(_ x: Double) -> Double {
            switch self {
            case .box: x > -0.5 && x <= 0.5 ? 1 : 0
            case .bilinear: max(0, 1 - abs(x))
            }
        }
    }

    private static let precision = 22

    /// [H, W, channels] to [height, width, channels].
    static func resize(
        _ pixels: [UInt8], height oldHeight: Int, width oldWidth: Int, channels: Int, toHeight height: Int,
        width: Int, _ filter: Filter
    ) -> [UInt8] {
        var pixels = pixels
        if width != oldWidth {
            let lines = Weights(from: oldWidth, to: width, filter)
            pixels = lines.apply(pixels, outer: oldHeight, inner: channels)
        }
        if height != oldHeight {
            let lines = Weights(from: oldHeight, to: height, filter)
            pixels = lines.apply(pixels, outer: 1, inner: width * channels)
        }
        return pixels
    }

    /// What each output position takes of which input positions.
    private struct Weights {
        let oldCount: Int
        let newCount: Int
        private var starts: [Int] = []
        private var weights: [[Int32]] = []

        init(from oldCount: Int, to newCount: Int, _ filter: Filter) {
            self.oldCount = oldCount
            self.newCount = newCount
            let scale = Double(oldCount) / Double(newCount)
            let stretch = max(scale, 1)
            let support = filter.support * stretch
            for position in 0..<newCount {
                let centre = (Double(position) + 0.5) * scale
                let start = max(0, Int(centre - support + 0.5))
                let end = min(oldCount, Int(centre + support + 0.5))
                let exact = (start..<end).map { filter.weight((Double($0) - centre + 0.5) * (1 / stretch)) }
                let sum = exact.reduce(0, +)
                starts.append(start)
                weights.append(
                    exact.map { Int32((($0 / (sum == 0 ? 1 : sum)) * Double(1 << Resampling.precision) + 0.5)) })
            }
        }

        /// [outer, old, inner] to [outer, new, inner].
        func apply(_ pixels: [UInt8], outer: Int, inner: Int) -> [UInt8] {
            let half: Int32 = 1 << Int32(Resampling.precision - 1)
            return [UInt8](unsafeUninitializedCapacity: outer * newCount * inner) { output, filled in
                pixels.withUnsafeBufferPointer { input in
                    for block in 0..<outer {
                        for position in 0..<newCount {
                            weights[position].withUnsafeBufferPointer { weights in
                                let first = (block * oldCount + starts[position]) * inner
                                for lane in 0..<inner {
                                    var sum = half
                                    var at = first + lane
                                    for weight in weights {
                                        sum &+= Int32(input[at]) &* weight
                                        at += inner
                                    }
                                    let value = UInt8(clamping: sum >> Int32(Resampling.precision))
                                    output.initializeElement(at: filled, to: value)
                                    filled += 1
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
