import Foundation
import Testing

@testable import Datasets

/// What make_images.py (Pillow) says of the files in `Fixtures/images`.
struct ImageOracle: Decodable {
    struct Decoded: Decodable {
        let width, height: Int
        let pixels: Data
    }
    struct Resized: Decodable {
        let height, width, size: Int
        let source, stretch, box, crop: Data
    }
    let decode: [String: Decoded]
    let resize: [Resized]

    static func read() throws -> ImageOracle {
        try JSONDecoder().decode(
            ImageOracle.self, from: Data(contentsOf: URL(fileURLWithPath: Fixture.path("images.json"))))
    }
}

@Suite struct ImageCodecTests {
    private func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: Fixture.path("images/\(name)"))))
    }

    /// Both decode with the slow integer transform of libjpeg-turbo, of different releases: one level.
    static let codecTolerance = 1

    @Test func pixelsAreThoseOfPillow() throws {
        let oracle = try ImageOracle.read()
        #expect(oracle.decode.count == 24)
        for (name, expected) in oracle.decode {
            let image = try ImageCodec.decode(bytes(name))
            #expect([image.width, image.height] as [Int] == [expected.width, expected.height], "\(name)")
            let worst = zip(image.pixels, expected.pixels).map { abs(Int($0) - Int($1)) }.max()
            let isJPEG = name.lowercased().contains("jp")
            let tolerance = isJPEG || name.hasPrefix("a-jpeg") ? Self.codecTolerance : 0
            #expect(image.pixels.count == expected.pixels.count && worst ?? 256 <= tolerance, "\(name): \(worst ?? -1)")
        }
    }

    @Test func turnedPhotographsStayAsTheyLie() throws {
        #expect(try ImageCodec.decode(bytes("turned.jpg")) == ImageCodec.decode(bytes("colour.jpg")))
    }

    @Test(arguments: [
        ("bad-truncated.png", "ends too early"), ("bad-no-end.png", "ends too early"),
        ("bad-checksum.png", "CRC error"), ("bad-truncated.jpg", "ends too early"),
        ("bad-header-only.jpg", "ends too early"), ("bad-text.png", "it begins with 6e 6f 74 20"),
        ("bad-empty.png", "it is empty"), ("bad-huge.png", "100000×100000 pixels, and at most 89478485"),
        ("bad-promise.png", "8000×8000 pixels, which a file of 65 bytes cannot hold"),
    ])
    func refusesDamagedFiles(_ name: String, _ says: String) throws {
        let file = try bytes(name)
        let error = #expect(throws: ImageFault.self) { try ImageCodec.decode(file) }
        #expect(error?.sentence.contains(says) == true, "\(error?.sentence ?? "")")
    }

    /// Any damage is an error or an image of the declared size, never a crash.
    @Test func survivesEveryByteChanged() throws {
        for name in ["palette4-transparent.png", "rgb8-interlaced.png", "progressive.JPEG", "cmyk.jpg"] {
            let whole = try bytes(name)
            for at in whole.indices {
                for change: UInt8 in [0x01, 0xff] {
                    var damaged = whole
                    damaged[at] ^= change
                    guard let image = try? ImageCodec.decode(damaged) else { continue }
                    #expect(image.pixels.count == image.width * image.height * 3)
                }
                #expect(throws: ImageFault.self, "\(name) cut at \(at)") {
                    try ImageCodec.decode(Array(whole[..<at]))
                }
            }
        }
    }

    @Test func sizesAreThoseOfPillow() throws {
        for expected in try ImageOracle.read().resize {
            let source = RGBImage(width: expected.width, height: expected.height, pixels: [UInt8](expected.source))
            let loader = ImageLoader(dataset: "images", size: expected.size, fit: .crop, memory: .max)
            let file = ImageFile(path: "", name: "", label: 0)
            let shape = ImageLoader.Shape(height: expected.size, width: expected.size, of: file)
            let words = "\(expected.width)×\(expected.height) to \(expected.size)"
            #expect(try loader.fitted(source, shape, file).pixels == [UInt8](expected.crop), "crop \(words)")
            let stretched = source.resized(height: expected.size, width: expected.size)
            #expect(stretched.pixels == [UInt8](expected.stretch), "stretch \(words)")
            let boxed = Resampling.resize(
                source.pixels, height: source.height, width: source.width, channels: 3, toHeight: expected.size,
                width: expected.size, .box)
            #expect(boxed == [UInt8](expected.box), "box \(words)")
        }
    }
}
