import ArgumentParser
import Foundation
import Tables
import Workflow

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Train what a study lacks, through make; then analyse, draw and report.",
        discussion: """
            Runs whose file is there with the planned digest are fresh and left alone. A run that the study no longer \
            describes is trained anew; its old file is kept in STORE.superseded. Unfinished runs go on from their last \
            checkpoint, and Ctrl-C loses nothing that was acknowledged: the same command goes on from there.

              assay run studies/demo.yaml -j 2
              assay run studies/demo.yaml --only HL/full/5/seed1     one run and what it needs, no analyses
            """)

    @OptionGroup var study: StudyArgument

    @Option(name: .shortAndLong, help: "Runs at a time. Default: one per core.")
    var jobs: Int = ProcessInfo.processInfo.activeProcessorCount

    @Option(help: "Only this run and what it needs; repeatable. No analyses.")
    var only: [String] = []

    @Flag(help: "Train again what is fresh. The old files are kept beside the store.")
    var force = false

    @Flag(name: .shortAndLong, help: "No progress.")
    var quiet = false

    func validate() throws {
        guard jobs > 0 else { throw ValidationError("--jobs must be 1 or more") }
    }

    func run() throws {
        let (plan, data) = try study.plan()
        for id in only where plan.run(id) == nil {
            throw WorkflowError(66, "\(study.study) has no run '\(id)'; `assay plan` lists them")
        }
        Interruption.watch()
        let runner = Runner(
            plan: plan, command: Self.program, jobs: jobs, force: force, shouldStop: { Interruption.isRequested })
        var bar = ProgressBar("training", unit: "samples")
        defer { bar.finish() }
        let diverged = try runner.train(
            only: only.isEmpty ? nil : only,
            onWait: { note("assay: \($0)") },
            onStart: { pending in
                guard !quiet, !plan.runs.isEmpty else { return }
                note(
                    pending.isEmpty
                        ? "\(counted(plan.runs.count, "run")), all fresh"
                        : "\(counted(pending.count, "run")) to train, \(plan.runs.count - pending.count) not to be touched, "
                            + "\(jobs) at a time")
                for line in plan.notes(of: pending.map(\.run)) { note(line) }
                let replaced = pending.filter { $0.status == .stale || $0.status == .fresh }.count
                if replaced > 0 {
                    note(
                        "\(replaced) of them replace runs that the study no longer describes, or --force: the old files go to "
                            + "\(plan.study.store).superseded")
                }
            },
            onMessage: { line in
                bar.finish()
                note(line)
            },
            report: { progress in
                if !quiet {
                    bar.show(
                        progress.samples, of: progress.totalSamples,
                        detail: "\(progress.sealed) of \(progress.runs) runs")
                }
            })
        bar.finish()
        if only.isEmpty, plan.runs.isEmpty || diverged.count < plan.runs.count {
            do {
                let results = Results(plan: plan.without(diverged), data: data)
                print(try results.update(report: { if !quiet { note($0) } }).summary)
            } catch let error as any Failure where !diverged.isEmpty && ![74, 130].contains(error.exitCode) {
                note("assay: without the runs that diverged: \(error)")
            }
        }
        if let failure = plan.divergence(of: diverged) { throw failure }
    }

    /// This program, for make to call.
    static var program: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }
}
