/// The binary files of CIFAR-10 and CIFAR-100: records of one or two label bytes and 3 × 32 × 32 pixels
/// (Krizhevsky 2009).
enum CIFAR {
    private static let pixelsPerImage = 3 * 32 * 32

    /// Records in each published file.
    struct Records {
        let train: Int
        let test: Int
    }

    /// What differs between the two.
    private struct Form {
        let dataset: String
        let archive: String
        let folder: String
        let train: [String]
        let test: String
        let classNames: [String]
        /// Bounds of the label bytes in their order; the last one is the class.
        let labelBounds: [(kind: String, classes: Int)]
        let records: Records

        var labelBytes: Int { labelBounds.count }
    }

    static func load10(
        _ path: String, records: Records = .init(train: 10_000, test: 10_000)
    ) throws(DatasetError) -> Dataset {
        try load(
            Form(
                dataset: "cifar10", archive: "cifar-10-binary.tar.gz", folder: "cifar-10-batches-bin",
                train: (1...5).map { "data_batch_\($0).bin" }, test: "test_batch.bin",
                classNames: ClassNames.cifar10, labelBounds: [("label", 10)],
                records: records), path)
    }

    static func load100(
        _ path: String, records: Records = .init(train: 50_000, test: 10_000)
    ) throws(DatasetError) -> Dataset {
        try load(
            Form(
                dataset: "cifar100", archive: "cifar-100-binary.tar.gz", folder: "cifar-100-binary",
                train: ["train.bin"], test: "test.bin", classNames: ClassNames.cifar100,
                labelBounds: [("coarse label", 20), ("label", 100)], records: records), path)
    }

    private static func load(_ form: Form, _ path: String) throws(DatasetError) -> Dataset {
        let nested = "\(path)/\(form.folder)"
        let directory = InputFile.exists(nested) ? nested : path
        var pixels: [UInt8] = []
        var labels: [Int32] = []
        pixels.reserveCapacity(form.train.count * form.records.train * pixelsPerImage)
        for name in form.train { try read(form, "\(directory)/\(name)", form.records.train, &pixels, &labels) }
        var testPixels: [UInt8] = []
        var testLabels: [Int32] = []
        try read(form, "\(directory)/\(form.test)", form.records.test, &testPixels, &testLabels)
        func set(_ pixels: [UInt8], _ labels: [Int32]) -> ImageSet {
            ImageSet(channels: 3, height: 32, width: 32, pixels: pixels, labels: labels)
        }
        return Dataset(
            name: form.dataset, classNames: form.classNames, train: set(pixels, labels),
            test: set(testPixels, testLabels))
    }

    private static func read(
        _ form: Form, _ path: String, _ expected: Int, _ pixels: inout [UInt8], _ labels: inout [Int32]
    ) throws(DatasetError) {
        let file = try InputFile.open(
            path, dataset: form.dataset,
            advice: "the path must be the directory of the binary version, unpacked from \(form.archive)")
        let recordBytes = form.labelBytes + pixelsPerImage
        let records = file.fileBytes / recordBytes
        guard records > 0 else { throw file.error(.truncated(found: file.fileBytes, expected: recordBytes)) }
        guard records * recordBytes == file.fileBytes else {
            throw file.error(.truncated(found: file.fileBytes, expected: (records + 1) * recordBytes))
        }
        guard records == expected else { throw file.error(.recordCount(found: records, expected: expected)) }
        // One block of records at a time, so that a large file is not held twice.
        let block = 1000
        for first in stride(from: 0, to: records, by: block) {
            let count = min(block, records - first)
            let bytes = try file.read(count * recordBytes, after: first * recordBytes)
            for record in 0..<count {
                let start = record * recordBytes
                for (offset, bound) in form.labelBounds.enumerated() where bytes[start + offset] >= bound.classes {
                    throw file.error(
                        .labelOutOfRange(
                            label: Int(bytes[start + offset]), index: first + record, classes: bound.classes,
                            kind: bound.kind))
                }
                labels.append(Int32(bytes[start + form.labelBytes - 1]))
                pixels.append(contentsOf: bytes[start + form.labelBytes..<start + recordBytes])
            }
        }
        try file.expectEnd(after: records * recordBytes)
    }
}
