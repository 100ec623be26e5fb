import Foundation
import Testing

@testable import Figures

@Suite struct PNGImageTests {
    /// A grey picture of 3 × 2 pixels, byte for byte what zlib 1.2 and 1.3 make of it through Python:
    /// `struct.pack` for the parts, `zlib.crc32` for the checksums, `zlib.compress(b"\0\x01\x02\x03\0\x04\x05\xff")`.
    @Test func partsAndChecksumsAreThoseOfPython() {
        var image = PNGImage(width: 3, height: 2, channels: 1)
        image.pixels = [1, 2, 3, 4, 5, 255]
        let expected =
            "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAAAAAC4HznGAAAAEElEQVR4nGNgZGJmYGH9DwABPwEPQvydZAAAAABJRU5ErkJggg=="
        #expect(Data(image.encoded()).base64EncodedString() == expected)
    }

    @Test func colourHasThreeBytesAPixel() {
        let image = PNGImage(width: 5, height: 4, channels: 3, background: 7)
        #expect(image.pixels == Array(repeating: 7, count: 60))
        let bytes = image.encoded()
        // Width, height, bits and colour type of the header.
        #expect(Array(bytes[16..<26]) == [0, 0, 0, 5, 0, 0, 0, 4, 8, 2])
        #expect(bytes == PNGImage(width: 5, height: 4, channels: 3, background: 7).encoded())
    }
}
