import Foundation
import Randomness
import Testing

@testable import Training

/// Fixtures/augmentation.json: what torchvision and PyTorch make of one image (make_augmentation.py).
private struct AugmentationReference: Decodable {
    struct Crop: Decodable {
        var region: [Int]
        var result: String
    }
    struct Warp: Decodable {
        var theta: [Float]
        var result: String
    }
    struct Color: Decodable {
        var strengths: [Float]
        var result: String
    }
    struct Shuffle: Decodable {
        var columns: [UInt8]
        var rows: [UInt8]
        var result: String
    }
    struct Parameters: Decodable {
        var scale: [Double]
        var ratio: [Double]
        /// Of area, log aspect ratio, top and left, each as a share of the image.
        var deciles: [[Double]]
    }
    struct Fallback: Decodable {
        var shape: [Int]
        var ratio: [Double]
        var region: [Int]
    }

    var shape: [Int]
    var image: String
    var crops: [Crop]
    var warps: [Warp]
    var colors: [Color]
    var shuffles: [Shuffle]
    var parameters: [Parameters]
    var fallbacks: [Fallback]

    static func load() throws -> AugmentationReference {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(
            path: "Fixtures/augmentation.json")
        return try JSONDecoder().decode(AugmentationReference.self, from: Data(contentsOf: path))
    }

    var imageShape: ImageShape { ImageShape(channels: shape[0], height: shape[1], width: shape[2]) }

    func check(_ step: View.Step, _ expected: String, tolerance: Float) {
        let actual = drawn([step], of: Reference.floats(image), imageShape)
        let expected = Reference.floats(expected)
        #expect(actual.count == expected.count && !expected.isEmpty)
        let worst = zip(actual, expected).map { abs($0 - $1) }.max() ?? .infinity
        #expect(worst <= tolerance, "\(step): off by \(worst)")
    }
}

/// An image as a view shows it.
func drawn(_ steps: [View.Step], of image: [Float], _ shape: ImageShape) -> [Float] {
    let augmenter = Augmenter(.none, shape: shape, run: "", seed: 1, samples: 1)
    var target = [Float](repeating: .nan, count: shape.count)
    augmenter.draw(View(steps), of: image, into: &target, scratch: AugmentationScratch(shape: shape))
    return target
}

extension ImageRegion {
    init(_ numbers: [Int]) {
        self.init(top: numbers[0], left: numbers[1], height: numbers[2], width: numbers[3])
    }
}

@Suite struct AugmentationReferenceTests {
    /// Values lie below 4, and a pixel takes three roundings to 24 bits on each side.
    @Test func enlargedCropsAreThoseOfTorchvision() throws {
        let reference = try AugmentationReference.load()
        #expect(reference.crops.count == 5)
        for crop in reference.crops {
            reference.check(.enlarge(ImageRegion(crop.region), mirrored: false), crop.result, tolerance: 2e-6)
        }
    }

    /// Coordinates of up to 9 pixels, rounded differently, move a value by their error (10⁻⁶) times the slope (below 6).
    @Test func warpsAreThoseOfGridSample() throws {
        let reference = try AugmentationReference.load()
        #expect(reference.warps.count == 4)
        for warp in reference.warps {
            let theta = warp.theta
            reference.check(
                .warp(xx: theta[0], xy: theta[1], yx: theta[2], yy: theta[3]), warp.result, tolerance: 1e-5)
        }
    }

    @Test func colorsAreThoseOfTheirDefinition() throws {
        let reference = try AugmentationReference.load()
        #expect(reference.colors.count == 4)
        for color in reference.colors {
            let (brightness, saturation, contrast) = (color.strengths[0], color.strengths[1], color.strengths[2])
            reference.check(
                .color(brightness: brightness, saturation: saturation, contrast: contrast), color.result,
                tolerance: 3e-6)
        }
    }

    @Test func shufflesAreThoseOfTheirDefinition() throws {
        let reference = try AugmentationReference.load()
        #expect(reference.shuffles.count == 4)
        for shuffle in reference.shuffles {
            var (columns, rows) = (SIMD16<UInt8>(), SIMD16<UInt8>())
            for (at, column) in shuffle.columns.enumerated() { columns[at] = column }
            for (at, row) in shuffle.rows.enumerated() { rows[at] = row }
            reference.check(
                .shuffle(grid: shuffle.columns.count, columns: columns, rows: rows), shuffle.result, tolerance: 0)
        }
    }

    /// 20 000 draws on each side: a share of them differs by 0.005 (one σ, two samples) at most; four σ are allowed.
    /// Offsets are whole pixels: the share at a decile lies between those below it and up to it.
    @Test func cropsAreDrawnAsTorchvisionDrawsThem() throws {
        let reference = try AugmentationReference.load()
        #expect(reference.parameters.count == 3)
        let whole = ImageRegion(top: 0, left: 0, height: 64, width: 48)
        var stream = RandomStream(seed: 1, purpose: "crops")
        for parameters in reference.parameters {
            let regions = (0..<20_000).map { _ in
                ViewDraw.crop(
                    of: whole, scale: parameters.scale[0]...parameters.scale[1],
                    ratio: parameters.ratio[0]...parameters.ratio[1], from: &stream)
            }
            let columns = [
                regions.map { Double($0.area) / (64 * 48) }, regions.map { log(Double($0.width) / Double($0.height)) },
                regions.map { Double($0.top) / 64 }, regions.map { Double($0.left) / 48 },
            ]
            for (column, (values, deciles)) in zip(columns, parameters.deciles).enumerated() {
                for (at, decile) in deciles.enumerated() {
                    let share = Double(at + 1) / 10
                    let below = Double(values.count { $0 < decile - 1e-9 }) / 20_000
                    let upTo = Double(values.count { $0 <= decile + 1e-9 }) / 20_000
                    #expect(
                        below < share + 0.02 && upTo > share - 0.02,
                        "scale \(parameters.scale), column \(column), decile \(share): \(below)…\(upTo)")
                }
            }
        }
    }

    @Test func aCropThatCannotBeIsTheCentralOne() throws {
        let reference = try AugmentationReference.load()
        #expect(reference.fallbacks.count == 3)
        var stream = RandomStream(seed: 1, purpose: "crops")
        for fallback in reference.fallbacks {
            let within = ImageRegion(top: 0, left: 0, height: fallback.shape[0], width: fallback.shape[1])
            let region = ViewDraw.crop(
                of: within, scale: 1...1, ratio: fallback.ratio[0]...fallback.ratio[1], from: &stream)
            #expect(region == ImageRegion(fallback.region))
        }
    }
}
