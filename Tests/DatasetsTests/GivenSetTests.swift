import Testing

@testable import Datasets

@Suite struct GivenSetTests {
    /// Two images of 2×4 pixels and 3 channels, value = place in [N, C, H, W] order / 64 (make_given.py).
    static func expected(_ scale: Float) -> [Float] { (0..<48).map { Float($0) / 64 * scale } }

    @Test(arguments: ["given-nchw.npz", "given-nhwc.npz", "given-big-endian.npz", "given-folder"])
    func floatsOfEitherLayoutAreTheSame(_ name: String) throws {
        let set = try GivenSet(fixture(name))
        #expect([set.channels, set.height, set.width] == [3, 2, 4])
        #expect(set.pixels == .numbers(Self.expected(1)))
        #expect(set.labels == [4, 1])
    }

    @Test func bytesAndFractionsAreNormalisedAlike() throws {
        let normalization = Normalization(mean: [0.1, 0.2, 0.3], std: [0.5, 0.25, 2])
        let bytes = try GivenSet(fixture("given-bytes.npz"))
        let fractions = try GivenSet(fixture("given-fractions.npz"))
        guard case .bytes(let values) = bytes.pixels else {
            Issue.record("uint8 must stay bytes")
            return
        }
        #expect(values == (0..<48).map { UInt8(5 * $0) })
        let (a, b) = (
            bytes.floats(normalization, areNormalised: false), fractions.floats(normalization, areNormalised: false)
        )
        #expect(zip(a, b).allSatisfy { abs($0 - $1) <= 1e-6 })
        #expect(abs(a[0] - (0 - 0.1) / 0.5) < 1e-6)
        #expect(abs(b[8] - (40.0 / 255 - 0.2) / 0.25) < 1e-6)
        guard case .numbers(let raw) = fractions.pixels else { return }
        #expect(fractions.floats(normalization, areNormalised: true) == raw)
    }

    @Test(arguments: [
        ("given-nan.npz", "image 1 has a pixel of nan"), ("given-soft.npz", "labels are [N] or [N, 1]"),
        ("given-float-labels.npz", "labels are whole numbers"), ("given-complex.npz", "which is not read"),
        ("given-unnamed.npz", "must be called 'images' and 'labels'"), ("given-short.npz", "2 images, but 3 labels"),
    ])
    func badFilesAreNamed(_ name: String, _ words: String) {
        let error = #expect(throws: DatasetError.self) { try GivenSet(fixture(name)) }
        #expect("\(error.map { "\($0)" } ?? "")".contains(words), "\(error.map { "\($0)" } ?? "")")
    }

    private func fixture(_ name: String) -> String { Fixture.path("given/" + name) }
}
