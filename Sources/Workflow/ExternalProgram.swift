import Foundation
import Synchronization
import Tables

/// A line of shell with one more argument, run in a process group of its own, so that it ends with all its children; those
/// that leave the group (`setsid`) are known by a variable of their environment.
public struct ExternalProgram {
    /// Programs that would outlive this process if it ended now.
    public static var areRunning: Bool { running.load(ordering: .relaxed) > 0 }
    private static let running = Atomic<Int>(0)
    private static let mark = "ASSAY_PROGRAM"

    enum Outcome: Equatable {
        /// The only thing on stdout.
        case number(Double)
        case failed(String)
    }

    let command: String
    let argument: String
    let environment: [String: String]
    /// Files for what it prints.
    let out: String
    let err: String
    let timeLimit: Double

    private var pid: pid_t = 0
    private var start = Date()
    var seconds: Double { Date().timeIntervalSince(start) }

    /// More than a number and its remarks; a program that prints without end would fill the disk.
    private static let mostOut = 1 << 16
    private static let mostErr = 64 << 20

    init(
        command: String, argument: String, environment: [String: String], out: String, err: String, timeLimit: Double
    ) {
        self.command = command
        self.argument = argument
        self.environment = environment
        self.out = out
        self.err = err
        self.timeLimit = timeLimit
    }

    /// Throws `WorkflowError` where no process can be started.
    mutating func begin() throws(WorkflowError) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, out, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
        posix_spawn_file_actions_addopen(&actions, 2, err, O_WRONLY | O_CREAT | O_TRUNC, 0o666)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setpgroup(&attributes, 0)
        // Ignored and blocked signals are inherited; a program expects none.
        var none = sigset_t()
        sigemptyset(&none)
        var standard = sigset_t()
        sigemptyset(&standard)
        for signal in [SIGINT, SIGTERM, SIGPIPE, SIGCHLD] { sigaddset(&standard, signal) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &standard)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        // No other program, of this process or another, has the same file for what it prints.
        let own = environment.merging([Self.mark: out]) { $1 }
        let all = ProcessInfo.processInfo.environment.merging(own) { $1 }
        let words: [String] = ["sh", "-c", command + " \"$1\"", "assay", argument]
        let settings: [String] = all.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        var variables: [UnsafeMutablePointer<CChar>?] = settings.map { strdup($0) }
        arguments.append(nil)
        variables.append(nil)
        defer { for text in arguments + variables { free(text) } }
        start = Date()
        let code = posix_spawn(&pid, "/bin/sh", &actions, &attributes, &arguments, &variables)
        guard code == 0 else {
            throw .failure("/bin/sh: cannot be started: \(String(cString: strerror(code)))")
        }
        Self.running.add(1, ordering: .relaxed)
    }

    /// nil while it runs.
    func poll() -> Outcome? {
        // Seen first and reaped last: until then its number, and that of its group, is nobody else's.
        var info = siginfo_t()
        let seen = waitid(P_PID, id_t(pid), &info, WEXITED | WNOHANG | WNOWAIT)
        if seen < 0 { return stop("cannot be waited for: \(String(cString: strerror(errno)))") }
        guard info.si_signo != 0 else {
            if seconds > timeLimit { return stop("took longer than \(Self.words(timeLimit)) and was stopped") }
            if Self.size(out) > Self.mostOut { return stop("printed more than one number and was stopped") }
            if Self.size(err) > Self.mostErr { return stop("wrote more than 64 MiB to stderr and was stopped") }
            return nil
        }
        let status = end()
        let signal = status & 0x7f
        if signal != 0 { return .failed("was killed by signal \(signal)") }
        let code = (status >> 8) & 0xff
        if code == 127 { return .failed("ended with exit code 127: the command was not found, or a part of it") }
        if code != 0 { return .failed("ended with exit code \(code)") }
        return reading()
    }

    /// Kills it with its children.
    func stop(_ reason: String) -> Outcome {
        _ = end()
        return .failed(reason)
    }

    /// Kills what it left running, and takes its status.
    private func end() -> Int32 {
        kill(-pid, SIGKILL)
        // A child may start another one while the list is read: until there is none.
        var rounds = 0
        while rounds < 100, killMarked() {
            usleep(1000)
            rounds += 1
        }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        Self.running.subtract(1, ordering: .relaxed)
        return status
    }

    /// Whether there was a process with this program's mark that was not yet dead.
    private func killMarked() -> Bool {
        let sign = Array("\0\(Self.mark)=\(out)\0".utf8)
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        let left = all.compactMap { pid_t($0) }.filter { other in
            // Empty for a process that is dead, unreadable for one that is not ours.
            guard other != pid, let variables = try? fileContents("/proc/\(other)/environ") else { return false }
            return Data([0] + variables).range(of: Data(sign)) != nil
        }
        for other in left { kill(other, SIGKILL) }
        return !left.isEmpty
    }

    private func reading() -> Outcome {
        guard let data = FileManager.default.contents(atPath: out), data.count <= Self.mostOut else {
            return .failed("printed more than one number")
        }
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        if text.isEmpty { return .failed("printed nothing on stdout") }
        guard let value = decimal(text) else {
            let start = text.split(separator: "\n").first.map { String($0.prefix(40)) } ?? ""
            return .failed("printed '\(start)'\(text.contains("\n") ? " and more" : "") where one number was expected")
        }
        return .number(value)
    }

    private static func size(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    private static func words(_ seconds: Double) -> String {
        seconds < 120 ? String(format: "%g s", seconds) : String(format: "%g min", seconds / 60)
    }
}
