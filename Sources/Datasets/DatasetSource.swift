/// Where a data set comes from.
public enum DatasetSource: Sendable, Equatable {
    /// Without a path: where the Debian package puts it.
    case fashionMNIST(path: String?)
    /// The directory of the four IDX files, plain or gzip.
    case mnist(path: String)
    /// The directory of the binary version.
    case cifar10(path: String)
    /// The directory of the binary version.
    case cifar100(path: String)
    case glyphs(Glyphs)
    case images(ImageFolder)
    /// A `.npz` file, or a directory of `.npy` files.
    case npz(path: String)

    /// Every name, for messages.
    public static let names = ["fashion-mnist", "mnist", "cifar10", "cifar100", "glyphs", "images", "npz"]

    /// Where the Debian package `dataset-fashion-mnist` puts its files.
    public static let fashionMNISTDirectory = "/usr/share/datasets/fashion-mnist"

    public var name: String {
        switch self {
        case .fashionMNIST: "fashion-mnist"
        case .mnist: "mnist"
        case .cifar10: "cifar10"
        case .cifar100: "cifar100"
        case .glyphs: "glyphs"
        case .images: "images"
        case .npz: "npz"
        }
    }

    /// The source that a study names.
    /// - Throws: an unknown name, or one that needs a path and has none.
    public static func named(_ name: String, path: String?) throws(DatasetError) -> DatasetSource {
        switch (name, path) {
        case ("fashion-mnist", _): return .fashionMNIST(path: path)
        case ("mnist", let path?): return .mnist(path: path)
        case ("cifar10", let path?): return .cifar10(path: path)
        case ("cifar100", let path?): return .cifar100(path: path)
        case ("glyphs", _): return .glyphs(Glyphs())
        case ("images", let path?): return .images(ImageFolder(path: path))
        case ("npz", let path?): return .npz(path: path)
        default:
            throw DatasetError(
                dataset: name, names.contains(name) ? .needsPath : .unknownName(known: names))
        }
    }
}

extension Dataset {
    /// Reads or draws the images. A file that is missing, damaged or of another kind is an error that names it.
    public static func load(_ source: DatasetSource) throws(DatasetError) -> Dataset {
        switch source {
        case .fashionMNIST(let path):
            return try IDX.load(
                source.name, directory: path ?? DatasetSource.fashionMNISTDirectory,
                classNames: ClassNames.fashionMNIST,
                advice: "install it with `apt-get install dataset-fashion-mnist` or `scripts/setup`")
        case .mnist(let path):
            return try IDX.load(
                source.name, directory: path, classNames: ClassNames.mnist,
                advice: "the path must be the directory of MNIST's four IDX files, plain or .gz")
        case .cifar10(let path): return try CIFAR.load10(path)
        case .cifar100(let path): return try CIFAR.load100(path)
        case .glyphs(let glyphs): return try glyphs.dataset()
        case .images(let folder): return try folder.dataset()
        case .npz(let path): return try NumPyDataset.load(path)
        }
    }
}
