import ArgumentParser
import Foundation
import Synchronization
import Tables
import Workflow

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train one run of a study into its store.",
        discussion: """
            This is what the make rules of `assay plan --format make` call. The runs that it needs must be there. A run \
            that is fresh is left alone; an unfinished one goes on from its last checkpoint, and ends as if it had \
            never stopped, bit by bit. Ctrl-C loses nothing that was acknowledged.

              assay train studies/demo.yaml --only HL/full/5/seed1
            """)

    @OptionGroup var study: StudyArgument

    @Option(help: "The run's id, as `assay plan` lists it.")
    var only: String

    @Option(help: "Threads. The result is the same, bit by bit, for any number.")
    var threads = 1

    @Flag(help: "Train it even where it is fresh, or made by another study. The old file is kept beside the store.")
    var force = false

    @Flag(name: .shortAndLong, help: "Say nothing but errors.")
    var quiet = false

    func validate() throws {
        guard threads > 0 else { throw ValidationError("--threads must be 1 or more") }
    }

    func run() throws {
        let (plan, data) = try study.plan()
        guard let run = plan.run(only), let data else {
            let near = Tables.closest(to: only, in: plan.runs.map(\.id)).map { " (did you mean '\($0)'?)" } ?? ""
            throw WorkflowError(66, "\(study.study) has no run '\(only)'\(near); `assay plan` lists them")
        }
        Interruption.watch()
        let bar = Mutex(ProgressBar(run.id, unit: "samples"))
        let isQuiet = quiet
        let job = RunJob(
            plan: plan, run: run, threads: threads,
            onProgress: { seen in
                if !isQuiet { bar.withLock { $0.show(seen, of: run.totalSamples) } }
            },
            onRemark: { note("assay: warning: \(run.id): \($0)") }, shouldStop: { Interruption.isRequested })
        defer { bar.withLock { $0.finish() } }
        if !quiet {
            for line in run.notes { note("\(run.id): \(line)") }
            let cores = ProcessInfo.processInfo.activeProcessorCount
            if threads > cores {
                note(
                    "\(threads) threads on \(cores) core\(cores == 1 ? "" : "s"): they wait for each other (same result)"
                )
            }
        }
        let before = try job.train(on: data, replacing: force)
        if !quiet {
            bar.withLock { $0.finish() }
            print(before == .fresh && !force ? "\(run.id): fresh" : "\(run.id): \(plan.store.path(of: run.id))")
        }
    }
}
