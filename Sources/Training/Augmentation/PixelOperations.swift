// What a view's steps do to the pixels of one image [channels, height, width].

/// y(i, j) = x(i + down, j + right) against zeros, then mirrored left to right if `mirrored`.
func shiftPixels(
    _ image: UnsafePointer<Float>, _ shape: ImageShape, down: Int, right: Int, mirrored: Bool,
    into target: UnsafeMutablePointer<Float>
) {
    let (height, width) = (shape.height, shape.width)
    // The columns that show a pixel of the image, before mirroring.
    let first = min(max(0, -right), width)
    let last = max(min(width, width - right), first)
    for line in 0..<shape.channels * height {
        let out = target + line * width
        let row = line % height + down
        guard row >= 0, row < height, first < last else {
            out.update(repeating: 0, count: width)
            continue
        }
        let source = image + (line + down) * width + right
        if mirrored {
            out.update(repeating: 0, count: width - last)
            for column in first..<last { out[width - 1 - column] = source[column] }
            (out + width - first).update(repeating: 0, count: first)
        } else {
            out.update(repeating: 0, count: first)
            (out + first).update(from: source + first, count: last - first)
            (out + last).update(repeating: 0, count: width - last)
        }
    }
}

/// Brightness, saturation and contrast, in this order, in one pass over the pixels: neither the mean over channels nor
/// that of the image is moved by saturation. `row` is memory for one row.
func recolor(
    _ image: UnsafeMutablePointer<Float>, _ shape: ImageShape, brightness: Float, saturation: Float, contrast: Float,
    row grey: UnsafeMutablePointer<Float>
) {
    let (height, width) = (shape.height, shape.width)
    let mean = Float(sum(image, shape.count) / Double(shape.count)) + brightness
    let share = 1 / Float(shape.channels)
    for row in 0..<height {
        grey.update(repeating: 0, count: width)
        for channel in 0..<shape.channels {
            let line = image + (channel * height + row) * width
            for column in 0..<width { grey[column] += line[column] * share }
        }
        for channel in 0..<shape.channels {
            let line = image + (channel * height + row) * width
            for column in 0..<width {
                let base = grey[column] + brightness
                let saturated = (line[column] - grey[column]) * saturation + base
                line[column] = (saturated - mean) * contrast + mean
            }
        }
    }
}

/// In four partial sums, which do not wait for each other.
private func sum(_ values: UnsafePointer<Float>, _ count: Int) -> Double {
    var (a, b, c, d) = (0.0, 0.0, 0.0, 0.0)
    let whole = count / 4 * 4
    for i in stride(from: 0, to: whole, by: 4) {
        a += Double(values[i])
        b += Double(values[i + 1])
        c += Double(values[i + 2])
        d += Double(values[i + 3])
    }
    for i in whole..<count { a += Double(values[i]) }
    return (a + b) + (c + d)
}

/// Columns of patches, then rows of patches, in a new order.
func shufflePatches(
    _ image: UnsafePointer<Float>, _ shape: ImageShape, grid: Int, columns: SIMD16<UInt8>, rows: SIMD16<UInt8>,
    into target: UnsafeMutablePointer<Float>
) {
    for channel in 0..<shape.channels {
        let start = channel * shape.height * shape.width
        var line = 0
        for place in 0..<grid {
            for row in strip(Int(rows[place]), of: grid, length: shape.height) {
                var out = target + start + line * shape.width
                for place in 0..<grid {
                    let part = strip(Int(columns[place]), of: grid, length: shape.width)
                    out.update(from: image + start + row * shape.width + part.lowerBound, count: part.count)
                    out += part.count
                }
                line += 1
            }
        }
    }
}
