/// A tree of image files, one folder per class, as torchvision's `ImageFolder` reads it, or as Tiny-ImageNet lies.
///
///     let data = try ImageFolder(path: "tiny-imagenet-200", size: 64).dataset()
///
/// `train/<class>/…` and `test/<class>/…` (or `val/<class>/…`, or `val/images` with `val_annotations.txt`). Classes are
/// numbered, and their images ordered, by the bytes of their names, wherever below the class folder they lie.
public struct ImageFolder: Sendable, Equatable {
    /// How an image gets the size that is asked for.
    public enum Fit: String, Sendable, CaseIterable {
        /// The shorter side becomes `size`, and the middle is cut out, as for ImageNet.
        case crop
        /// Height and width become `size`, whatever the shape was.
        case stretch
    }

    public var path: String
    /// Folder of the training images below `path`.
    public var train: String
    /// Folder of the test images below `path`; nil: `test`, or `val` where that has the labels.
    public var test: String?
    /// Height and width in pixels; nil: all images have one size, which stays.
    public var size: Int?
    public var fit: Fit

    public init(path: String, train: String = "train", test: String? = nil, size: Int? = nil, fit: Fit = .crop) {
        self.path = path
        self.train = train
        self.test = test
        self.size = size
        self.fit = fit
    }

    /// The largest `size`.
    public static let mostPixelsPerSide = 4096

    /// Reads all images as RGB.
    /// - Throws: the first file or folder, in their order, that is not what it should be.
    public func dataset() throws(DatasetError) -> Dataset {
        try dataset(memory: ImageLoader.physicalMemory)
    }

    /// - Parameter memory: bytes that the images may take.
    func dataset(memory: Int) throws(DatasetError) -> Dataset {
        if let size, !(1...Self.mostPixelsPerSide).contains(size) {
            throw DatasetError(
                dataset: "images", .badSetting("size is \(size) pixels; it must lie in 1…\(Self.mostPixelsPerSide)"))
        }
        let tree = try ImageTree(self)
        let loader = ImageLoader(dataset: "images", size: size, fit: fit, memory: memory)
        let shape = try loader.shape(of: tree.train)
        return Dataset(
            name: "images", classNames: tree.classNames, train: try loader.images(tree.train, shape),
            test: try loader.images(tree.test, shape))
    }
}
