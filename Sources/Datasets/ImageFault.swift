/// What is wrong with a folder of images; the error that carries it names the file or folder.
public enum ImageFault: Error, Sendable, Equatable {
    /// Neither PNG nor JPEG by its first bytes.
    case notAnImage(start: [UInt8])
    /// An image in a format that is not read.
    case otherFormat(ending: String)
    case damaged(reason: String)
    /// The header declares more pixels than are read.
    case tooManyPixels(width: Int, height: Int, most: Int)
    /// The header declares more than a file of this size can hold.
    case implausible(width: Int, height: Int, fileBytes: Int)
    /// What the crop would be cut from has too many pixels.
    case elongated(width: Int, height: Int, size: Int)
    /// Images of two sizes, and no size asked for.
    case mixedSizes(size: String, other: String, otherSize: String)
    /// A split without class folders.
    case noClasses
    /// A class folder without images.
    case emptyClass(name: String)
    /// Of arrays: a class below the largest label that no image has.
    case unusedLabel(String)
    /// Two class folders whose names are the same text in two encodings.
    case twinClasses(name: String)
    case classWithoutTest(name: String)
    case classWithoutTraining(name: String)
    /// A folder is its own ancestor.
    case linkLoop
    /// A line of Tiny-ImageNet's `val_annotations.txt`.
    case annotation(line: Int, problem: String)
    /// An image that no line of `val_annotations.txt` names.
    case notAnnotated(file: String)

    var sentence: String {
        switch self {
        case .notAnImage(let start):
            let bytes = start.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
            let found = start.isEmpty ? "it is empty" : "it begins with \(bytes)"
            return "neither a PNG nor a JPEG (\(found)); remove the file or replace it"
        case .otherFormat(let ending):
            return "images of the format '\(ending)' are not read; convert it to PNG, or move it away"
        case .damaged(let reason): return "cannot be decoded: \(reason); fetch the file again"
        case .tooManyPixels(let width, let height, let most):
            return "the header declares \(width)×\(height) pixels, and at most \(most) are read; remove the file"
        case .implausible(let width, let height, let bytes):
            return
                "the header declares \(width)×\(height) pixels, which a file of \(bytes) bytes cannot hold; "
                + "fetch the file again"
        case .elongated(let width, let height, let size):
            return
                "\(width)×\(height) pixels are too elongated for a shorter side of \(size); remove the file, or stretch "
                + "all images (fit: stretch)"
        case .twinClasses(let name):
            return "two class folders are called '\(name)', in two encodings of Unicode; rename one"
        case .mixedSizes(let size, let other, let otherSize):
            return "is \(size) and \(other) is \(otherSize); say the size that all shall have (size: 32)"
        case .noClasses: return "holds no class folders; each class needs a folder with its images"
        case .emptyClass(let name):
            return "class '\(name)' has no images (png, jpg, jpeg); add some, or remove the folder"
        case .unusedLabel(let label):
            return
                "no image has the label \(label), and others have larger ones; labels count classes from 0 without a gap"
        case .classWithoutTest(let name):
            return "class '\(name)' of the training images has no test images here; every class needs some"
        case .classWithoutTraining(let name):
            return "class '\(name)' is not among the training images; move it away, or add training images"
        case .linkLoop: return "a symbolic link that leads back to where it lies; remove it"
        case .annotation(let line, let problem): return "line \(line): \(problem)"
        case .notAnnotated(let file): return "no line names '\(file)'; fetch the file again"
        }
    }
}
