import Foundation
import RunStore
import Tables

/// A loss by an external program in any language: it gets the path of a set as `.npz` as its last argument and prints one
/// number. It runs once per set of images; values are kept by the content of the set and of the program.
///
/// The `.npz` holds `images` (uint8 [N, C, H, W], as stored; float32, normalised, where a set is no images of the data set),
/// `labels` (int64 [N]), `ids` (int64 [N], indices in the training images), `classes` (int64 [1]), and `names` (file names)
/// where images are files. The variables `ASSAY_SET`, `ASSAY_SEED` and `ASSAY_IPC` say which set it is.
public struct ObjectiveCommand {
    public let command: String
    /// The program's name without folder and ending, unless another is given.
    public let name: String
    /// Seconds.
    public var timeLimit: Double
    /// Programs at a time, at least 1.
    public var jobs: Int

    public init(_ command: String, name: String? = nil, timeLimit: Double, jobs: Int) {
        self.command = command
        self.name = name ?? Self.name(of: command)
        self.timeLimit = timeLimit
        self.jobs = max(1, jobs)
    }

    /// That of the script which an interpreter runs, or of the program.
    private static func name(of command: String) -> String {
        func stem(_ path: String) -> String { ((path as NSString).lastPathComponent as NSString).deletingPathExtension }
        let words = command.split(separator: " ").map(String.init)
        let program = stem(words.first ?? command)
        let isInterpreter = interpreters.contains { program.lowercased().hasPrefix($0) }
        let script = isInterpreter ? words.dropFirst().first { !$0.hasPrefix("-") } : nil
        return script.map(stem) ?? program
    }

    private static let interpreters = [
        "python", "sh", "bash", "zsh", "dash", "perl", "ruby", "node", "julia", "rscript",
    ]

    /// The program's text belongs to the key of its values: another program is another loss.
    private var key: String {
        var parts = ["objective-command 1", command]
        for word in command.split(separator: " ").map(String.init) {
            var isDirectory: ObjCBool = false
            guard FileManager.default.fileExists(atPath: word, isDirectory: &isDirectory), !isDirectory.boolValue,
                let size = try? FileManager.default.attributesOfItem(atPath: word)[.size] as? Int, size < 64 << 20,
                let data = FileManager.default.contents(atPath: word)
            else { continue }
            parts.append(word + " " + sha256(data.base64EncodedString()))
        }
        return String(sha256(parts.joined(separator: "\n")).prefix(16))
    }

    /// Why a set has no value, and what the program wrote of it.
    private struct Problem: Equatable {
        var reason: String
        var remark = ""
    }

    /// What was asked of it, and what it did not answer.
    struct Answer {
        var losses: SetLosses.Objective
        var problems: [String]
    }

    /// The mean over a set's seeds of each set's value; sets of which a seed failed have none.
    ///
    /// - Parameters:
    ///   - rows: the runs of each row of the look-up table.
    ///   - folder: where values and stderr are kept.
    ///   - shouldStop: asked while programs run; true ends them all and throws.
    func losses(
        of rows: [[StoredSet]], images: SetArchive, folder: String, shouldStop: () -> Bool, report: (String) -> Void
    ) throws -> Answer {
        var contents: [String: StoredSet] = [:]
        for set in rows.joined() where contents[set.content.digest] == nil { contents[set.content.digest] = set }
        let kept = "\(folder)/\(key)"
        var cache = try LossCache("\(kept)/losses.csv")
        let missing = contents.values.filter { cache.values[$0.content.digest] == nil }.sorted { $0.id < $1.id }
        var problems: [String: Problem] = [:]
        if !missing.isEmpty {
            let new = missing.count < contents.count ? " that are new" : ""
            report("\(name): \(missing.count) sets of images\(new), \(jobs) at a time; stderr in \(kept)")
            try FileManager.default.createDirectory(atPath: kept, withIntermediateDirectories: true)
            try Tables.write(command + "\n", to: "\(kept)/command.txt")
            problems = try run(missing, images: images, folder: kept, cache: &cache, shouldStop: shouldStop)
        }
        return answer(rows, cache, problems)
    }

    private func answer(_ rows: [[StoredSet]], _ cache: LossCache, _ problems: [String: Problem]) -> Answer {
        var values: [SetLosses.Key: Double] = [:]
        var failed: [(set: String, problem: Problem)] = []
        var seconds: [Double] = []
        for members in rows {
            let digests = Set(members.map(\.content.digest)).sorted()
            let found = digests.compactMap { cache.values[$0] }
            if found.count == digests.count {
                values[StoredSet.name(members)] = found.map(\.loss).reduce(0, +) / Double(found.count)
                seconds += found.map(\.seconds)
            }
            for digest in digests {
                if let problem = problems[digest] {
                    let seed = members.first { $0.content.digest == digest }?.seed.map { " (seed \($0))" } ?? ""
                    failed.append(("'\(members[0].set)'\(seed)", problem))
                }
            }
        }
        let cost = seconds.isEmpty ? nil : seconds.reduce(0, +) / Double(seconds.count)
        return Answer(
            losses: SetLosses.Objective(name: name, values: values, seconds: cost), problems: sentences(failed))
    }

    /// A sentence for each way to fail, with the sets that failed so; what the program wrote is that of the first.
    private func sentences(_ failed: [(set: String, problem: Problem)]) -> [String] {
        var groups: [(problem: Problem, sets: [String])] = []
        for (set, problem) in failed {
            if let index = groups.firstIndex(where: { $0.problem.reason == problem.reason }) {
                groups[index].sets.append(set)
            } else {
                groups.append((problem, [set]))
            }
        }
        return groups.map { problem, sets in
            let names = sets.distinct()
            return "\(name): set\(names.count > 1 ? "s" : "") \(names.joined(separator: ", ")): "
                + problem.reason + problem.remark
        }
    }

    /// By digest: what went wrong. The cache is written after every value, so that nothing is asked twice.
    private func run(
        _ sets: [StoredSet], images: SetArchive, folder: String, cache: inout LossCache, shouldStop: () -> Bool
    ) throws -> [String: Problem] {
        var problems: [String: Problem] = [:]
        var waiting = sets[...]
        var running: [(set: StoredSet, program: ExternalProgram)] = []
        let scratch = try Self.scratchFolder()
        defer {
            for entry in running { _ = entry.program.stop("") }
            try? FileManager.default.removeItem(atPath: scratch)
        }
        while !waiting.isEmpty || !running.isEmpty {
            if shouldStop() { throw WorkflowError.interrupted }
            while running.count < jobs, let set = waiting.popFirst() {
                let path = "\(scratch)/\(set.content.digest.prefix(16)).npz"
                do {
                    try images.write(set, to: path)
                } catch {
                    problems[set.content.digest] = Problem(reason: "\(error)")
                    continue
                }
                var program = ExternalProgram(
                    command: command, argument: path,
                    environment: [
                        "ASSAY_SET": set.set, "ASSAY_SEED": set.seed.map(String.init) ?? "",
                        "ASSAY_IPC": shortest(set.distinctPerClass),
                    ], out: path + ".out", err: errorFile(set, folder), timeLimit: timeLimit)
                try program.begin()
                running.append((set, program))
            }
            var ended: [(set: StoredSet, program: ExternalProgram, outcome: ExternalProgram.Outcome)] = []
            running.removeAll { entry in
                guard let outcome = entry.program.poll() else { return false }
                ended.append((entry.set, entry.program, outcome))
                return true
            }
            for entry in ended {
                switch entry.outcome {
                case .number(let loss):
                    cache.values[entry.set.content.digest] = (loss, entry.program.seconds)
                    try cache.write()
                case .failed(let reason):
                    problems[entry.set.content.digest] = Problem(
                        reason: reason, remark: remark(errorFile(entry.set, folder)))
                }
                for file in [entry.program.argument, entry.program.out] {
                    try? FileManager.default.removeItem(atPath: file)
                }
            }
            if ended.isEmpty { usleep(5000) }
        }
        return problems
    }

    /// A folder of this process alone.
    private static func scratchFolder() throws -> String {
        var path = Array((FileManager.default.temporaryDirectory.path + "/assay-objective-XXXXXX").utf8CString)
        guard let made = mkdtemp(&path) else {
            throw WorkflowError.failure(
                "\(FileManager.default.temporaryDirectory.path): \(String(cString: strerror(errno)))")
        }
        return String(cString: made)
    }

    private func errorFile(_ set: StoredSet, _ folder: String) -> String {
        "\(folder)/\(fileName(set.set))\(set.seed.map { "-seed\($0)" } ?? "")-\(set.content.digest.prefix(8)).stderr"
    }

    /// The last line that it wrote to stderr, and where the rest is.
    private func remark(_ path: String) -> String {
        guard let data = FileManager.default.contents(atPath: path), !data.isEmpty else { return "" }
        let last = String(decoding: data.suffix(4096), as: UTF8.self).split(separator: "\n").last { !$0.isEmpty }
        return last.map { " (\($0.prefix(120)); all of it in \(path))" } ?? ""
    }
}

/// Values of one program by the content of the set.
private struct LossCache {
    let path: String
    var values: [String: (loss: Double, seconds: Double)] = [:]

    init(_ path: String) throws {
        self.path = path
        guard FileManager.default.fileExists(atPath: path) else { return }
        let table = try Table.read(path, texts: ["images"])
        let (losses, seconds) = (try table.numbers("loss"), try table.numbers("seconds"))
        for (row, digest) in try table.texts("images").enumerated() { values[digest] = (losses[row], seconds[row]) }
    }

    func write() throws {
        let rows = values.sorted { $0.key < $1.key }
        let table = Table([
            Column("images", rows.map(\.key)), Column("loss", rows.map(\.value.loss)),
            Column("seconds", rows.map(\.value.seconds)),
        ])
        try Tables.write(table.formatted(.csv), to: path)
    }
}
