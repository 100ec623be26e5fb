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
    /// Whether there was a text to read.
    public enum Access: Sendable, Equatable { case readable, missing, refused }
    public var access: Access

    public init(file: String, problems: [StudyProblem], access: Access = .readable) {
        self.file = file
        self.problems = problems.sorted { ($0.mark.line, $0.mark.column) < ($1.mark.line, $1.mark.column) }
        self.access = access
    }

    /// 66 no such study, 74 it could not be read, 65 what it says is wrong.
    public var exitCode: Int32 {
        switch access {
        case .readable: 65
        case .missing: 66
        case .refused: 74
        }
    }

    public var description: String {
        problems.map { problem in
            let place = problem.place.isEmpty ? "" : problem.place + ": "
            let position = access != .readable ? "" : ":\(problem.mark.line):\(problem.mark.column)"
            return "\(file)\(position): \(place)\(problem.message)"
        }.joined(separator: "\n")
    }
}
