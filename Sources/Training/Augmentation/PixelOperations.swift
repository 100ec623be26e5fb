// What a view's steps do to the pixels of one image [channels, height, width].

/// Brightness, saturation and contrast, in this order, in one pass over the pixels: neither the mean over channels nor
/// that of the image is moved by saturation.
func recolor(
    _ image: UnsafeMutablePointer<Float>, _ shape: ImageShape, brightness: Float, saturation: Float, contrast: Float
) {
    let plane = shape.height * shape.width
    var sum = 0.0
    for i in 0..<shape.count { sum += Double(image[i]) }
    let mean = Float(sum / Double(shape.count)) + brightness
    for pixel in 0..<plane {
        var grey: Float = 0
        for channel in 0..<shape.channels { grey += image[channel * plane + pixel] }
        grey = grey / Float(shape.channels) + brightness
        for channel in 0..<shape.channels {
            let value = image[channel * plane + pixel] + brightness
            let saturated = (value - grey) * saturation + grey
            image[channel * plane + pixel] = (saturated - mean) * contrast + mean
        }
    }
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

/// y(p) = x(A p), bilinear, zeros outside; see `View.Step.warp`.
func warpPixels(
    _ image: UnsafePointer<Float>, _ shape: ImageShape, xx: Float, xy: Float, yx: Float, yy: Float,
    into target: UnsafeMutablePointer<Float>
) {
    let (height, width) = (shape.height, shape.width)
    let plane = height * width
    let (halfHeight, halfWidth) = (Float(height) / 2, Float(width) / 2)
    for i in 0..<height {
        let y = (Float(i) + 0.5) / halfHeight - 1
        for j in 0..<width {
            let x = (Float(j) + 0.5) / halfWidth - 1
            let column = (xx * x + xy * y + 1) * halfWidth - 0.5
            let row = (yx * x + yy * y + 1) * halfHeight - 0.5
            let (left, top) = (column.rounded(.down), row.rounded(.down))
            let (right, below) = (column - left, row - top)
            let (c, r) = (Int(left), Int(top))
            let hasLeft = c >= 0 && c < width
            let hasRight = c >= -1 && c < width - 1
            let hasTop = r >= 0 && r < height
            let hasBelow = r >= -1 && r < height - 1
            let at = r * width + c
            for channel in 0..<shape.channels {
                let source = image + channel * plane + at
                var value: Float = 0
                if hasTop {
                    if hasLeft { value += (1 - right) * (1 - below) * source[0] }
                    if hasRight { value += right * (1 - below) * source[1] }
                }
                if hasBelow {
                    if hasLeft { value += (1 - right) * below * source[width] }
                    if hasRight { value += right * below * source[width + 1] }
                }
                target[channel * plane + i * width + j] = value
            }
        }
    }
}
