import Randomness

/// The common corruptions of ImageNet-C (Hendrycks and Dietterich 2019) that need no pictures of their own, at five
/// severities.
///
///     let foggy = try data.test.corrupted(by: .fog, severity: 3, seed: 1)
public enum Corruption: String, Sendable, CaseIterable {
    case gaussianNoise = "gaussian-noise"
    case shotNoise = "shot-noise"
    case impulseNoise = "impulse-noise"
    case defocusBlur = "defocus-blur"
    case motionBlur = "motion-blur"
    case zoomBlur = "zoom-blur"
    case fog
    case brightness
    case contrast
    case elastic
    case pixelate
    case jpeg
    case saturate

    public static let severities = 1...5
    /// Every name, for messages.
    public static let names = allCases.map(\.rawValue)
}

extension ImageSet {
    /// The same images, corrupted; labels and names stay.
    ///
    /// An image depends on the seed, the corruption, the severity and its position alone. As in the published sets, values
    /// are cut off to whole numbers, not rounded.
    /// - Throws: a severity outside 1…5, and `saturate` on grey images.
    public func corrupted(by corruption: Corruption, severity: Int, seed: Int) throws(DatasetError) -> ImageSet {
        func refuse(_ text: String) -> DatasetError { DatasetError(dataset: "corruptions", .badSetting(text)) }
        guard Corruption.severities.contains(severity) else {
            throw refuse("severity \(severity) of \(corruption.rawValue); it must lie in 1…5")
        }
        guard channels == 1 || channels == 3 else {
            throw refuse("\(corruption.rawValue) needs grey or RGB images, and these have \(channels) channels")
        }
        guard channels == 3 || corruption != .saturate else {
            throw refuse("saturate needs colour, and these images are grey; leave it out")
        }
        let table = CorruptionTable(height: height, width: width)
        let stage = try CorruptionStage(corruption, severity: severity, table: table)
        let size = valuesPerImage
        var failure: DatasetError?
        let corrupted = [UInt8](unsafeUninitializedCapacity: pixels.count) { buffer, filled in
            nonisolated(unsafe) let output = buffer
            do throws(DatasetError) {
                try forEachConcurrently(count) { index throws(DatasetError) in
                    var image = Picture(
                        channels: channels, height: height, width: width,
                        bytes: Array(pixels[index * size..<(index + 1) * size]))
                    var stream = RandomStream(
                        "corruption/\(corruption.rawValue)/\(severity)", seed: seed, purpose: "corruption", index: index
                    )
                    try stage.apply(to: &image, &stream)
                    for (at, value) in image.bytes.enumerated() {
                        output.initializeElement(at: index * size + at, to: value)
                    }
                }
                filled = buffer.count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return ImageSet(
            channels: channels, height: height, width: width, pixels: corrupted, labels: labels, names: names)
    }
}

/// One image on its way: bytes, or values in 0…1 while it is computed on, [C, H, W].
struct Picture {
    let channels: Int
    let height: Int
    let width: Int
    var bytes: [UInt8]

    var plane: Int { height * width }

    /// Values in 0…1; setting them cuts them off to bytes.
    var values: [Double] {
        get { bytes.map { Double($0) / 255 } }
        set { bytes = newValue.map(Self.byte) }
    }

    static func byte(_ value: Double) -> UInt8 { UInt8(min(max(value, 0), 1) * 255) }
}

/// One corruption at one severity, with what is the same for every image.
enum CorruptionStage {
    case gaussianNoise(deviation: Double)
    case shotNoise(ShotNoise)
    case impulseNoise(amount: Double)
    case defocusBlur(Kernel)
    case motionBlur(radius: Double, sigma: Double)
    case zoomBlur([Double])
    case fog(strength: Double, decay: Double)
    case brightness(shift: Double)
    case contrast(factor: Double)
    case elastic(CorruptionTable.Elastic)
    case pixelate(scale: Double)
    case jpeg(quality: Int)
    case saturate(factor: Double, shift: Double)

    init(_ corruption: Corruption, severity: Int, table: CorruptionTable) throws(DatasetError) {
        let at = severity - 1
        switch corruption {
        case .gaussianNoise: self = .gaussianNoise(deviation: table.gaussianNoise[at])
        case .shotNoise: self = .shotNoise(ShotNoise(photons: table.shotNoise[at]))
        case .impulseNoise: self = .impulseNoise(amount: table.impulseNoise[at])
        case .defocusBlur:
            self = .defocusBlur(Kernel.disk(radius: table.defocusBlur[at].radius, blur: table.defocusBlur[at].blur))
        case .motionBlur: self = .motionBlur(radius: table.motionBlur[at].radius, sigma: table.motionBlur[at].sigma)
        case .zoomBlur: self = .zoomBlur(table.zoomFactors(severity: severity))
        case .fog: self = .fog(strength: table.fog[at].strength, decay: table.fog[at].decay)
        case .brightness: self = .brightness(shift: table.brightness[at])
        case .contrast: self = .contrast(factor: table.contrast[at])
        case .elastic: self = .elastic(table.elastic[at])
        case .pixelate: self = .pixelate(scale: table.pixelate[at])
        case .jpeg: self = .jpeg(quality: table.jpeg[at])
        case .saturate: self = .saturate(factor: table.saturate[at].factor, shift: table.saturate[at].shift)
        }
    }

    func apply(to image: inout Picture, _ stream: inout RandomStream) throws(DatasetError) {
        switch self {
        case .gaussianNoise(let deviation): image.addNoise(deviation: deviation, &stream)
        case .shotNoise(let noise): noise.apply(to: &image, &stream)
        case .impulseNoise(let amount): image.addImpulses(amount: amount, &stream)
        case .defocusBlur(let kernel): kernel.apply(to: &image)
        case .motionBlur(let radius, let sigma):
            image.blur(MotionBlur(radius: radius, sigma: sigma, angle: stream.uniform() * 90 - 45))
        case .zoomBlur(let factors): image.zoomBlur(factors)
        case .fog(let strength, let decay):
            let map = Plasma(side: Plasma.side(for: image), decay: decay) { stream.uniform() * 2 - 1 }
            image.addFog(map, strength: strength)
        case .brightness(let shift): image.changeColours { (h, s, v) in (h, s, v + shift) }
        case .contrast(let factor): image.changeContrast(factor)
        case .elastic(let form): image.deform(form, &stream)
        case .pixelate(let scale): image.pixelate(scale)
        case .jpeg(let quality): try image.throughJPEG(quality: quality)
        case .saturate(let factor, let shift): image.changeColours { (h, s, v) in (h, s * factor + shift, v) }
        }
    }
}
