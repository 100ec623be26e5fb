/// What is wrong in one place of a study.
public struct StudyProblem: Sendable, Equatable {
    public var mark: SourceMark
    /// `subsets.easy`; empty at the top.
    public var place: String
    public var message: String

    public init(mark: SourceMark, place: String, message: String) {
        self.mark = mark
        self.place = place
        self.message = message
    }
}

/// Everything that is wrong with a study, in the order of the file.
public struct StudyError: Error, Sendable, Equatable, CustomStringConvertible {
    public var file: String
    public var problems: [StudyProblem]
    /// The file could not be read at all.
    public var isMissing: Bool

    public init(file: String, problems: [StudyProblem], isMissing: Bool = false) {
        self.file = file
        self.problems = problems.sorted { ($0.mark.line, $0.mark.column) < ($1.mark.line, $1.mark.column) }
        self.isMissing = isMissing
    }

    public var exitCode: Int32 { isMissing ? 66 : 65 }

    public var description: String {
        problems.map { problem in
            let place = problem.place.isEmpty ? "" : problem.place + ": "
            let position = isMissing ? "" : ":\(problem.mark.line):\(problem.mark.column)"
            return "\(file)\(position): \(place)\(problem.message)"
        }.joined(separator: "\n")
    }
}
