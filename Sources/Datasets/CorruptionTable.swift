/// The published parameters of the corruptions by severity: of CIFAR-10-C, Tiny-ImageNet-C and ImageNet-C (Hendrycks and
/// Dietterich 2019, the benchmark's `create_c`).
struct CorruptionTable {
    /// Standard deviation, of values in 0…1.
    let gaussianNoise: [Double]
    /// Photons of a white pixel.
    let shotNoise: [Double]
    /// Fraction of values that become 0 or 1.
    let impulseNoise: [Double]
    /// Radius of the disk in pixels, and the standard deviation that smooths its edge.
    let defocusBlur: [(radius: Double, blur: Double)]
    let motionBlur: [(radius: Double, sigma: Double)]
    /// The largest zoom, not included, and the step up to it from 1.
    let zoomBlur: [(end: Double, step: Double)]
    /// How thick, and by how much the height of finer clouds falls.
    let fog: [(strength: Double, decay: Double)]
    let brightness: [Double]
    let contrast: [Double]
    let elastic: [Elastic]
    /// Size of the small image.
    let pixelate: [Double]
    let jpeg: [Int]
    let saturate: [(factor: Double, shift: Double)]

    /// Displacements in pixels: how far, how smooth, and how far the corners of the affine map go.
    struct Elastic {
        let strength: Double
        let sigma: Double
        let corner: Double

        /// In units of the image's side.
        fileprivate static func scaled(_ side: Double, _ shares: [[Double]]) -> [Elastic] {
            shares.map { Elastic(strength: side * $0[0], sigma: side * $0[1], corner: side * $0[2]) }
        }
    }

    /// Below 48 pixels the table of CIFAR-10-C (32), below 128 that of Tiny-ImageNet-C (64), otherwise ImageNet-C's (224).
    init(height: Int, width: Int) {
        let side = min(height, width)
        self = side < 48 ? .cifar(side) : side < 128 ? .tinyImageNet(side) : .imageNet
    }

    /// NumPy's `arange(1, end, step)` to the bit, its rounded step included: at some sizes it decides about a pixel.
    func zoomFactors(severity: Int) -> [Double] {
        let (end, step) = zoomBlur[severity - 1]
        let rounded = (1 + step) - 1
        return (0..<Int(((end - 1) / step).rounded(.up))).map { 1 + Double($0) * rounded }
    }

    private static let smallZooms: [(end: Double, step: Double)] = [
        (1.06, 0.01), (1.11, 0.01), (1.16, 0.01), (1.21, 0.01), (1.26, 0.01),
    ]

    private static func cifar(_ side: Int) -> CorruptionTable {
        CorruptionTable(
            gaussianNoise: [0.04, 0.06, 0.08, 0.09, 0.10], shotNoise: [500, 250, 100, 75, 50],
            impulseNoise: [0.01, 0.02, 0.03, 0.05, 0.07],
            defocusBlur: [(0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1)],
            motionBlur: [(6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5)], zoomBlur: smallZooms,
            fog: [(0.2, 3), (0.5, 3), (0.75, 2.5), (1, 2), (1.5, 1.75)], brightness: [0.05, 0.1, 0.15, 0.2, 0.3],
            contrast: [0.75, 0.5, 0.4, 0.3, 0.15],
            elastic: Elastic.scaled(
                Double(side),
                [[0, 0, 0.08], [0.05, 0.2, 0.07], [0.08, 0.06, 0.06], [0.1, 0.04, 0.05], [0.1, 0.03, 0.03]]),
            pixelate: [0.95, 0.9, 0.85, 0.75, 0.65], jpeg: [80, 65, 58, 50, 40],
            saturate: [(0.3, 0), (0.1, 0), (1.5, 0), (2, 0.1), (2.5, 0.2)])
    }

    private static func tinyImageNet(_ side: Int) -> CorruptionTable {
        CorruptionTable(
            gaussianNoise: [0.04, 0.08, 0.12, 0.15, 0.18], shotNoise: [250, 100, 50, 30, 15],
            impulseNoise: [0.01, 0.02, 0.05, 0.08, 0.14],
            defocusBlur: [(0.5, 0.6), (1, 0.1), (1.5, 0.1), (2.5, 0.01), (3, 0.1)],
            motionBlur: [(10, 1), (10, 1.5), (10, 2), (10, 2.5), (12, 3)], zoomBlur: smallZooms,
            fog: [(0.4, 3), (0.7, 3), (1, 2.5), (1.5, 2), (2, 1.75)], brightness: [0.1, 0.2, 0.3, 0.4, 0.5],
            contrast: [0.4, 0.3, 0.2, 0.1, 0.05],
            elastic: Elastic.scaled(
                Double(side),
                [[0, 0, 0.08], [0.05, 0.3, 0.06], [0.1, 0.08, 0.06], [0.1, 0.03, 0.03], [0.16, 0.03, 0.02]]),
            pixelate: [0.9, 0.8, 0.7, 0.6, 0.5], jpeg: [65, 58, 50, 40, 25],
            saturate: [(0.3, 0), (0.1, 0), (2, 0), (5, 0.1), (30, 0.2)])
    }

    private static let imageNet = CorruptionTable(
        gaussianNoise: [0.08, 0.12, 0.18, 0.26, 0.38], shotNoise: [60, 25, 12, 5, 3],
        impulseNoise: [0.03, 0.06, 0.09, 0.17, 0.27],
        defocusBlur: [(3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5)],
        motionBlur: [(10, 3), (15, 5), (15, 8), (15, 12), (20, 15)],
        zoomBlur: [(1.11, 0.01), (1.16, 0.01), (1.21, 0.02), (1.26, 0.02), (1.31, 0.03)],
        fog: [(1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4)], brightness: [0.1, 0.2, 0.3, 0.4, 0.5],
        contrast: [0.4, 0.3, 0.2, 0.1, 0.05],
        // The benchmark scales by 244, not by 224.
        elastic: Elastic.scaled(
            244, [[2, 0.7, 0.1], [2, 0.08, 0.2], [0.05, 0.01, 0.02], [0.07, 0.01, 0.02], [0.12, 0.01, 0.02]]),
        pixelate: [0.6, 0.5, 0.4, 0.3, 0.25], jpeg: [25, 18, 15, 10, 7],
        saturate: [(0.3, 0), (0.1, 0), (2, 0), (5, 0.1), (20, 0.2)])

    private init(
        gaussianNoise: [Double], shotNoise: [Double], impulseNoise: [Double],
        defocusBlur: [(radius: Double, blur: Double)], motionBlur: [(radius: Double, sigma: Double)],
        zoomBlur: [(end: Double, step: Double)], fog: [(strength: Double, decay: Double)], brightness: [Double],
        contrast: [Double], elastic: [Elastic], pixelate: [Double], jpeg: [Int],
        saturate: [(factor: Double, shift: Double)]
    ) {
        self.gaussianNoise = gaussianNoise
        self.shotNoise = shotNoise
        self.impulseNoise = impulseNoise
        self.defocusBlur = defocusBlur
        self.motionBlur = motionBlur
        self.zoomBlur = zoomBlur
        self.fog = fog
        self.brightness = brightness
        self.contrast = contrast
        self.elastic = elastic
        self.pixelate = pixelate
        self.jpeg = jpeg
        self.saturate = saturate
    }
}
