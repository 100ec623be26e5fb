/// Why a foreign file cannot be imported.
public struct ImportError: Error, Sendable, Equatable, CustomStringConvertible {
    public var path: String
    /// Where in the file: `line 12, column 'epoch'`, `array 'logits' [3, 17]`, `byte 4096`.
    public var place: String?
    public var reason: String
    public var exitCode: Int32

    public init(_ path: String, at place: String? = nil, _ reason: String, exitCode: Int32 = 65) {
        self.path = path
        self.place = place
        self.reason = reason
        self.exitCode = exitCode
    }

    public var description: String { path + (place.map { ": " + $0 } ?? "") + ": " + reason }
}
