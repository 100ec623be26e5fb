import Randomness

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Turns operations into the steps of one view.
struct ViewDraw {
    let shape: ImageShape
    /// The cell that was extracted and is not enlarged yet: a crop that follows crops within it.
    private var cell: ImageRegion?

    init(shape: ImageShape) { self.shape = shape }

    /// - Parameters:
    ///   - own: the image's numbers.
    ///   - shared: those of its batch, the same for each image.
    mutating func add(
        _ operation: ImageOperation, to view: inout View, own: inout RandomStream, shared: inout RandomStream
    ) {
        if case .randomResizedCrop(let scale, let ratio) = operation {
            let within = cell ?? ImageRegion(top: 0, left: 0, height: shape.height, width: shape.width)
            cell = nil
            let region = Self.crop(of: within, scale: scale, ratio: ratio, from: &own)
            view.steps.append(.enlarge(region, mirrored: false))
            return
        }
        finish(&view)
        switch operation {
        case .randomResizedCrop: break
        case .crop(let padding):
            let down = own.integer(below: 2 * padding + 1) - padding
            let right = own.integer(below: 2 * padding + 1) - padding
            view.steps.append(.shift(down: down, right: right, mirrored: false))
        case .flip: if own.integer(below: 2) == 1 { view.mirror() }
        case .cutout(let size, let probability):
            guard own.uniform() < probability else { return }
            let top = own.integer(below: shape.height) - size / 2
            let left = own.integer(below: shape.width) - size / 2
            let region = ImageRegion(clipping: top..<top + size, left..<left + size, to: shape)
            view.steps.append(.blank(region))
        case .batchCutout(let ratio, let probability):
            guard shared.uniform() < probability else { return }
            let side = Int(Double(shape.height) * ratio)
            let left = shared.integer(below: shape.width - side + 1)
            let top = shared.integer(below: shape.height - side + 1)
            view.steps.append(.blank(ImageRegion(top: top, left: left, height: side, width: side)))
        case .patchShuffle(let grid):
            let columns = own.order(of: grid)
            view.steps.append(.shuffle(grid: grid, columns: columns, rows: own.order(of: grid)))
        case .patchExtract(let grid):
            let index = own.integer(below: grid * grid)
            let rows = strip(index / grid, of: grid, length: shape.height)
            let columns = strip(index % grid, of: grid, length: shape.width)
            cell = ImageRegion(clipping: rows, columns, to: shape)
        case .dsa(let dsa): add(dsa, to: &view, own: &own, shared: &shared)
        }
    }

    /// Enlarges a cell that no crop followed.
    mutating func finish(_ view: inout View) {
        guard let region = cell else { return }
        cell = nil
        view.steps.append(.enlarge(region, mirrored: false))
    }

    private func add(_ dsa: DSA, to view: inout View, own: inout RandomStream, shared: inout RandomStream) {
        switch dsa.mode {
        case .single:
            let chosen = dsa.strategy[shared.integer(below: dsa.strategy.count)]
            if dsa.siamese {
                view.add(chosen, shape: shape, from: &shared)
            } else {
                view.add(chosen, shape: shape, from: &own)
            }
        case .multiple:
            for transform in dsa.strategy {
                if dsa.siamese {
                    view.add(transform, shape: shape, from: &shared)
                } else {
                    view.add(transform, shape: shape, from: &own)
                }
            }
        }
    }

    /// torchvision's `RandomResizedCrop.get_params`: ten tries, then the largest central crop of an allowed ratio.
    static func crop(
        of within: ImageRegion, scale: ClosedRange<Double>, ratio: ClosedRange<Double>, from stream: inout RandomStream
    ) -> ImageRegion {
        let (low, high) = (log(ratio.lowerBound), log(ratio.upperBound))
        func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * stream.uniform() }
        func rounded(_ value: Double) -> Int { Int(value.rounded(.toNearestOrEven)) }
        for _ in 0..<10 {
            let area = Double(within.area) * uniform(scale.lowerBound, scale.upperBound)
            let aspect = exp(uniform(low, high))
            let (width, height) = (rounded((area * aspect).squareRoot()), rounded((area / aspect).squareRoot()))
            guard 1...within.width ~= width, 1...within.height ~= height else { continue }
            let top = stream.integer(below: within.height - height + 1)
            let left = stream.integer(below: within.width - width + 1)
            return ImageRegion(top: within.top + top, left: within.left + left, height: height, width: width)
        }
        let aspect = Double(within.width) / Double(within.height)
        var (height, width) = (within.height, within.width)
        if aspect < ratio.lowerBound {
            height = max(rounded(Double(width) / ratio.lowerBound), 1)
        } else if aspect > ratio.upperBound {
            width = max(rounded(Double(height) * ratio.upperBound), 1)
        }
        return ImageRegion(
            top: within.top + (within.height - height) / 2, left: within.left + (within.width - width) / 2,
            height: height, width: width)
    }
}

/// The pixels of one of `grid` strips; where they do not divide evenly, lengths differ by one.
func strip(_ index: Int, of grid: Int, length: Int) -> Range<Int> {
    index * length / grid..<(index + 1) * length / grid
}

extension RandomStream {
    /// A permutation of up to 16, in registers.
    fileprivate mutating func order(of count: Int) -> SIMD16<UInt8> {
        var order = SIMD16<UInt8>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
        for last in stride(from: count - 1, through: 1, by: -1) {
            let other = integer(below: last + 1)
            (order[last], order[other]) = (order[other], order[last])
        }
        return order
    }
}

extension View {
    /// Mirrors what was done so far, in the same step where it can.
    fileprivate mutating func mirror() {
        switch steps.last {
        case .shift(let down, let right, false):
            steps[steps.count - 1] = .shift(down: down, right: right, mirrored: true)
        case .enlarge(let region, false): steps[steps.count - 1] = .enlarge(region, mirrored: true)
        default: steps.append(.shift(down: 0, right: 0, mirrored: true))
        }
    }

    /// One transform of DSA, with the ranges of the public code.
    fileprivate mutating func add(_ transform: DSA.Transform, shape: ImageShape, from stream: inout RandomStream) {
        switch transform {
        case .color:
            let brightness = Float(stream.uniform() - 0.5)
            let saturation = Float(2 * stream.uniform())
            steps.append(
                .color(brightness: brightness, saturation: saturation, contrast: Float(stream.uniform() + 0.5)))
        case .crop:
            let (most, widest) = (Int(Double(shape.height) * 0.125 + 0.5), Int(Double(shape.width) * 0.125 + 0.5))
            let down = stream.integer(below: 2 * most + 1) - most
            let right = stream.integer(below: 2 * widest + 1) - widest
            steps.append(.shift(down: down, right: right, mirrored: false))
        case .cutout:
            let (height, width) = (Int(Double(shape.height) * 0.5 + 0.5), Int(Double(shape.width) * 0.5 + 0.5))
            let top = stream.integer(below: shape.height + 1 - height % 2) - height / 2
            let left = stream.integer(below: shape.width + 1 - width % 2) - width / 2
            steps.append(.blank(ImageRegion(clipping: top..<top + height, left..<left + width, to: shape)))
        case .flip: if stream.uniform() < 0.5 { mirror() }
        case .scale:
            func factor() -> Float { Float(1 / 1.2 + (1.2 - 1 / 1.2) * stream.uniform()) }
            let (x, y) = (factor(), factor())
            steps.append(.warp(xx: x, xy: 0, yx: 0, yy: y))
        case .rotate:
            let angle = (2 * stream.uniform() - 1) * 15 / 180 * Double.pi
            let (cosine, sine) = (Float(cos(angle)), Float(sin(angle)))
            steps.append(.warp(xx: cosine, xy: -sine, yx: sine, yy: cosine))
        }
    }
}
