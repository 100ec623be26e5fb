import Randomness
import Testing

@testable import Datasets

@Suite struct SplitTests {
    /// 10 classes of 60.
    private let labels = (0..<600).map { Int32($0 * 7 % 10) }

    @Test func validationIsBalancedDisjointAndComplete() throws {
        let (training, validation) = try Split.validation(labels: labels, images: 100, seed: 1)
        #expect(validation == validation.sorted() && training == training.sorted())
        #expect(Set(training).union(validation) == Set(0..<600))
        #expect(training.count == 500)
        #expect(counts(validation) == [Int](repeating: 10, count: 10))
    }

    @Test func remainderIsSpreadOverClasses() throws {
        let (_, validation) = try Split.validation(labels: labels, images: 103, seed: 1)
        #expect(validation.count == 103)
        #expect(counts(validation).sorted() == [10, 10, 10, 10, 10, 10, 10, 11, 11, 11])
    }

    @Test func seedDecides() throws {
        let one = try Split.validation(labels: labels, images: 100, seed: 1).validation
        #expect(try Split.validation(labels: labels, images: 100, seed: 1).validation == one)
        #expect(try Split.validation(labels: labels, images: 100, seed: 2).validation != one)
    }

    @Test func nothingAndEverything() throws {
        #expect(try Split.validation(labels: labels, images: 0, seed: 1).training == Array(0..<600))
        #expect(try Split.validation(labels: labels, images: 600, seed: 1).training.isEmpty)
        #expect(throws: DatasetError.self) { try Split.validation(labels: labels, images: 601, seed: 1) }
        #expect(try Split.validation(labels: [], images: 0, seed: 1).training.isEmpty)
    }

    @Test func classThatIsTooSmallIsNamed() {
        let error = #expect(throws: DatasetError.self) {
            try Split.validation(labels: [0, 0, 0, 1], images: 4, seed: 1)
        }
        #expect(error?.fault == .classTooSmall(name: "1", has: 1, asked: 2))
        #expect(error?.description.contains("class '1' has 1 images, 2 were asked for") == true)
    }

    private func counts(_ indices: [Int]) -> [Int] {
        indices.reduce(into: [Int](repeating: 0, count: 10)) { $0[Int(labels[$1])] += 1 }
    }
}

@Suite struct NormalizationTests {
    /// NumPy computes in double, the result is stored in single precision.
    static let singlePrecision = 1e-7

    @Test func greyAgreesWithNumPy() throws {
        let data = try Dataset.load(.mnist(path: Fixture.path("idx-good-plain")))
        let n = Normalization(of: data.train, indices: Array(0..<20))
        expect(n, Fixture.oracle.idx.mean, Fixture.oracle.idx.std)
    }

    @Test func eachColourByItself() throws {
        let data = try CIFAR.load100(Fixture.path("cifar100-good"), records: Fixture.cifar100)
        let n = Normalization(of: data.train, indices: [2, 0, 1])
        expect(n, Fixture.oracle.cifar100.mean, Fixture.oracle.cifar100.std)
        #expect(n == Normalization(of: data.train, indices: [0, 1, 2]))
    }

    @Test func floatsAreNormalisedAndKeepTheOrder() throws {
        let data = try CIFAR.load100(Fixture.path("cifar100-good"), records: Fixture.cifar100)
        let n = Normalization(of: data.train, indices: [0, 1, 2])
        let floats = data.train.floats([1, 0], n)
        #expect(floats.count == 2 * 3072)
        for at in stride(from: 0, to: 3072, by: 97) {
            let c = at / 1024
            #expect(floats[at] == (Float(data.train.pixels[3072 + at]) / 255 - n.mean[c]) / n.std[c])
            #expect(floats[3072 + at] == (Float(data.train.pixels[at]) / 255 - n.mean[c]) / n.std[c])
        }
    }

    @Test func constantChannelStaysFinite() {
        let flat = ImageSet(channels: 1, height: 2, width: 2, pixels: [7, 7, 7, 7], labels: [0])
        let n = Normalization(of: flat, indices: [0])
        #expect(n.std == [1])
        #expect(flat.floats([0], n).allSatisfy { abs($0) < 1e-6 })
    }

    private func expect(_ n: Normalization, _ mean: [Double], _ std: [Double]) {
        #expect(n.mean.count == mean.count)
        for (value, oracle) in zip(n.mean + n.std, mean + std) {
            #expect(abs(Double(value) - oracle) < Self.singlePrecision, "\(value) against \(oracle)")
        }
    }
}
