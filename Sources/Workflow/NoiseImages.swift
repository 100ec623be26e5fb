import Randomness

/// A subset that shows nothing: Gaussian images with the mean and the deviation of the data, so N(0, 1) once they are
/// normalised, and every class as often. What a student learns from it comes from the teacher alone (paper 2, D.1).
struct NoiseImages {
    /// −1, −2, …: no image of the data set.
    let ids: [Int64]
    let labels: [Int32]
    /// [N, pixels]
    let pixels: [Float]

    /// The same images for every regime and budget of a seed.
    init(ipc: Int, run: PlannedRun, pixels count: Int) {
        let classes = run.data.classes
        ids = (0..<ipc * classes).map { -1 - Int64($0) }
        labels = (0..<ipc * classes).map { Int32($0 % classes) }
        var pixels: [Float] = []
        pixels.reserveCapacity(ipc * classes * count)
        for index in 0..<ipc * classes {
            var stream = RandomStream(
                "\(run.data.name)/\(run.subset)", seed: run.seed, purpose: "noise", index: index)
            for _ in 0..<count { pixels.append(Float(stream.normal())) }
        }
        self.pixels = pixels
    }
}
