/// The IDX files of MNIST and its relatives: a big-endian header, then bytes (LeCun, Cortes and Burges, 1998).
enum IDX {
    /// Three dimensions of unsigned bytes.
    private static let imageMagic: UInt32 = 0x0000_0803
    /// One dimension of unsigned bytes.
    private static let labelMagic: UInt32 = 0x0000_0801

    /// The training and test images of a directory that holds the four files, each plain or gzip.
    static func load(
        _ dataset: String, directory: String, classNames: [String], advice: String
    ) throws(DatasetError) -> Dataset {
        func set(_ stem: String) throws(DatasetError) -> ImageSet {
            try images(
                dataset, find("\(stem)-images", 3, in: directory), labels: find("\(stem)-labels", 1, in: directory),
                classes: classNames.count, advice: advice)
        }
        let train = try set("train")
        let test = try set("t10k")
        guard train.height == test.height, train.width == test.width else {
            throw DatasetError(
                dataset: dataset, path: find("t10k-images", 3, in: directory),
                .shapeMismatch(found: "\(test.height)×\(test.width)", expected: "\(train.height)×\(train.width)"))
        }
        return Dataset(name: dataset, classNames: classNames, train: train, test: test)
    }

    /// The file under any of its usual names; the plainest name when none is there.
    private static func find(_ stem: String, _ dimensions: Int, in directory: String) -> String {
        let names = ["\(stem)-idx\(dimensions)-ubyte", "\(stem).idx\(dimensions)-ubyte"]
        for name in names {
            for ending in ["", ".gz"] where InputFile.exists("\(directory)/\(name)\(ending)") {
                return "\(directory)/\(name)\(ending)"
            }
        }
        return "\(directory)/\(names[0]).gz"
    }

    private static func images(
        _ dataset: String, _ path: String, labels labelPath: String, classes: Int, advice: String
    ) throws(DatasetError) -> ImageSet {
        let (shape, pixels) = try read(dataset, path, magic: imageMagic, dimensions: 3, advice: advice)
        let (labelShape, labels) = try read(dataset, labelPath, magic: labelMagic, dimensions: 1, advice: advice)
        guard shape[0] == labelShape[0] else {
            throw DatasetError(
                dataset: dataset, path: path,
                .countMismatch(images: shape[0], labels: labelShape[0], labelPath: labelPath))
        }
        guard !pixels.isEmpty else { throw DatasetError(dataset: dataset, path: path, .empty) }
        if let index = labels.firstIndex(where: { $0 >= classes }) {
            throw DatasetError(
                dataset: dataset, path: labelPath,
                .labelOutOfRange(label: Int(labels[index]), index: index, classes: classes, kind: "label"))
        }
        return ImageSet(
            channels: 1, height: shape[1], width: shape[2], pixels: pixels, labels: labels.map(Int32.init))
    }

    /// The dimensions and the values of one file.
    private static func read(
        _ dataset: String, _ path: String, magic: UInt32, dimensions: Int, advice: String
    ) throws(DatasetError) -> (shape: [Int], values: [UInt8]) {
        let file = try InputFile.open(path, dataset: dataset, advice: advice)
        let headerBytes = 4 + 4 * dimensions
        let found = word(try file.read(4), 0)
        guard found == magic else { throw file.error(.wrongMagic(found: found, expected: magic)) }
        let sizes = try file.read(4 * dimensions, after: 4)
        let shape = (0..<dimensions).map { Int(word(sizes, 4 * $0)) }
        let promise = shape.map(String.init).joined(separator: "×") + " bytes"
        var total = 1
        for size in shape {
            let (product, overflow) = total.multipliedReportingOverflow(by: size)
            guard !overflow else { throw file.error(.implausible(promised: promise, fileBytes: file.fileBytes)) }
            total = product
        }
        try file.checkPromise(total, after: headerBytes, promise)
        let values = try file.read(total, after: headerBytes)
        try file.expectEnd(after: headerBytes + total)
        return (shape, values)
    }

    private static func word(_ bytes: [UInt8], _ at: Int) -> UInt32 {
        bytes[at..<at + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }
}
