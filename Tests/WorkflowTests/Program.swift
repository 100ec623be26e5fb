import Foundation
import Testing

/// What a process said, and how it ended.
struct Ending: Sendable {
    /// As a shell gives it: 128 + the signal's number for a process that was killed.
    var code: Int32
    var out: String
    var err: String
}

/// The built `assay` of the same build as these tests.
enum Program {
    /// It stands beside the test executable.
    static let path: String = {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return (tests as NSString).deletingLastPathComponent + "/assay"
    }()

    static let fixtures = (#filePath as NSString).deletingLastPathComponent + "/Fixtures"

    /// Runs `assay` to its end.
    static func assay(_ arguments: [String], in directory: String, input: String = "") throws -> Ending {
        try #require(FileManager.default.isExecutableFile(atPath: path), "the program is not built: \(path)")
        return try run(path, arguments, in: directory, input: input)
    }

    static func assay(_ line: String, in directory: String, input: String = "") throws -> Ending {
        try assay(line.split(separator: " ").map(String.init), in: directory, input: input)
    }

    /// Runs a line of shell in which `assay` is the program.
    static func shell(_ line: String, in directory: String) throws -> Ending {
        try run("/bin/sh", ["-c", "assay() { '\(path)' \"$@\"; }\n" + line], in: directory)
    }

    /// Runs a script of the fixtures with the system's Python, which has h5py.
    static func python(_ script: String, _ arguments: [String]) throws -> Ending {
        try run("/usr/bin/python3", ["\(fixtures)/\(script)"] + arguments, in: "/")
    }

    static func run(
        _ program: String, _ arguments: [String], in directory: String, input: String = ""
    ) throws -> Ending {
        let running = try start(arguments, program: program, in: directory, input: input)
        return try finish(running)
    }

    /// A process that is running; what it says goes to files, so that no pipe can fill up.
    struct Running {
        let process: Process
        let out: String
        let err: String
        let files: [FileHandle]
    }

    static func start(
        _ arguments: [String], program: String = path, in directory: String, input: String = ""
    ) throws -> Running {
        let mark = FileManager.default.temporaryDirectory.path + "/assay-test-" + UUID().uuidString
        let files = try ["in", "out", "err"].map { name -> FileHandle in
            try Data((name == "in" ? input : "").utf8).write(to: URL(fileURLWithPath: "\(mark).\(name)"))
            return try #require(FileHandle(forUpdatingAtPath: "\(mark).\(name)"))
        }
        try FileManager.default.removeItem(atPath: "\(mark).in")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        process.standardInput = files[0]
        process.standardOutput = files[1]
        process.standardError = files[2]
        try process.run()
        return Running(process: process, out: "\(mark).out", err: "\(mark).err", files: files)
    }

    /// Kills a process as soon as a file is there, or lets it end before.
    static func kill(_ running: Running, when file: String) throws -> Ending {
        while running.process.isRunning, !FileManager.default.fileExists(atPath: file) { usleep(2_000) }
        Foundation.kill(running.process.processIdentifier, SIGKILL)
        return try finish(running)
    }

    static func finish(_ running: Running) throws -> Ending {
        running.process.waitUntilExit()
        defer { for file in [running.out, running.err] { try? FileManager.default.removeItem(atPath: file) } }
        let status = running.process.terminationStatus
        return Ending(
            code: running.process.terminationReason == .uncaughtSignal ? 128 + status : status,
            out: try String(contentsOfFile: running.out, encoding: .utf8),
            err: try String(contentsOfFile: running.err, encoding: .utf8))
    }
}

/// The small study of these tests, and the store that it comes to when nothing goes wrong.
enum Tiny {
    static let text = (try? String(contentsOfFile: Program.fixtures + "/tiny.yaml", encoding: .utf8)) ?? ""

    /// Trained once, two runs at a time; the directory is removed when the tests end.
    static let directory: Result<String, any Error> = Result {
        let directory = FileManager.default.temporaryDirectory.path + "/assay-tiny-\(getpid())"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        atexit { try? FileManager.default.removeItem(atPath: NSTemporaryDirectory() + "/assay-tiny-\(getpid())") }
        try text.write(toFile: directory + "/tiny.yaml", atomically: true, encoding: .utf8)
        let ending = try Program.assay("run tiny.yaml -j 2 -q", in: directory)
        try #require(ending.code == 0, "\(ending.err)")
        return directory
    }

    static func store() throws -> String { try directory.get() + "/runs/tiny" }

    /// Writes the study, perhaps changed, into a directory.
    static func write(in directory: String, _ changes: [(String, String)] = []) throws {
        var text = text
        for (old, new) in changes {
            try #require(text.contains(old), "the study has no '\(old)'")
            text = text.replacingOccurrences(of: old, with: new)
        }
        try text.write(toFile: directory + "/tiny.yaml", atomically: true, encoding: .utf8)
    }

    /// Empty where two stores hold the same; otherwise what differs, and what is left lying about.
    static func differences(_ store: String, from expected: String) throws -> String {
        let litter =
            try Program.run("/usr/bin/find", [store, "-not", "-type", "d", "-not", "-name", "*.h5"], in: "/").out
            + Program.run("/usr/bin/find", [store, "-name", "*.partial", "-o", "-name", ".*"], in: "/").out
        let ending = try Program.python("compare_stores.py", [expected, store])
        return litter + (ending.code == 0 ? "" : ending.out + ending.err)
    }
}
