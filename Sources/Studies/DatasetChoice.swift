/// `fashion-mnist`, `{ cifar10: { path: … } }`, `{ images: { path: …, size: 32 } }`, `{ glyphs: { train: 12000 } }`.
public struct DatasetChoice: Sendable, Equatable {
    public var kind: String
    public var path: String?
    /// Whole-number options of a generated data set, and the `size` of images.
    public var options: [String: Int]
    /// Folders of a tree of images (`train`, `test`), and how images get their size (`fit`).
    public var words: [String: String] = [:]
    /// Corrupted copies of the test images.
    public var corruptions: CorruptionChoice?
    public var mark: SourceMark
}

/// `ood: { corruptions: [fog, contrast], severity: [1, 3, 5], images: 1000, seed: 1 }`: test images out of distribution.
public struct CorruptionChoice: Sendable, Equatable {
    public var names: [String]
    /// Each in 1…5.
    public var severities: [Int]
    /// So many test images, drawn by `seed` and evenly over the classes; nil: all of them.
    public var images: Int?
    /// Of the corruptions' noise and of the draw; the same for every run of the study.
    public var seed: Int
    public var mark: SourceMark

    public init(
        names: [String], severities: [Int] = [1, 2, 3, 4, 5], images: Int? = nil, seed: Int = 0, mark: SourceMark
    ) {
        self.names = names
        self.severities = severities
        self.images = images
        self.seed = seed
        self.mark = mark
    }
}

extension DatasetChoice {
    init?(_ place: Place) {
        guard let (kind, options) = place.kinded("data set", among: place.findings.vocabulary.datasets) else {
            return nil
        }
        self.init(kind: kind, options: [:], mark: place.mark)
        _ = options?.mapping { reader -> Bool? in
            read(reader)
            corruptions = reader.optional("ood").flatMap { $0.mapping { CorruptionChoice($0) } }
            return true
        }
    }

    private mutating func read(_ reader: MappingReader) {
        guard kind != "glyphs" else {
            for key in ["train", "test", "seed"] {
                if let value = reader.optional(key)?.integer(0...Int(Int32.max)) { options[key] = value }
            }
            return
        }
        path = reader.optional("path")?.string()
        guard kind == "images" else { return }
        if let size = reader.optional("size")?.integer(1...4096) { options["size"] = size }
        if let fit = reader.optional("fit")?.word("fit", among: ["crop", "stretch"]) { words["fit"] = fit }
        if let train = reader.optional("train")?.string() { words["train"] = train }
        let (test, val) = (reader.optional("test"), reader.optional("val"))
        if test != nil { val?.problem("'test' names the folder of the test images already") }
        if let test = (test ?? val)?.string() { words["test"] = test }
    }
}

extension CorruptionChoice {
    init?(_ reader: MappingReader) {
        let names = reader.required("corruptions")?.words(
            "corruption", among: reader.place.findings.vocabulary.corruptions)
        let severities = reader.optional("severity").map { $0.integers(1...5) } ?? [1, 2, 3, 4, 5]
        let images = reader.optional("images")?.integer(1...Int(Int32.max))
        let seed = reader.optional("seed")?.integer(0...Int(Int32.max)) ?? 0
        guard let names else { return nil }
        self.init(names: names, severities: severities, images: images, seed: seed, mark: reader.place.mark)
    }
}
