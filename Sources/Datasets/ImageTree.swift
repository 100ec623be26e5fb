/// One image of a tree.
struct ImageFile: Equatable, Sendable {
    let path: String
    /// Path below the folder of its split.
    let name: String
    let label: Int32
}

/// The files of a tree in their order, and the classes in theirs.
struct ImageTree {
    let classNames: [String]
    let train: [ImageFile]
    let test: [ImageFile]

    /// What torchvision would read and this program does not: leaving it out in silence would change the data.
    private static let otherFormats: Set = ["ppm", "bmp", "pgm", "tif", "tiff", "webp", "gif"]
    private static let formats: Set = ["png", "jpg", "jpeg"]
    private static let annotations = "val_annotations.txt"
    private static let mostAnnotationBytes = 1 << 28

    init(_ images: ImageFolder) throws(DatasetError) {
        let root = try Folder(
            images.path, dataset: "images",
            advice:
                "the path must be the directory that holds \(images.train)/<class>/ and test/<class>/ or val/<class>/")
        let training = try Folder(
            root.child(images.train), dataset: "images",
            advice: "the training images must lie in \(images.train)/<class>/ (another folder: 'train: NAME')")
        let classNames = try Self.classes(training)
        guard !classNames.isEmpty else {
            throw DatasetError(dataset: "images", path: training.path, .images(.noClasses))
        }
        self.classNames = classNames
        train = try Self.files(in: training, classNames) { .emptyClass(name: $0) }
        let testing = try Self.testFolder(images, root, classNames)
        test =
            InputFile.exists(testing.child(Self.annotations))
            ? try Self.annotated(testing, classNames) : try Self.tested(testing, classNames)
    }

    private static func classes(_ split: Folder) throws(DatasetError) -> [String] {
        let names = try split.entries().filter(\.isFolder).map(\.name)
        var seen: Set<String> = []
        for name in names where !seen.insert(name).inserted {
            throw DatasetError(dataset: "images", path: split.child(name), .images(.twinClasses(name: name)))
        }
        return names
    }

    /// The folder that is named, or of `test` and `val` the first one with labels: Tiny-ImageNet's `test` has none.
    private static func testFolder(
        _ images: ImageFolder, _ root: Folder, _ classNames: [String]
    ) throws(DatasetError) -> Folder {
        for name in images.test.map({ [$0] }) ?? ["test", "val"] where InputFile.exists(root.child(name)) {
            let folder = try Folder(root.child(name), dataset: "images", advice: "")
            let isAnnotated = InputFile.exists(folder.child(annotations))
            if images.test != nil || isAnnotated { return folder }
            let found = try classes(folder)
            if !(found == ["images"] && !classNames.contains("images")) { return folder }
        }
        throw DatasetError(
            dataset: "images", path: root.child(images.test ?? "test"),
            .missing(
                advice: "the test images must lie in \(images.test ?? "test")/<class>/ or val/<class>/ "
                    + "(another folder: 'test: NAME')"))
    }

    private static func tested(_ split: Folder, _ classNames: [String]) throws(DatasetError) -> [ImageFile] {
        let found = try classes(split)
        if let strange = found.first(where: { !classNames.contains($0) }) {
            throw DatasetError(dataset: "images", path: split.path, .images(.classWithoutTraining(name: strange)))
        }
        if let lacking = classNames.first(where: { !found.contains($0) }) {
            throw DatasetError(dataset: "images", path: split.path, .images(.classWithoutTest(name: lacking)))
        }
        return try files(in: split, classNames) { .classWithoutTest(name: $0) }
    }

    /// The images of every class.
    /// - Parameter fault: of a class without images.
    private static func files(
        in split: Folder, _ classNames: [String], fault: (String) -> ImageFault
    ) throws(DatasetError) -> [ImageFile] {
        var files: [ImageFile] = []
        for (label, name) in classNames.enumerated() {
            let found = try images(in: split.folder(name), prefix: name)
            guard !found.isEmpty else {
                throw DatasetError(dataset: "images", path: split.child(name), .images(fault(name)))
            }
            files += found.map { ImageFile(path: split.child($0), name: $0, label: Int32(label)) }
        }
        return files
    }

    /// Paths of the images below a folder: folder by folder in the order of their paths' bytes, each in that of its names.
    private static func images(in folder: Folder, prefix: String) throws(DatasetError) -> [String] {
        var folders: [(prefix: String, names: [String])] = []
        var open = [(folder, prefix)]
        while let (folder, prefix) = open.popLast() {
            var names: [String] = []
            for entry in try folder.entries() {
                if entry.isFolder {
                    open.append((try folder.folder(entry.name), "\(prefix)/\(entry.name)"))
                } else if try isImage(entry.name, in: folder) {
                    names.append(entry.name)
                }
            }
            folders.append((prefix, names))
        }
        return folders.sorted { precedes($0.prefix, $1.prefix) }.flatMap { folder in
            folder.names.map { "\(folder.prefix)/\($0)" }
        }
    }

    private static func isImage(_ name: String, in folder: Folder) throws(DatasetError) -> Bool {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count > 1, let ending = parts.last?.lowercased() else { return false }
        guard !otherFormats.contains(ending) else {
            throw DatasetError(
                dataset: "images", path: folder.child(name), .images(.otherFormat(ending: ending)))
        }
        return formats.contains(ending)
    }

    /// Tiny-ImageNet's `val`: `images/val_0.JPEG` …, and one line for each with its class, tab-separated. The order is
    /// that of the same images sorted into class folders.
    private static func annotated(_ split: Folder, _ classNames: [String]) throws(DatasetError) -> [ImageFile] {
        let path = split.child(annotations)
        func failure(_ fault: ImageFault) -> DatasetError {
            DatasetError(dataset: "images", path: path, .images(fault))
        }
        let labels = Dictionary(uniqueKeysWithValues: zip(classNames, Int32(0)...))
        let folder = try split.folder("images")
        var present = Set(try images(in: folder, prefix: "images"))
        let text = String(
            decoding: try wholeFile(path, dataset: "images", most: mostAnnotationBytes), as: UTF8.self)
        var files: [ImageFile] = []
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
        where !line.isEmpty {
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            func problem(_ text: String) -> DatasetError { failure(.annotation(line: index + 1, problem: text)) }
            guard fields.count >= 2 else { throw problem("expected a file, a tab and a class; fetch the file again") }
            guard let label = labels[fields[1]] else {
                throw problem("class '\(fields[1])' is not among the training images")
            }
            let name = "images/\(fields[0])"
            guard present.remove(name) != nil else {
                throw problem("'\(fields[0])' is not in \(folder.path), or stands here twice")
            }
            files.append(ImageFile(path: split.child(name), name: name, label: label))
        }
        if let forgotten = present.min(by: precedes) { throw failure(.notAnnotated(file: forgotten)) }
        let counts = files.reduce(into: [Int](repeating: 0, count: classNames.count)) { $0[Int($1.label)] += 1 }
        if let lacking = counts.firstIndex(of: 0) { throw failure(.classWithoutTest(name: classNames[lacking])) }
        return files.sorted { $0.label == $1.label ? precedes($0.name, $1.name) : $0.label < $1.label }
    }
}
