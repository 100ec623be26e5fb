/// Clouds by the diamond-square algorithm on a torus, in 0…1.
struct Plasma {
    /// A power of two.
    let side: Int
    /// [side, side]
    let heights: [Double]

    /// - Parameters:
    ///   - decay: by how much the height of finer clouds falls with each halving; their variance falls by its square.
    ///   - draw: numbers in −1…1; square by square before diamond by diamond, row by row.
    init(side: Int, decay: Double, draw: () -> Double) {
        precondition(side > 1 && side & (side - 1) == 0, "\(side) is no power of two")
        var map = [Double](repeating: 0, count: side * side)
        func at(_ y: Int, _ x: Int) -> Int { (y + side) % side * side + (x + side) % side }
        var wibble = 100.0
        var step = side
        while step >= 2 {
            let half = step / 2
            // The benchmark multiplies the height by itself.
            func mean(_ sum: Double) -> Double { sum / 4 + wibble * wibble * draw() }
            for y in stride(from: 0, to: side, by: step) {
                for x in stride(from: 0, to: side, by: step) {
                    map[at(y + half, x + half)] = mean(
                        map[at(y, x)] + map[at(y + step, x)] + map[at(y, x + step)] + map[at(y + step, x + step)])
                }
            }
            for (down, right) in [(0, half), (half, 0)] {
                for y in stride(from: down, to: side, by: step) {
                    for x in stride(from: right, to: side, by: step) {
                        map[at(y, x)] = mean(
                            map[at(y - half, x)] + map[at(y + half, x)] + map[at(y, x - half)] + map[at(y, x + half)])
                    }
                }
            }
            step /= 2
            wibble /= decay
        }
        let lowest = map.min() ?? 0
        let range = (map.max() ?? 0) - lowest
        self.side = side
        heights = map.map { range > 0 ? ($0 - lowest) / range : 0 }
    }

    /// The smallest power of two that covers an image.
    static func side(for image: Picture) -> Int {
        var side = 2
        while side < max(image.height, image.width) { side *= 2 }
        return side
    }
}

extension Picture {
    /// Clouds on top; the brightest value stays where it is.
    mutating func addFog(_ map: Plasma, strength: Double) {
        let source = values
        let brightest = source.max() ?? 0
        values = source.indices.map { at in
            let (y, x) = (at % plane / width, at % width)
            return (source[at] + strength * map.heights[y * map.side + x]) * brightest / (brightest + strength)
        }
    }

    /// Each channel's distance from its mean, times a factor.
    mutating func changeContrast(_ factor: Double) {
        let source = values
        var changed = source
        for start in stride(from: 0, to: source.count, by: plane) {
            let mean = source[start..<start + plane].reduce(0, +) / Double(plane)
            for at in start..<start + plane { changed[at] = (source[at] - mean) * factor + mean }
        }
        values = changed
    }

    /// Hue (0…6), saturation and value of each pixel, changed and cut off at 0 and 1; a grey image has the value alone.
    mutating func changeColours(_ change: (Double, Double, Double) -> (Double, Double, Double)) {
        var changed = values
        for at in 0..<plane {
            guard channels == 3 else {
                changed[at] = change(0, 0, changed[at]).2
                continue
            }
            let rgb = (changed[at], changed[at + plane], changed[at + 2 * plane])
            var (h, s, v) = Self.hsv(rgb)
            (h, s, v) = change(h, s, v)
            let result = Self.rgb(h, min(max(s, 0), 1), min(max(v, 0), 1))
            (changed[at], changed[at + plane], changed[at + 2 * plane]) = result
        }
        values = changed
    }

    private static func hsv(_ rgb: (Double, Double, Double)) -> (Double, Double, Double) {
        let (r, g, b) = rgb
        let highest = max(r, g, b)
        let range = highest - min(r, g, b)
        guard range > 0 else { return (0, 0, highest) }
        let hue = highest == b ? 4 + (r - g) / range : highest == g ? 2 + (b - r) / range : (g - b) / range
        return (hue < 0 ? hue + 6 : hue, range / highest, highest)
    }

    private static func rgb(_ hue: Double, _ s: Double, _ v: Double) -> (Double, Double, Double) {
        let sector = hue.rounded(.down)
        let fraction = hue - sector
        let low = v * (1 - s)
        let falling = v * (1 - fraction * s)
        let rising = v * (1 - (1 - fraction) * s)
        switch Int(sector) % 6 {
        case 0: return (v, rising, low)
        case 1: return (falling, v, low)
        case 2: return (low, v, rising)
        case 3: return (low, falling, v)
        case 4: return (rising, low, v)
        default: return (v, low, falling)
        }
    }
}
