internal import CImages

/// An image in memory, 8-bit RGB, [H, W, 3].
struct RGBImage: Equatable {
    var width: Int
    var height: Int
    var pixels: [UInt8]
}

/// PNG and JPEG files to pixels as Pillow's `convert("RGB")` gives them.
enum ImageCodec {
    /// As many pixels as Pillow reads without a warning: 0.25 GB of RGB.
    static let mostPixels = 89_478_485
    /// The most that one byte of a deflate stream can grow to, rounded up.
    private static let largestExpansion = 1040
    private static let pngMagic: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
    private static let jpegMagic: [UInt8] = [0xff, 0xd8, 0xff]

    private typealias Reader = (
        UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<assay_image_header>?, UnsafeMutablePointer<UInt8>?,
        UnsafeMutablePointer<CChar>?
    ) -> Int32

    /// The pixels of a file, whose first bytes say what it is, whatever its name.
    ///
    /// What the header declares is checked before memory is taken for it.
    static func decode(_ bytes: [UInt8]) throws(ImageFault) -> RGBImage {
        let reader: Reader
        if bytes.starts(with: pngMagic) {
            reader = assay_png_read
        } else if bytes.starts(with: jpegMagic) {
            reader = assay_jpeg_read
        } else {
            throw .notAnImage(start: Array(bytes.prefix(4)))
        }
        var header = assay_image_header()
        try check { message in reader(bytes, bytes.count, &header, nil, message) }
        let width = Int(header.width)
        let height = Int(header.height)
        guard width > 0, height > 0 else { throw .damaged(reason: "it declares no pixels") }
        guard width <= mostPixels / height else {
            throw .tooManyPixels(width: width, height: height, most: mostPixels)
        }
        guard header.packed <= UInt64(bytes.count) * UInt64(largestExpansion) else {
            throw .implausible(width: width, height: height, fileBytes: bytes.count)
        }
        var pixels = [UInt8](repeating: 0, count: width * height * 3)
        try check { message in reader(bytes, bytes.count, &header, &pixels, message) }
        return RGBImage(width: width, height: height, pixels: pixels)
    }

    /// Encodes and decodes [H, W, C] of one or three channels as JPEG at a quality of 1…100, 4:2:0.
    static func throughJPEG(
        _ pixels: inout [UInt8], width: Int, height: Int, channels: Int, quality: Int
    ) throws(ImageFault) {
        precondition(pixels.count == width * height * channels && (channels == 1 || channels == 3), "grey or RGB")
        try check { message in
            assay_jpeg_roundtrip(&pixels, UInt32(width), UInt32(height), Int32(channels), Int32(quality), message)
        }
    }

    private static func check(_ body: (UnsafeMutablePointer<CChar>?) -> Int32) throws(ImageFault) {
        var message = [CChar](repeating: 0, count: Int(ASSAY_IMAGE_MESSAGE))
        guard body(&message) == 0 else {
            let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw .damaged(reason: String(decoding: text, as: UTF8.self))
        }
    }
}
