/// Data sets as NumPy arrays: `x_train`, `y_train`, `x_test`, `y_test`, or MedMNIST's `train_images`, `train_labels` …
/// (its validation images are left out: a study carves its own), in one `.npz` or as `.npy` files of a directory.
///
/// Images are uint8 [N, H, W], [N, H, W, C] or [N, C, H, W] of 1 or 3 channels, labels whole numbers [N] or [N, 1].
enum NumPyDataset {
    /// More classes than any data set has: labels above are no labels.
    private static let mostClasses = 1_000_000

    static func load(_ path: String) throws(DatasetError) -> Dataset {
        let files = try NumPyFiles(path)
        func array(_ names: [String]) throws(DatasetError) -> NumPyArray {
            if let found = try files.array(names) { return found }
            throw files.error(
                names[0],
                "it is not there (nor is \(names[1])); the arrays must be called x_train, y_train, x_test and y_test, "
                    + "or train_images, train_labels, test_images and test_labels")
        }
        let train = try images(array(["x_train", "train_images"]), array(["y_train", "train_labels"]), files)
        let test = try images(array(["x_test", "test_images"]), array(["y_test", "test_labels"]), files)
        func shape(_ set: ImageSet) -> String { "\(set.channels)×\(set.height)×\(set.width)" }
        guard shape(train) == shape(test) else {
            throw DatasetError(
                dataset: "npz", path: path, .shapeMismatch(found: shape(test), expected: shape(train)))
        }
        let classes = Int(train.labels.max() ?? 0) + 1
        if let index = test.labels.firstIndex(where: { $0 >= classes }) {
            throw DatasetError(
                dataset: "npz", path: path,
                .labelOutOfRange(label: Int(test.labels[index]), index: index, classes: classes, kind: "test label"))
        }
        let names = (0..<classes).map(String.init)
        for (set, fault) in [
            (train, { .unusedLabel($0) }), (test, { .classWithoutTest(name: $0) }),
        ] as [(ImageSet, (String) -> ImageFault)] {
            if let empty = set.classCounts(classes: classes).firstIndex(of: 0) {
                throw DatasetError(dataset: "npz", path: path, .images(fault(names[empty])))
            }
        }
        return Dataset(name: "npz", classNames: names, train: train, test: test)
    }

    private static func images(
        _ images: NumPyArray, _ labels: NumPyArray, _ files: borrowing NumPyFiles
    ) throws(DatasetError) -> ImageSet {
        guard images.type == "u1" else {
            throw files.error(
                images.name,
                "its type is \(images.type), and images are uint8, 0…255; save (255 * x).round().astype('uint8')")
        }
        let classes = try self.labels(labels, of: images, files)
        let (shape, pixels) = try planes(images, images.bytes, files)
        return ImageSet(channels: shape[0], height: shape[1], width: shape[2], pixels: pixels, labels: classes)
    }

    /// One class per image.
    static func labels(
        _ labels: NumPyArray, of images: NumPyArray, _ files: borrowing NumPyFiles
    ) throws(DatasetError) -> [Int32] {
        guard labels.shape.count == 1 || labels.shape.count == 2 && labels.shape[1] == 1 else {
            throw files.error(labels.name, "its shape is \(labels.shape), and labels are [N] or [N, 1], one class each")
        }
        guard !labels.type.hasPrefix("f") else {
            throw files.error(
                labels.name, "its type is \(labels.type), and labels are whole numbers; save y.astype('int64')")
        }
        guard let count = images.shape.first, count == labels.count else {
            throw files.error(
                images.name, "\(images.shape.first ?? 0) images, but \(labels.count) labels in '\(labels.name)'")
        }
        guard count > 0, images.count > 0 else { throw files.error(images.name, "it holds no images") }
        let classes = labels.integers
        if let index = classes.firstIndex(where: { !(0..<mostClasses).contains($0) }) {
            throw files.error(labels.name, "label \(classes[index]) of image \(index) is outside 0…\(mostClasses - 1)")
        }
        return classes.map { Int32($0) }
    }

    /// [C, H, W] and the pixels in that order.
    static func planes<Value: BitwiseCopyable>(
        _ images: NumPyArray, _ values: [Value], _ files: borrowing NumPyFiles
    ) throws(DatasetError) -> (shape: [Int], pixels: [Value]) {
        let shape = images.shape
        func isChannels(_ size: Int) -> Bool { size == 1 || size == 3 }
        if shape.count == 3 { return ([1, shape[1], shape[2]], values) }
        guard shape.count == 4, isChannels(shape[1]) != isChannels(shape[3]) else {
            throw files.error(
                images.name,
                "its shape is \(shape), and images are [N, H, W], [N, H, W, C] or [N, C, H, W] with C of 1 or 3")
        }
        if isChannels(shape[1]) { return (Array(shape[1...]), values) }
        let (plane, channels) = (shape[1] * shape[2], shape[3])
        guard channels > 1 else { return ([1, shape[1], shape[2]], values) }
        let pixels = [Value](unsafeUninitializedCapacity: values.count) { output, filled in
            values.withUnsafeBufferPointer { input in
                for image in 0..<shape[0] {
                    for channel in 0..<channels {
                        for at in 0..<plane {
                            output.initializeElement(
                                at: filled, to: input[(image * plane + at) * channels + channel])
                            filled += 1
                        }
                    }
                }
            }
        }
        return ([channels, shape[1], shape[2]], pixels)
    }
}
