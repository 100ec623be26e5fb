import ArgumentParser
import Foundation
import Workflow

@main
struct Assay: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assay",
        abstract: "Train once, ask many questions: scaling laws and data quality from logged runs.",
        discussion: """
            A study (YAML) says which runs there are. `assay run` trains what is missing into a store of HDF5 files; \
            every other command asks the store, or a table, and never retrains.

              assay run studies/demo.yaml                      train, analyse, draw, report
              assay runs runs/demo                             what is in the store
              assay fit runs/demo --law goyal --x samples_seen,samples_per_epoch \\
                  --y test_error --group regime,subset,ipc     a scaling law per group
              assay score RUN --method el2n -o scores.csv      a score per sample
              assay select scores.csv --keep easiest --ipc 50 -o subset.csv

            Exit codes: 0 done, 1 the analysis failed, 3 training diverged, 64 usage, 65 bad data, 66 no such input, 74 I/O, 130 interrupted.
            """,
        version: Workflow.version,
        groupedSubcommands: [
            CommandGroup(
                name: "Studies",
                subcommands: [
                    CheckCommand.self, PlanCommand.self, ShowCommand.self, RunCommand.self, TrainCommand.self,
                    RecipesCommand.self,
                ]),
            CommandGroup(
                name: "The store",
                subcommands: [
                    ImportCommand.self, RunsCommand.self, InspectCommand.self, VerifyCommand.self, ExportCommand.self,
                ]),
            CommandGroup(
                name: "Samples",
                subcommands: [
                    ScoreCommand.self, ScoresCommand.self, SelectCommand.self, CoresetCommand.self, OverlapCommand.self,
                    CADCommand.self,
                ]),
            CommandGroup(
                name: "Analyses",
                subcommands: [
                    FitCommand.self, LawsCommand.self, MixtureCommand.self, DCSCommand.self, ParetoCommand.self,
                    HardnessCommand.self, HardnessSpreadCommand.self, RegimesCommand.self,
                ]),
            CommandGroup(name: "Results", subcommands: [FiguresCommand.self, ReportCommand.self]),
        ])

    static func main() {
        openStandardStreams()
        do {
            var command = try parseAsRoot()
            releaseStartupPages()
            try command.run()
            try finishOutput()
        } catch let failure as any Failure {
            complain(failure.description)
            Foundation.exit(failure.exitCode)
        } catch {
            exit(withError: error)
        }
    }
}
