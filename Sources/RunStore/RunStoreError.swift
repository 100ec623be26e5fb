public import HDF5

/// What is wrong with a run, and where. The wording stands in `description`, the data in the fields.
public struct RunStoreError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Fault: Sendable, Equatable {
        case missing
        /// A directory where a run was expected.
        case directory
        /// A pipe, a device or a socket.
        case notAFile
        case missingStore
        /// A file where a directory of runs was expected.
        case notAStore
        case notHDF5
        case truncated(String)
        /// The operating system's error number.
        case locked(Int32)
        case notARun(format: String?)
        case version(Int64)
        case missingAttribute(String)
        case attribute(String, found: String, expected: String)
        case missingDataset
        case noSuch(what: String, name: String, known: [String])
        case shape(found: [Int], expected: String)
        case elementType(found: String, expected: String)
        case notIncreasing(previous: Double, value: Double)
        case nothingRecorded
        /// An error metric outside 0…1.
        case errorRange(Double)
        /// An unfinished run without a part.
        case notBegun
        case samplesRequired
        case noSamples
        case label(Int64, classes: Int?)
        /// The id stood at an earlier sample already; the labels of both.
        case repeatedSample(id: Int64, first: Int, labels: [Int32])
        /// `class` is the column of the first value; `count` how many of the block are no numbers.
        case nonFinite(value: Float, column: Int)
        /// A number that the record cannot have.
        case impossible(Float)
        /// The sum of a sample's soft labels, which is not 1.
        case unnormalized(Double)
        case missingPart(Int, of: Int)
        /// Datasets were taken out or put in after sealing; how many there are now.
        case otherDatasets(Int)
        case partsDisagree(String)
        case damaged
        case digestMissing
        case unreadable(HDF5Error)
        case otherRun(what: String, found: String, expected: String)
        case inUse
        case alreadySealed
        case badCheckpoint(String)
        case diskFull(String, safe: Int)
        case system(call: String, reason: String, number: Int32)
    }

    /// The file, or the directory of an unfinished run.
    public var path: String
    public var dataset: String?
    /// 0-based position.
    public var checkpoint: Int?
    /// 0-based position in `/samples`.
    public var sample: Int?
    public var fault: Fault

    public init(
        _ path: String, dataset: String? = nil, checkpoint: Int? = nil, sample: Int? = nil, _ fault: Fault
    ) {
        self.path = path
        self.dataset = dataset
        self.checkpoint = checkpoint
        self.sample = sample
        self.fault = fault
    }

    /// 66 no such run, 74 the machine's fault, 65 the data's.
    public var exitCode: Int32 {
        switch fault {
        case .missing, .directory, .notAFile, .missingStore: 66
        case .locked, .inUse, .diskFull, .system: 74
        case .unreadable(let error): error.errorNumber == nil ? 65 : 74
        default: 65
        }
    }

    public var description: String {
        var place = [path]
        if let dataset { place.append(dataset) }
        if let checkpoint { place.append("checkpoint \(checkpoint)") }
        if let sample { place.append("sample \(sample)") }
        return place.joined(separator: ", ") + ": " + reason
    }

    /// The message without its place.
    public var reason: String {
        switch fault {
        case .missing:
            return "no such run (neither a file, nor with the ending .h5, nor unfinished with the ending .partial)"
        case .otherDatasets(let count):
            return
                "it was sealed with other datasets than the \(count) that it has: some were taken out or put in since"
        case .directory:
            return "a directory, and no run: name one of the runs in it (`assay runs` lists those of a store)"
        case .notAFile:
            return
                "neither a file nor an unfinished run: a run is read in places, which a pipe or a device does not allow"
        case .missingStore:
            return "no such store (a directory of runs)"
        case .notAStore:
            return "a file, but a directory of runs was expected"
        case .notHDF5:
            return "not an HDF5 file, and so not a run"
        case .truncated(let detail):
            return "the file is truncated (\(detail)); copy it again, or make it anew"
        case .locked(let number):
            return "cannot lock the file (errno \(number)): another program may be writing it; where the file system "
                + "knows no locks (Lustre, NFS), set HDF5_USE_FILE_LOCKING=FALSE in the environment"
        case .notARun(let format):
            let found = format.map { "is \"\($0)\"" } ?? "is missing"
            return "HDF5, but not a run: the attribute 'format' \(found), expected \"assay-run\""
        case .version(let version):
            return "version \(version) of the run store; this Assay reads version 1. Use a newer Assay"
        case .missingAttribute(let name):
            return "the attribute '\(name)' is missing"
        case .attribute(let name, let found, let expected):
            return "the attribute '\(name)' is \(found), expected \(expected)"
        case .missingDataset:
            return "the dataset is missing"
        case .noSuch(let what, let name, let known):
            return "no \(what) '\(name)'; this run has " + (known.isEmpty ? "none" : known.joined(separator: ", "))
        case .shape(let found, let expected):
            return "the shape is \(found), expected \(expected)"
        case .elementType(let found, let expected):
            return "the elements are \(found), expected \(expected)"
        case .notIncreasing(let previous, let value):
            return "checkpoints must increase, but \(value) follows \(previous)"
        case .errorRange(let value):
            return "an error is a fraction in 0…1, and this is \(value)"
                + (value > 1 ? " (percent? divide by 100)" : "")
        case .nothingRecorded:
            return "nothing is recorded: neither a metric in /checkpoints, nor /logits, nor /scores"
        case .notBegun:
            return "the run has no checkpoint yet"
        case .samplesRequired:
            return "/samples/id and /samples/label are required beside it"
        case .noSamples:
            return "there is no sample in it"
        case .label(let label, let classes):
            let range = classes.map { "0…\($0 - 1)" } ?? "0 or more"
            return "the label is \(label), expected \(range)"
        case .repeatedSample(let id, let first, let labels):
            let words = labels[0] == labels[1] ? "" : ", with label \(labels[0]) there and \(labels[1]) here"
            return "the id \(id) stands at sample \(first) already\(words); every sample has an id of its own"
        case .nonFinite(let value, let column):
            return "the value in column \(column) is \(value.isNaN ? "NaN" : "\(value)"), not a number to compute with"
        case .impossible(let value):
            return "the value is \(value), which is no value that it can have"
        case .unnormalized(let sum):
            return "the soft labels sum to \((sum * 1e4).rounded() / 1e4), and probabilities of the classes sum to 1"
        case .missingPart(let part, let parts):
            return "part \(part) of \(parts) is missing: the run's checkpoints are not complete"
        case .partsDisagree(let what):
            return "the parts of this run disagree: \(what)"
        case .damaged:
            return "damaged: the values do not have the digest that was written with them"
        case .digestMissing:
            return "it carries no digest, though the other datasets of the run do"
        case .unreadable(let error):
            return error.object.map { "'\($0)': \(error.reason)" } ?? "\(error.call) failed: \(error.reason)"
        case .otherRun(let what, let found, let expected):
            return "holds another run: its \(what) is \(found), but \(expected) was asked for. "
                + "Remove it to train this one"
        case .inUse:
            return "another process is writing this run"
        case .alreadySealed:
            return "the run is sealed, and sealed runs are never changed; remove the file to train it again"
        case .badCheckpoint(let why):
            return "this checkpoint does not belong to the run: \(why)"
        case .diskFull(let system, let safe):
            let count = safe == 1 ? "1 checkpoint is" : "\(safe) checkpoints are"
            return "\(system): \(count) safe; make room, then run again to go on from there"
        case .system(let call, let why, _):
            return "\(call) failed: \(why)"
        }
    }

    /// What an error of HDF5 means for the run.
    init(_ error: HDF5Error) {
        let fault: Fault
        switch (error.call, error.errorNumber) {
        case ("H5Fopen", 11?), ("H5Fopen", 37?), ("H5Fopen", 38?), ("H5Fopen", 95?):
            fault = .locked(error.errorNumber ?? 0)
        case ("H5Fopen", nil) where error.reason.hasPrefix("truncated file"):
            let detail = error.reason.split(separator: ":", maxSplits: 1).last.map { $0.drop { $0 == " " } } ?? ""
            fault = .truncated(String(detail))
        case ("H5Fopen", nil) where error.reason.contains("signature"):
            fault = .notHDF5
        default:
            fault = .unreadable(error)
        }
        self.init(error.path, fault)
    }
}

/// Runs HDF5 calls and translates their errors.
func translating<Result: ~Copyable>(
    _ body: () throws(HDF5Error) -> Result
) throws(RunStoreError) -> Result {
    do { return try body() } catch { throw RunStoreError(error) }
}
