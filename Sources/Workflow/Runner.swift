import Foundation
import RunStore
import Tables
import Training

/// Trains what a plan lacks, through make.
public struct Runner: Sendable {
    public var plan: Plan
    /// The `assay` program that the rules call.
    public var command: String
    public var jobs: Int
    /// Train these runs again even where they are fresh.
    public var force: Bool
    public var shouldStop: @Sendable () -> Bool

    public init(
        plan: Plan, command: String, jobs: Int, force: Bool = false, shouldStop: @escaping @Sendable () -> Bool
    ) {
        self.plan = plan
        self.command = command
        self.jobs = jobs
        self.force = force
        self.shouldStop = shouldStop
    }

    /// How far a batch of runs is.
    public struct Progress: Sendable, Equatable {
        public var sealed: Int
        public var runs: Int
        /// Samples seen in acknowledged checkpoints, and in all of them.
        public var samples: Int
        public var totalSamples: Int
    }

    /// The runs that must be trained, of `only` (ids; nil: all) and of what these need.
    public func pending(only: [String]?) throws -> [(run: PlannedRun, status: RunStatus)] {
        var needed: Set<String> = []
        for run in plan.runs.reversed() where only?.contains(run.id) ?? true || needed.contains(run.id) {
            needed.insert(run.id)
            needed.formUnion(run.sources.map(\.id))
        }
        return try plan.runs.filter { needed.contains($0.id) }.compactMap { run in
            let status = try plan.status(run)
            let isForced = force && (only?.contains(run.id) ?? true)
            return status == .fresh && !isForced ? nil : (run, status)
        }
    }

    /// Trains the pending runs of `only` through make, when the store is free.
    ///
    /// - Parameters:
    ///   - onWait: called when another `assay run` is training into the store.
    ///   - onStart: called with the runs that are pending when the store is free.
    ///   - onMessage: called with each line that a run or make says.
    /// - Returns: ids of the runs whose training diverged, and of those that need them; each has said why.
    /// - Throws: `WorkflowError`: interrupted (130), or where runs failed for another reason their exit code, if it is the
    ///   same for all, and otherwise 1.
    @discardableResult
    public func train(
        only: [String]?, onWait: (String) -> Void, onStart: ([(run: PlannedRun, status: RunStatus)]) -> Void,
        onMessage: (String) -> Void, report: (Progress) -> Void
    ) throws -> [String] {
        guard try !pending(only: only).isEmpty else {
            tidy()
            onStart([])
            return []
        }
        let turn = try StoreTurn(store: plan.study.store, shouldStop: shouldStop, onWait: onWait)
        let pending = try pending(only: only)
        onStart(pending)
        try plan.requireTaughtWeights(of: Set(pending.map(\.run.id)))
        try plan.write()
        let diverged = try pending.isEmpty ? [] : make(pending, turn, onMessage: onMessage, report: report)
        tidy()
        return diverged
    }

    /// Removes what processes left that died right after sealing a run.
    private func tidy() {
        for run in plan.runs { RunLock.tidy(path: plan.store.path(of: run.id)) }
    }

    private func make(
        _ pending: [(run: PlannedRun, status: RunStatus)], _ turn: borrowing StoreTurn, onMessage: (String) -> Void,
        report: (Progress) -> Void
    ) throws -> [String] {
        guard Self.isInstalled("make") else {
            throw WorkflowError.failure("make is not installed; apt-get install make")
        }
        // Stale runs are replaced: the plan was shown, and the old files are kept.
        try turn.write(plan.makeRules(command: command, ids: pending.map(\.run.id), options: ["--quiet", "--force"]))
        let make = Process()
        make.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        // Should this process be killed, the kernel tells make, which stops the runs.
        let leash = Self.isInstalled("setpriv") ? ["setpriv", "--pdeathsig", "TERM"] : []
        make.arguments = leash + ["make", "--no-print-directory", "--keep-going", "-j", "\(jobs)", "-f", turn.path]
        make.environment = ProcessInfo.processInfo.environment.filter {
            !["MAKEFLAGS", "MFLAGS", "MAKELEVEL", "ASSAY"].contains($0.key)
        }
        make.environment?["LC_ALL"] = "C"  // its messages are read
        make.standardInput = turn.file
        var output = MakeOutput()
        make.standardOutput = output.pipe
        make.standardError = output.pipe
        do {
            try make.run()
        } catch {
            throw WorkflowError.failure("make cannot be started: \(error)")
        }
        var isForwarded = false
        while make.isRunning {
            if shouldStop(), !isForwarded {
                isForwarded = true
                // make may lead a process group of its own, which the terminal's Ctrl-C does not reach.
                if kill(-make.processIdentifier, SIGINT) != 0 { make.interrupt() }
            }
            for line in output.lines() { onMessage(line) }
            report(progress(of: pending.map(\.run)))
            usleep(100_000)
        }
        for line in output.lines() { onMessage(line) }
        report(progress(of: pending.map(\.run)))
        if shouldStop() { throw WorkflowError.interrupted }
        guard make.terminationStatus != 0 else { return [] }
        let missing = try pending.filter { try plan.status($0.run) != .fresh }.map(\.run.id)
        // Sources stand before the runs that need them, which make did not begin.
        var absent = Set(output.failures.filter { $0.code == TrainingError.divergedExitCode }.map(\.id))
        for (run, _) in pending where run.sources.contains(where: { absent.contains($0.id) }) { absent.insert(run.id) }
        if missing.allSatisfy(absent.contains) { return missing }
        // One cause for all, a full disk for instance, is the cause of this.
        let codes = Set(output.failures.map { $0.code ?? 1 })
        throw WorkflowError(
            codes.count == 1 ? codes.first ?? 1 : 1,
            "\(missing.count) of \(counted(pending.count, "run")) \(pending.count == 1 ? "was" : "were") not trained: "
                + "\(firstFew(missing)); the others are safe, and the same command goes on from here")
    }

    /// Looks at the file system only: parts are named by checkpoint, and a sealed run has all of its samples.
    func progress(of runs: [PlannedRun]) -> Progress {
        var progress = Progress(sealed: 0, runs: runs.count, samples: 0, totalSamples: 0)
        for run in runs {
            progress.totalSamples += run.totalSamples
            let parts = (try? FileManager.default.contentsOfDirectory(atPath: plan.partialPath(of: run.id)))?
                .filter { $0.hasSuffix(".h5") && !$0.hasPrefix(".") }.count
            if let parts, parts > 0 || !FileManager.default.fileExists(atPath: plan.store.path(of: run.id)) {
                let stored = run.storedCheckpoints
                progress.samples += parts > 0 ? stored[min(parts, stored.count) - 1] : 0
            } else if FileManager.default.fileExists(atPath: plan.store.path(of: run.id)) {
                progress.sealed += 1
                progress.samples += run.totalSamples
            }
        }
        return progress
    }

    private static func isInstalled(_ program: String) -> Bool {
        (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
            .contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") }
    }
}
