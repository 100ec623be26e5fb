import Foundation
import Randomness
import Testing

@testable import Datasets

/// What make_corruptions.py (SciPy, NumPy, colorsys, Pillow) makes of one image.
struct CorruptionOracle: Decodable {
    let height, width: Int
    let image: Data
    let results: [String: Data]
    let plasma: [Double]
    let zoomCounts, zoomCountsLarge: [Int]

    static func read() throws -> CorruptionOracle {
        try JSONDecoder().decode(
            CorruptionOracle.self, from: Data(contentsOf: URL(fileURLWithPath: Fixture.path("corruptions.json"))))
    }

    var picture: Picture { Picture(channels: 3, height: height, width: width, bytes: [UInt8](image)) }
}

/// The generator of make_corruptions.py, in −1…1.
struct Draws {
    var state: Int

    mutating func next() -> Double {
        state = (1_664_525 * state + 1_013_904_223) % (1 << 32)
        return Double(state) / 0x1p32 * 2 - 1
    }

    mutating func next(_ count: Int) -> [Double] { (0..<count).map { _ in next() } }
}

@Suite struct CorruptionOracleTests {
    /// Values are cut off to bytes: sums in another order may fall to the other side of a whole number.
    static let level = 1
    static let shareOfNeighbours = 0.01

    private func expect(_ image: Picture, _ name: String, in oracle: CorruptionOracle) throws {
        let expected = try #require(oracle.results[name])
        let differences = zip(image.bytes, expected).map { abs(Int($0) - Int($1)) }
        #expect(image.bytes.count == expected.count)
        #expect(differences.max() ?? 256 <= Self.level, "\(name): \(differences.max() ?? -1)")
        let share = Double(differences.filter { $0 > 0 }.count) / Double(differences.count)
        #expect(share <= Self.shareOfNeighbours, "\(name): \(share)")
        #expect(image.bytes != oracle.picture.bytes, "\(name) changes nothing")
    }

    private func numbers(_ name: String) -> [Double] {
        name.split(separator: " ").dropFirst().compactMap { Double($0) }
    }

    @Test func eachAgreesWithAnotherImplementation() throws {
        let oracle = try CorruptionOracle.read()
        #expect(oracle.results.count == 21)
        let table = CorruptionTable(height: oracle.height, width: oracle.width)
        for name in oracle.results.keys {
            var image = oracle.picture
            let given = numbers(name)
            let kind = String(name.prefix { $0 != " " })
            switch kind {
            case "defocus-blur": Kernel.disk(radius: given[0], blur: given[1]).apply(to: &image)
            case "motion-blur": image.blur(MotionBlur(radius: given[0], sigma: given[1], angle: given[2]))
            case "fog":
                var draws = Draws(state: given[0] == 0.2 ? 5 : 6)
                image.addFog(
                    Plasma(side: Plasma.side(for: image), decay: given[1]) { draws.next() }, strength: given[0])
            case "elastic":
                let side = Double(min(image.height, image.width))
                let form = CorruptionTable.Elastic(
                    strength: side * given[0], sigma: side * given[1], corner: side * given[2])
                var draws = Draws(state: given[0] == 0.05 ? 11 : 12)
                let corners = draws.next(6).map { $0 * form.corner }
                let down = draws.next(image.plane)
                image.deform(form, corners: corners, down: down, right: draws.next(image.plane))
            default:
                let corruption = try #require(Corruption(rawValue: kind))
                let stage = try CorruptionStage(corruption, severity: Int(given[0]), table: table)
                var stream = RandomStream(seed: 1, purpose: "not drawn from")
                try stage.apply(to: &image, &stream)
            }
            try expect(image, name, in: oracle)
        }
    }

    @Test func cloudsAgreeWithNumPy() throws {
        var draws = Draws(state: 3)
        let clouds = Plasma(side: 8, decay: 2) { draws.next() }
        // Sums of four in another order.
        for (value, expected) in zip(clouds.heights, try CorruptionOracle.read().plasma) {
            #expect(abs(value - expected) < 1e-12)
        }
        #expect(clouds.heights.min() == 0 && clouds.heights.max() == 1)
    }

    @Test func asManyZoomsAsNumPysRanges() throws {
        let oracle = try CorruptionOracle.read()
        #expect(
            (1...5).map { CorruptionTable(height: 32, width: 32).zoomFactors(severity: $0).count } == oracle.zoomCounts)
        #expect(
            (1...5).map { CorruptionTable(height: 224, width: 224).zoomFactors(severity: $0).count }
                == oracle.zoomCountsLarge)
    }

    @Test func theTableFollowsTheSize() {
        #expect(CorruptionTable(height: 32, width: 300).jpeg == [80, 65, 58, 50, 40])
        #expect(CorruptionTable(height: 64, width: 64).jpeg == [65, 58, 50, 40, 25])
        #expect(CorruptionTable(height: 224, width: 224).jpeg == [25, 18, 15, 10, 7])
    }
}

@Suite struct CorruptionTests {
    /// So many grey images of one value.
    private func flat(_ value: UInt8, images: Int = 40, side: Int = 32) -> ImageSet {
        ImageSet(
            channels: 1, height: side, width: side, pixels: [UInt8](repeating: value, count: images * side * side),
            labels: [Int32](repeating: 0, count: images))
    }

    private func moments(_ set: ImageSet) -> (mean: Double, variance: Double) {
        let values = set.pixels.map { Double($0) / 255 }
        let mean = values.reduce(0, +) / Double(values.count)
        return (mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count))
    }

    /// Bytes are cut off, which takes half a level from the mean and adds 1/12 of a squared one to the variance. Five
    /// standard errors of 40,960 values.
    @Test(arguments: [(1, 0.04), (5, 0.10)]) func gaussianNoiseHasItsMoments(_ severity: Int, _ deviation: Double)
        throws
    {
        let (mean, variance) = moments(try flat(128).corrupted(by: .gaussianNoise, severity: severity, seed: 1))
        let n = 40_960.0
        #expect(abs(mean - (128 - 0.5) / 255) < 5 * deviation / n.squareRoot(), "\(mean)")
        #expect(
            abs(variance - deviation * deviation - 1 / 12 / 65_025) < 5 * deviation * deviation * (2 / n).squareRoot())
    }

    @Test(arguments: [(1, 500.0), (5, 50.0)]) func shotNoiseIsPoisson(_ severity: Int, _ photons: Double) throws {
        let noisy = try flat(102).corrupted(by: .shotNoise, severity: severity, seed: 1)
        let (mean, variance) = moments(noisy)
        // x = 0.4: k / photons has the mean 0.4 and the variance 0.4 / photons.
        let n = 40_960.0
        #expect(abs(mean - 0.4 + 0.5 / 255) < 5 * (0.4 / photons / n).squareRoot() + 0.5 / 255, "\(mean)")
        #expect(abs(variance / (0.4 / photons) - 1) < 5 * (2 / n).squareRoot() + 0.01, "\(variance)")
        // Photons are whole.
        let levels = Set((0...Int(photons)).map { Picture.byte(Double($0) / photons) })
        #expect(Set(noisy.pixels).isSubset(of: levels))
        #expect(try flat(0).corrupted(by: .shotNoise, severity: severity, seed: 1) == flat(0))
    }

    @Test(arguments: [(1, 0.01), (5, 0.07)]) func impulsesHitTheirShare(_ severity: Int, _ amount: Double) throws {
        let pixels = try flat(128).corrupted(by: .impulseNoise, severity: severity, seed: 1).pixels
        let n = Double(pixels.count)
        let error = 5 * (amount / 2 / n).squareRoot()
        for value: UInt8 in [0, 255] {
            let share = Double(pixels.filter { $0 == value }.count) / n
            #expect(abs(share - amount / 2) < error, "\(value): \(share)")
        }
        #expect(Set(pixels) == [0, 128, 255])
    }

    private func drawn() throws -> ImageSet {
        try CIFAR.load100(Fixture.path("cifar100-good"), records: Fixture.cifar100).train
    }

    @Test(arguments: Corruption.allCases) func anImageDependsOnSeedSeverityAndPositionAlone(_ kind: Corruption) throws {
        let images = try drawn()
        let once = try images.corrupted(by: kind, severity: 3, seed: 1)
        #expect(try images.corrupted(by: kind, severity: 3, seed: 1) == once)
        #expect(once.labels == images.labels && once.pixels != images.pixels)
        #expect(try images.corrupted(by: kind, severity: 4, seed: 1) != once)
        let size = images.valuesPerImage
        let first = ImageSet(
            channels: 3, height: 32, width: 32, pixels: Array(images.pixels[..<size]), labels: [images.labels[0]])
        #expect(try first.corrupted(by: kind, severity: 3, seed: 1).pixels == Array(once.pixels[..<size]))
        let isDrawn: Set<Corruption> = [.gaussianNoise, .shotNoise, .impulseNoise, .motionBlur, .fog, .elastic]
        #expect(try (images.corrupted(by: kind, severity: 3, seed: 2) != once) == isDrawn.contains(kind))
    }

    /// The later severities are the worse ones: the distance from the clean image grows from the first to the last.
    @Test(arguments: Corruption.allCases.filter { $0 != .saturate && $0 != .elastic })
    func severityGrows(_ kind: Corruption) throws {
        let glyphs = try Glyphs(train: 10, test: 60, size: 32).dataset().test
        let distances = try (1...5).map { severity in
            zip(glyphs.pixels, try glyphs.corrupted(by: kind, severity: severity, seed: 1).pixels).reduce(0) {
                $0 + abs(Int($1.0) - Int($1.1))
            }
        }
        #expect(distances[0] > 0 && distances[4] > distances[0], "\(distances)")
    }

    @Test func largeAndSmallImagesAreCorruptedToo() throws {
        for (height, width) in [(1, 1), (5, 3), (28, 28), (64, 64), (130, 140)] {
            let set = ImageSet(
                channels: 3, height: height, width: width,
                pixels: (0..<3 * height * width).map { UInt8($0 * 7 % 256) }, labels: [0])
            for kind in Corruption.allCases { #expect(try set.corrupted(by: kind, severity: 5, seed: 1).count == 1) }
        }
    }

    @Test func refusesWhatMakesNoSense() throws {
        let severity = #expect(throws: DatasetError.self) { try flat(1).corrupted(by: .fog, severity: 6, seed: 1) }
        #expect(severity?.description.contains("severity 6 of fog; it must lie in 1…5") == true)
        let grey = #expect(throws: DatasetError.self) { try flat(1).corrupted(by: .saturate, severity: 1, seed: 1) }
        #expect(grey?.description.contains("saturate needs colour") == true && grey?.exitCode == 64)
    }
}
