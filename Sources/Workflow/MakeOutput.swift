import Foundation

/// What make and the runs that it starts say, line by line, and how the runs that failed ended.
struct MakeOutput {
    let pipe = Pipe()
    /// Exit codes of recipes that failed.
    private(set) var exitCodes: Set<Int32> = []
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

    /// `make: *** [demo.mk:9: run/HL/full/5/seed1] Error 74`
    private mutating func take(_ line: String) -> Bool {
        guard line.hasPrefix("make: ") else { return false }
        if line.hasPrefix("make: *** ["), let mark = line.range(of: "] Error ", options: .backwards),
            let code = Int32(line[mark.upperBound...])
        {
            exitCodes.insert(code)
            return true
        }
        return line.hasSuffix("not remade because of errors.")
    }
}
