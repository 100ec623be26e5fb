import Foundation

/// What make and the runs that it starts say, line by line, and how the runs that failed ended.
struct MakeOutput {
    let pipe = Pipe()
    /// The runs that failed, and their exit codes; nil where a signal ended them.
    private(set) var failures: [(id: String, code: Int32?)] = []
    private var rest: [UInt8] = []

    init() {
        let descriptor = pipe.fileHandleForReading.fileDescriptor
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    /// The lines that are there by now. What make says about a failed recipe is left out: the run has said why.
    mutating func lines() -> [String] {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(pipe.fileHandleForReading.fileDescriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { break }
            rest += buffer[..<count]
        }
        var pieces = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        rest = Array(pieces.removeLast())
        return pieces.map { String(decoding: $0, as: UTF8.self) }.filter { !take($0) }
    }

    /// `make: *** [demo.mk:9: run/HL/full/5/seed1] Error 74`, or `… Killed`, which no run has said itself.
    private mutating func take(_ line: String) -> Bool {
        guard line.hasPrefix("make: ") else { return false }
        guard line.hasPrefix("make: *** ["), let mark = line.range(of: "] ", options: .backwards),
            let target = line[..<mark.lowerBound].range(of: ": run/", options: .backwards)
        else { return line.hasSuffix("not remade because of errors.") }
        let how = line[mark.upperBound...]
        let code = how.hasPrefix("Error ") ? Int32(how.dropFirst(6)) : nil
        failures.append((String(line[target.upperBound..<mark.lowerBound]), code))
        return code != nil
    }
}
