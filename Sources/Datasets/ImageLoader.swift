import Foundation

/// Decodes the files of a split into one array.
struct ImageLoader {
    /// Height and width, and the file that says so.
    struct Shape {
        let height: Int
        let width: Int
        let of: ImageFile
    }

    let dataset: String
    let size: Int?
    let fit: ImageFolder.Fit
    /// Bytes that the images may take.
    let memory: Int

    static var physicalMemory: Int { Int(clamping: ProcessInfo.processInfo.physicalMemory) }

    /// No single image is larger.
    private static let mostFileBytes = 1 << 28

    /// The shape that all images get: the one asked for, or that of the first file.
    func shape(of files: [ImageFile]) throws(DatasetError) -> Shape {
        if let size { return Shape(height: size, width: size, of: files[0]) }
        let first = try decode(files[0])
        return Shape(height: first.height, width: first.width, of: files[0])
    }

    func images(_ files: [ImageFile], _ shape: Shape) throws(DatasetError) -> ImageSet {
        let plane = shape.height * shape.width
        guard files.count <= memory / (3 * plane) else {
            throw DatasetError(
                dataset: dataset,
                .tooManyImages(count: files.count, shape: "3×\(shape.height)×\(shape.width)", memory: memory))
        }
        var failure: DatasetError?
        let pixels = [UInt8](unsafeUninitializedCapacity: files.count * 3 * plane) { buffer, filled in
            nonisolated(unsafe) let output = buffer
            do throws(DatasetError) {
                try forEachConcurrently(files.count) { at throws(DatasetError) in
                    let image = try fitted(decode(files[at]), shape, files[at])
                    // Rows of RGB become three planes.
                    let start = at * 3 * plane
                    for channel in 0..<3 {
                        for i in 0..<plane {
                            output.initializeElement(
                                at: start + channel * plane + i, to: image.pixels[3 * i + channel])
                        }
                    }
                }
                filled = buffer.count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return ImageSet(
            channels: 3, height: shape.height, width: shape.width, pixels: pixels, labels: files.map(\.label),
            names: files.map(\.name))
    }

    private func decode(_ file: ImageFile) throws(DatasetError) -> RGBImage {
        let bytes = try wholeFile(file.path, dataset: dataset, most: Self.mostFileBytes)
        do throws(ImageFault) {
            return try ImageCodec.decode(bytes)
        } catch {
            throw DatasetError(dataset: dataset, path: file.path, .images(error))
        }
    }

    func fitted(_ image: RGBImage, _ shape: Shape, _ file: ImageFile) throws(DatasetError) -> RGBImage {
        if image.height == shape.height && image.width == shape.width { return image }
        guard let size else {
            throw DatasetError(
                dataset: dataset, path: file.path,
                .images(
                    .mixedSizes(
                        size: "\(image.width)×\(image.height)", other: shape.of.path,
                        otherSize: "\(shape.width)×\(shape.height)")))
        }
        switch fit {
        case .stretch: return image.resized(height: size, width: size)
        case .crop:
            // torchvision's Resize(size) and CenterCrop(size).
            let isTall = image.width <= image.height
            let long = Int(
                Double(size * (isTall ? image.height : image.width)) / Double(isTall ? image.width : image.height))
            // Rows are resized first: those of the original stand beside the long side of the result.
            guard long <= ImageCodec.mostPixels / max(size, isTall ? 1 : image.height)
            else {
                throw DatasetError(
                    dataset: dataset, path: file.path,
                    .images(.elongated(width: image.width, height: image.height, size: size)))
            }
            return image.resized(height: isTall ? long : size, width: isTall ? size : long).centre(size)
        }
    }
}

extension RGBImage {
    func resized(height: Int, width: Int) -> RGBImage {
        RGBImage(
            width: width, height: height,
            pixels: Resampling.resize(
                pixels, height: self.height, width: self.width, channels: 3, toHeight: height, width: width, .bilinear))
    }

    /// The square in the middle; halves of pixels are rounded to even, as Python does.
    func centre(_ size: Int) -> RGBImage {
        let top = Int((Double(height - size) / 2).rounded(.toNearestOrEven))
        let left = Int((Double(width - size) / 2).rounded(.toNearestOrEven))
        var cut: [UInt8] = []
        cut.reserveCapacity(size * size * 3)
        for y in top..<top + size { cut += pixels[(y * width + left) * 3..<(y * width + left + size) * 3] }
        return RGBImage(width: size, height: size, pixels: cut)
    }
}
