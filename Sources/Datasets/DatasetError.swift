/// What is wrong with a data set: the file, the fault, and what to do next.
public struct DatasetError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `fashion-mnist`, `cifar10`, …
    public let dataset: String
    /// The file or directory at fault.
    public let path: String?
    public let fault: Fault

    public enum Fault: Sendable, Equatable {
        /// The file or directory is not there.
        case missing(advice: String)
        /// The system refused to read it.
        case unreadable(reason: String)
        /// The first four bytes are not what the kind of file begins with.
        case wrongMagic(found: UInt32, expected: UInt32)
        /// Fewer bytes than promised.
        case truncated(found: Int, expected: Int)
        /// More bytes than promised.
        case overlong(expected: Int)
        /// The header promises more than a file of this size can hold.
        case implausible(promised: String, fileBytes: Int)
        /// The compressed stream is damaged.
        case damagedGzip(reason: String)
        /// A label outside 0..<classes.
        case labelOutOfRange(label: Int, index: Int, classes: Int, kind: String)
        case countMismatch(images: Int, labels: Int, labelPath: String)
        /// Images of another size than the training images.
        case shapeMismatch(found: String, expected: String)
        case empty
        /// A class has fewer images than asked for.
        case classTooSmall(name: String, has: Int, asked: Int)
        case unknownName(known: [String])
        /// A number in the description of generated data is out of its range.
        case badSetting(String)
        /// The data set has no usual place and needs a path.
        case needsPath
        /// A published file of so many records holds another number of them.
        case recordCount(found: Int, expected: Int)
        /// What is wrong with a folder of images.
        case images(ImageFault)
        /// An array that is not what a data set holds.
        case badArray(name: String, problem: String)
        /// No archive of arrays.
        case badArchive(reason: String)
        /// The images need more memory than the machine has.
        case tooManyImages(count: Int, shape: String, memory: Int)
    }

    public init(dataset: String, path: String? = nil, _ fault: Fault) {
        self.dataset = dataset
        self.path = path
        self.fault = fault
    }

    public var exitCode: Int32 {
        switch fault {
        case .missing: 66
        case .unreadable: 74
        case .unknownName, .badSetting, .needsPath: 64
        default: 65
        }
    }

    public var description: String {
        let place = path.map { "\(dataset): \($0): " } ?? "\(dataset): "
        return place + sentence
    }

    private var sentence: String {
        let again = "fetch the file again"
        switch fault {
        case .missing(let advice): return "no such file; \(advice)"
        case .unreadable(let reason): return "cannot be read: \(reason)"
        case .wrongMagic(let found, let expected):
            return
                "wrong magic number \(hex(found)) where \(hex(expected)) was expected: this is another kind of file; "
                + "check which file lies under this name"
        case .truncated(let found, let expected):
            return "truncated: \(found) of \(expected) bytes; \(again)"
        case .overlong(let expected):
            return "more than the \(expected) bytes that its header promises; \(again)"
        case .implausible(let promised, let bytes):
            return "the header promises \(promised), which a file of \(bytes) bytes cannot hold; \(again)"
        case .damagedGzip(let reason): return "damaged gzip stream (\(reason)); \(again)"
        case .labelOutOfRange(let label, let index, let classes, let kind):
            return "\(kind) \(label) of image \(index) is outside 0…\(classes - 1); \(again)"
        case .countMismatch(let images, let labels, let labelPath):
            return "\(images) images, but \(labels) labels in \(labelPath); take both files from the same release"
        case .shapeMismatch(let found, let expected):
            return "images of \(found) where the training images have \(expected); take all files from the same release"
        case .empty: return "holds no images; \(again)"
        case .classTooSmall(let name, let has, let asked):
            return "class '\(name)' has \(has) images, \(asked) were asked for; ask for at most \(has) per class"
        case .unknownName(let known): return "unknown data set; known are \(known.joined(separator: ", "))"
        case .badSetting(let text): return text
        case .needsPath: return "needs the path of the directory that holds its files"
        case .badArray(let name, let problem): return "array '\(name)': \(problem)"
        case .badArchive(let reason): return "no .npz archive (\(reason)); save it again with numpy.savez"
        case .tooManyImages(let count, let shape, let memory):
            return
                "\(count) images of \(shape) do not fit into the memory of \(memory >> 20) MB; ask for a smaller size"
        case .recordCount(let found, let expected):
            return
                "holds \(found) records where the published file has \(expected): it is cut or of another release; \(again)"
        case .images(let fault): return fault.sentence
        }
    }

    private func hex(_ word: UInt32) -> String {
        let digits = String(word, radix: 16)
        return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
    }
}
