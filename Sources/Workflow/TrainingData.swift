internal import Crypto
import Datasets
import Studies
import Tables

/// A data set as a study sees it: its training images without the validation split that was carved from them.
public struct TrainingData: Sendable {
    public let dataset: Dataset
    /// Indices in the data set's training images, ascending: "the full training set" of budgets and epochs.
    public let training: [Int]
    /// Indices in the data set's training images, ascending: choices are made on these.
    public let validation: [Int]
    public let digests: DataDigests
    /// Corrupted test images, where the study asks for them.
    let corrupted: CorruptedTests?

    /// SHA-256 over classes, labels and pixels in their order, lower-case hex.
    public var digest: String { digests.data }

    /// Loads the study's data set and carves the validation split. The split has a seed of its own (0), so that every
    /// run of a study, whatever its seed, chooses on the same images.
    public init(_ study: Study) throws {
        guard let choice = study.dataset else {
            throw StudyError(
                file: study.path,
                problems: [
                    .init(
                        mark: .init(line: 1, column: 1), place: "",
                        message: "the study has no data set and trains nothing")
                ])
        }
        let dataset: Dataset
        do {
            dataset = try Dataset.load(Self.source(choice))
            corrupted = try choice.corruptions.map { (choice) throws(DatasetError) in
                try CorruptedTests(choice, dataset)
            }
        } catch let error as DatasetError {
            // What the study says is wrong, rather than a file.
            switch error.fault {
            case .unknownName, .badSetting, .needsPath, .classTooSmall:
                throw StudyError(
                    file: study.path, problems: [.init(mark: choice.mark, place: "dataset", message: error.description)]
                )
            default: throw error
            }
        }
        self.dataset = dataset
        guard dataset.classes > 1 else {
            throw StudyError(
                file: study.path,
                problems: [
                    .init(
                        mark: choice.mark, place: "dataset",
                        message:
                            "it has one class ('\(dataset.classNames.first ?? "")'): there is nothing to tell apart")
                ])
        }
        let counts = dataset.train.classCounts(classes: dataset.classes)
        guard study.validation < dataset.train.count - dataset.classes,
            study.validation / dataset.classes < counts.min() ?? 0
        else {
            throw StudyError(
                file: study.path,
                problems: [
                    .init(
                        mark: choice.mark, place: "validation",
                        message: "\(study.validation) images cannot be carved from \(dataset.train.count) "
                            + "(the smallest class has \(counts.min() ?? 0))")
                ])
        }
        (training, validation) = try Split.validation(labels: dataset.train.labels, images: study.validation, seed: 0)
        digests = DataDigests(dataset)
    }

    static func source(_ choice: DatasetChoice) throws -> DatasetSource {
        switch (choice.kind, choice.path) {
        case ("glyphs", _):
            let standard = Glyphs()
            return .glyphs(
                Glyphs(
                    train: choice.options["train"] ?? standard.train, test: choice.options["test"] ?? standard.test,
                    seed: choice.options["seed"] ?? standard.seed))
        case ("images", let path?):
            return .images(
                ImageFolder(
                    path: path, train: choice.words["train"] ?? "train", test: choice.words["test"],
                    size: choice.options["size"], fit: choice.words["fit"].flatMap(ImageFolder.Fit.init) ?? .crop))
        default: return try .named(choice.kind, path: choice.path)
        }
    }

    public var labels: [Int32] { training.map { dataset.train.labels[$0] } }

    /// What a plan needs to know of the data.
    public var facts: DataFacts {
        var counts = [Int](repeating: 0, count: dataset.classes)
        for index in training { counts[Int(dataset.train.labels[index])] += 1 }
        return DataFacts(
            name: dataset.name, digest: digest, classNames: dataset.classNames, classCounts: counts,
            validation: validation.count, test: dataset.test.count,
            shape: [dataset.train.channels, dataset.train.height, dataset.train.width],
            corruptions: corrupted?.choice, digests: digests, labels: dataset.train.labels, split: Set(validation))
    }
}

/// The sizes of a data set, without its pixels.
public struct DataFacts: Sendable, Equatable {
    public var name: String
    public var digest: String
    public var classNames: [String]
    /// Training images per class, after the validation split was carved.
    public var classCounts: [Int]
    public var validation: Int
    public var test: Int
    /// Channels, height, width.
    public var shape: [Int]
    /// What is done to the test images, where the study asks for it.
    public var corruptions: CorruptionChoice?
    /// All of its digests, where they are known.
    public var digests: DataDigests?
    /// Of all training images, where they are known.
    public var labels: [Int32]
    /// Those among them that are the validation split.
    public var split: Set<Int>

    public init(
        name: String, digest: String, classNames: [String], classCounts: [Int], validation: Int, test: Int,
        shape: [Int],
        corruptions: CorruptionChoice? = nil, digests: DataDigests? = nil, labels: [Int32] = [], split: Set<Int> = []
    ) {
        self.name = name
        self.digest = digest
        self.classNames = classNames
        self.classCounts = classCounts
        self.validation = validation
        self.test = test
        self.shape = shape
        self.corruptions = corruptions
        self.digests = digests
        self.labels = labels
        self.split = split
    }

    /// Why listed samples are no training images with those labels, or nil.
    func fault(of ids: [Int64], labels stated: [Int64]?) -> String? {
        guard !labels.isEmpty else { return nil }
        for (row, id) in ids.enumerated() {
            guard let index = Int(exactly: id), labels.indices.contains(index) else {
                return "sample_id \(id) is no training image (0…\(labels.count - 1))"
            }
            if split.contains(index) {
                return "sample_id \(id) is one of the study's validation images; choose among the others, or say "
                    + "'validation: 0'"
            }
            if let stated, stated[row] != Int64(labels[index]) {
                return
                    "sample_id \(id) has label \(stated[row]), and \(labels[index]) in the data set: the class order "
                    + "differs"
            }
        }
        return nil
    }

    /// What a resolved run says of its data. Runs without corrupted test images say nothing of them, as ever.
    var json: JSON {
        var members: [String: JSON] = [
            "name": .string(name), "digest": .string(digest), "validation": .integer(validation),
        ]
        members["ood"] = corruptions?.json
        return .object(members)
    }

    /// Of a study that only reads a store.
    public static let none = DataFacts(
        name: "", digest: "", classNames: [], classCounts: [], validation: 0, test: 0, shape: [])

    public var classes: Int { classNames.count }
    /// Images of the full training set: one epoch of budget.
    public var training: Int { classCounts.reduce(0, +) }
}

extension Digest {
    /// Lower-case hex.
    var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

extension GivenSet {
    /// SHA-256 over shape, labels and pixels, lower-case hex.
    var digest: String {
        var hash = SHA256()
        forEachDigestBlock { hash.update(bufferPointer: $0) }
        return hash.finalize().hexadecimal
    }
}

/// SHA-256 of a text, lower-case hex.
func sha256(_ text: String) -> String {
    var hash = SHA256()
    Array(text.utf8).withUnsafeBytes { hash.update(bufferPointer: $0) }
    return hash.finalize().hexadecimal
}
