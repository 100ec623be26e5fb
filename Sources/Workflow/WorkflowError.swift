/// What went wrong between the rooms.
public struct WorkflowError: Error, Sendable, Equatable, CustomStringConvertible {
    public var exitCode: Int32
    public var description: String

    public init(_ exitCode: Int32, _ description: String) {
        self.exitCode = exitCode
        self.description = description
    }

    static func badData(_ message: String) -> WorkflowError { .init(65, message) }
    static func missing(_ message: String) -> WorkflowError { .init(66, message) }
    static func failure(_ message: String) -> WorkflowError { .init(74, message) }
    static let interrupted = WorkflowError(130, "interrupted")
}
