/// One thing that the files hold, under its name, with the axis of checkpoints told apart where the files tell it.
struct ArrayFinding: Sendable {
    enum Content: Sendable {
        case array(ForeignArray)
        case texts(ForeignTexts)
        case number(Double)
        /// Of each checkpoint the pieces that lie one after another; `epochs` where the files number them.
        case checkpoints([[ForeignArrayView]], epochs: [Double]?)
        /// One number per checkpoint.
        case numbers([Double], epochs: [Double]?)
        /// Why it cannot be read.
        case refused(ImportError)
        case other(String)
    }

    /// `training_dynamics/output`; of a bare array the name of its file without the number.
    var name: String
    /// Whether the name is that of a file and not one that the writer gave.
    var isFileName = false
    /// The epoch that the name tells of something that is no checkpoint among others.
    var epoch: Double?
    /// Of strings: the checkpoints whose rows they follow; none where nothing says so.
    var textsOf: [RowList.Of] = []
    /// The strings of the checkpoints behind the first.
    var laterTexts: [ForeignTexts] = []
    var content: Content
    /// The file, or the first of them.
    var path = ""

    /// The last part of the name, in lower case.
    var word: String { (name.split(separator: "/").last.map(String.init) ?? name).lowercased() }

    var summary: String {
        switch content {
        case .array(let array): "\(array.type.rawValue) \(array.shape)"
        case .texts(let texts): "strings [\(texts.count)]"
        case .number(let number): "number \(number)"
        case .checkpoints(let list, _):
            "\(list.count) checkpoints of "
                + (list.first?.first.map { "\($0.array.type.rawValue) \($0.shape)" } ?? "nothing")
                + (list.first.map { $0.count > 1 ? " in \($0.count) pieces" : "" } ?? "")
        case .numbers(let numbers, _): "\(numbers.count) numbers"
        case .refused: "not an array of numbers"
        case .other(let what): what
        }
    }

    var isNumber: Bool { if case .number = content { true } else { false } }

    /// Whether it has an axis of samples: numbers have none.
    var hasRows: Bool {
        switch content {
        case .array, .checkpoints: true
        default: false
        }
    }

    var epochs: [Double]? {
        switch content {
        case .checkpoints(_, let epochs), .numbers(_, let epochs): epochs
        default: nil
        }
    }
}
