import Testing

@testable import Datasets

@Suite struct FileTests {
    @Test(arguments: ["idx-good-plain", "idx-good-gzip"])
    func readsIDX(_ name: String) throws {
        let data = try Dataset.load(.mnist(path: Fixture.path(name)))
        let oracle = Fixture.oracle.idx
        #expect(data.train.labels == oracle.trainLabels)
        #expect(data.test.labels == oracle.testLabels)
        #expect(data.train.pixels == oracle.trainPixels)
        #expect([data.train.channels, data.train.height, data.train.width] == [1, 4, 5])
        #expect(data.classes == 10)
        #expect(data.truth == nil)
    }

    @Test func digestBytesAreTheDocumentedOnes() throws {
        let data = try Dataset.load(.mnist(path: Fixture.path("idx-good-gzip")))
        var bytes: [UInt8] = []
        data.forEachDigestBlock { bytes += Array($0) }
        let hex = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(hex == Fixture.oracle.idx.canonicalBytes)
    }

    /// The order of classes is told apart from the images, whose bytes with their class names do not depend on it.
    @Test func classOrderAndImagesAreDigestedApart() throws {
        func data(_ names: [String], _ labels: [Int32], _ pixels: [UInt8]) -> Dataset {
            let set = ImageSet(channels: 1, height: 1, width: 1, pixels: pixels, labels: labels)
            return Dataset(name: "x", classNames: names, train: set, test: set)
        }
        func order(_ data: Dataset) -> [UInt8] {
            var bytes: [UInt8] = []
            data.forEachClassOrderBlock { bytes += Array($0) }
            return bytes
        }
        func images(_ data: Dataset) -> Set<[UInt8]> {
            var all: Set<[UInt8]> = []
            data.forEachImage { all.insert(Array($0) + Array($1)) }
            return all
        }
        let one = data(["a", "b"], [0, 1], [7, 9])
        let turned = data(["b", "a"], [0, 1], [9, 7])
        let other = data(["a", "b"], [0, 1], [7, 8])
        let part: [UInt8] = [2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]
        #expect(order(one) == Array("a\0b\0".utf8) + part + part)
        #expect(order(one) != order(turned) && order(one) == order(other))
        #expect(images(one) == images(turned) && images(one) != images(other))
        #expect(images(one).count == 4)
        #expect(
            images(one).contains(
                Array("test\0b\0".utf8) + [1, 0, 0, 0, 0, 0, 0, 0] + [1, 0, 0, 0, 0, 0, 0, 0] + [
                    1, 0, 0, 0, 0, 0, 0, 0, 9,
                ]))
    }

    @Test func readsCIFAR10() throws {
        let data = try CIFAR.load10(Fixture.path("cifar10-good"), records: Fixture.cifar10)
        #expect(data.train.labels == Fixture.oracle.cifar10.trainLabels)
        #expect(data.train.pixels.reduce(0) { $0 + Int($1) } == Fixture.oracle.cifar10.pixelSum)
        #expect([data.train.count, data.test.count, data.classes] == [10, 2, 10])
    }

    @Test func readsCIFAR100AndTakesTheFineLabel() throws {
        let data = try CIFAR.load100(Fixture.path("cifar100-good"), records: Fixture.cifar100)
        #expect(data.train.labels == Fixture.oracle.cifar100.trainLabels)
        #expect(data.test.labels == Fixture.oracle.cifar100.testLabels)
        // The first row of the blue plane of image 1: [N, C, H, W].
        let start = (1 * 3 + 2) * 1024
        #expect(Array(data.train.pixels[start..<start + 32]) == Fixture.oracle.cifar100.firstRow)
        #expect(data.classNames.count == 100 && Set(data.classNames).count == 100)
        #expect(data.classNames[0] == "apple" && data.classNames[99] == "worm")
    }

    @Test func readsFashionMNISTOfTheDebianPackage() throws {
        let data = try Dataset.load(.fashionMNIST(path: nil))
        #expect([data.train.count, data.test.count] == [60_000, 10_000])
        #expect(data.train.classCounts(classes: 10) == [Int](repeating: 6000, count: 10))
        #expect(data.classNames[Int(data.train.labels[0])] == "Ankle boot")
        let n = Normalization(of: data.train, indices: Array(data.train.labels.indices))
        // The figures in everybody's training scripts, published with four decimals.
        let printed: Float = 5e-5
        #expect(abs(n.mean[0] - 0.2860) < printed, "mean \(n.mean[0])")
        #expect(abs(n.std[0] - 0.3530) < printed, "std \(n.std[0])")
    }

    struct Bad: Sendable, CustomTestStringConvertible {
        let fixture: String
        let exitCode: Int32
        /// Parts of the message, the file's name among them.
        let says: [String]
        var testDescription: String { fixture }
    }

    static let idx: [Bad] = [
        Bad(
            fixture: "idx-bad-missing-file", exitCode: 66,
            says: ["train-labels-idx1-ubyte", "no such file", "four IDX files"]),
        Bad(
            fixture: "idx-bad-magic", exitCode: 65,
            says: ["train-images-idx3-ubyte", "0x00000801", "0x00000803"]),
        Bad(
            fixture: "idx-bad-truncated-plain", exitCode: 65,
            says: ["train-images-idx3-ubyte", "truncated: 409 of 416 bytes"]),
        Bad(
            fixture: "idx-bad-truncated-header", exitCode: 65,
            says: ["train-images-idx3-ubyte", "truncated: 9 of 16 bytes"]),
        Bad(fixture: "idx-bad-overlong-plain", exitCode: 65, says: ["more than the 416 bytes"]),
        Bad(
            fixture: "idx-bad-label-range", exitCode: 65,
            says: ["train-labels-idx1-ubyte", "label 10 of image 13 is outside 0…9"]),
        Bad(
            fixture: "idx-bad-count-mismatch", exitCode: 65,
            says: ["train-images-idx3-ubyte", "20 images, but 19 labels in", "train-labels-idx1-ubyte"]),
        Bad(
            fixture: "idx-bad-shape-mismatch", exitCode: 65,
            says: ["t10k-images-idx3-ubyte", "images of 3×5", "4×5"]),
        Bad(fixture: "idx-bad-empty", exitCode: 65, says: ["train-images-idx3-ubyte", "no images"]),
        Bad(
            fixture: "idx-bad-promise-overflow", exitCode: 65,
            says: ["4294967295×4294967295×4294967295 bytes", "cannot hold"]),
        Bad(fixture: "idx-bad-gzip-truncated", exitCode: 65, says: ["ubyte.gz", "damaged gzip", "it ends after"]),
        Bad(fixture: "idx-bad-gzip-no-trailer", exitCode: 65, says: ["ubyte.gz", "damaged gzip"]),
        Bad(
            fixture: "idx-bad-gzip-checksum", exitCode: 65, says: ["ubyte.gz", "damaged gzip", "incorrect data check"]),
        Bad(fixture: "idx-bad-gzip-damaged", exitCode: 65, says: ["ubyte.gz", "damaged gzip"]),
        Bad(fixture: "idx-bad-gzip-bomb", exitCode: 65, says: ["ubyte.gz", "more than the 416 bytes"]),
        Bad(fixture: "idx-bad-gzip-promise", exitCode: 65, says: ["10000×10000×10000 bytes", "cannot hold"]),
    ]

    @Test(arguments: idx)
    func refusesBadIDX(_ bad: Bad) {
        expect(bad) { try Dataset.load(.mnist(path: Fixture.path(bad.fixture))) }
    }

    static let cifar10: [Bad] = [
        Bad(
            fixture: "cifar10-bad-truncated", exitCode: 65,
            says: ["data_batch_1.bin", "truncated: 3173 of 6146 bytes"]),
        Bad(fixture: "cifar10-bad-missing-file", exitCode: 66, says: ["data_batch_2.bin", "cifar-10-binary.tar.gz"]),
        Bad(fixture: "cifar10-bad-label-range", exitCode: 65, says: ["data_batch_1.bin", "label 10 of image 1"]),
    ]

    @Test(arguments: cifar10)
    func refusesBadCIFAR10(_ bad: Bad) {
        // The file before the missing one has a single record.
        let records = CIFAR.Records(train: bad.exitCode == 66 ? 1 : 2, test: 2)
        expect(bad) { try CIFAR.load10(Fixture.path(bad.fixture), records: records) }
    }

    static let cifar100: [Bad] = [
        Bad(fixture: "cifar100-bad-label-range", exitCode: 65, says: ["train.bin", "label 100 of image 1", "0…99"]),
        Bad(
            fixture: "cifar100-bad-coarse-range", exitCode: 65,
            says: ["train.bin", "coarse label 20 of image 1", "0…19"]),
    ]

    @Test(arguments: cifar100)
    func refusesBadCIFAR100(_ bad: Bad) {
        expect(bad) { try CIFAR.load100(Fixture.path(bad.fixture), records: .init(train: 2, test: 2)) }
    }

    /// A file that ends with a whole record is cut all the same.
    @Test func refusesCIFARCutBetweenRecords() {
        let ten = Bad(
            fixture: "cifar10-good", exitCode: 65,
            says: ["data_batch_1.bin", "holds 2 records where the published file has 10000"])
        expect(ten) { try Dataset.load(.cifar10(path: Fixture.path(ten.fixture))) }
        let hundred = Bad(
            fixture: "cifar100-good", exitCode: 65,
            says: ["test.bin", "holds 2 records where the published file has 10000"])
        expect(hundred) {
            try CIFAR.load100(Fixture.path(hundred.fixture), records: .init(train: 3, test: 10_000))
        }
    }

    @Test func missingFashionMNISTSaysHowToInstallIt() {
        let bad = Bad(
            fixture: "none", exitCode: 66,
            says: ["/nowhere/train-images", "apt-get install dataset-fashion-mnist", "scripts/setup"])
        expect(bad) { try Dataset.load(.fashionMNIST(path: "/nowhere")) }
    }

    @Test func refusesADirectoryInPlaceOfAFile() {
        let error = #expect(throws: DatasetError.self) {
            _ = try InputFile.open(Fixture.path("idx-good-plain"), dataset: "mnist", advice: "").fileBytes
        }
        #expect(error?.exitCode == 74)
        #expect(error?.description.contains("not a regular file") == true)
    }

    @Test func sourcesByName() throws {
        #expect(try DatasetSource.named("cifar100", path: "d") == .cifar100(path: "d"))
        #expect(try DatasetSource.named("glyphs", path: nil) == .glyphs(Glyphs()))
        #expect(throws: DatasetError(dataset: "mnist", .needsPath)) { try DatasetSource.named("mnist", path: nil) }
        let unknown = #expect(throws: DatasetError.self) { try DatasetSource.named("imagenet", path: nil) }
        #expect(unknown?.exitCode == 64)
        #expect(unknown?.description.contains("fashion-mnist, mnist, cifar10, cifar100, glyphs") == true)
    }

    private func expect(
        _ bad: Bad, _ here: SourceLocation = #_sourceLocation, load: () throws -> Dataset
    ) {
        let error = #expect(throws: DatasetError.self, sourceLocation: here) { try load() }
        #expect(error?.exitCode == bad.exitCode, sourceLocation: here)
        let text = error?.description ?? ""
        for part in bad.says { #expect(text.contains(part), "\(text)", sourceLocation: here) }
    }
}
