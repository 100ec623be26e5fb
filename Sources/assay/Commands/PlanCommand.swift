import ArgumentParser
import Foundation
import Tables
import Workflow

struct PlanCommand: ParsableCommand {
    enum Format: String, CaseIterable, ExpressibleByArgument { case table, json, csv, md, tex, make }

    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "List every run of a study with its compute and bytes, and what is fresh.",
        discussion: """
            Nothing is trained. Runs that no block asks for but another run needs (the source of its scores or soft \
            labels) are marked as inserted.

              assay plan studies/demo.yaml                          a table
              assay plan studies/demo.yaml --format json            the resolved runs
              assay plan studies/demo.yaml --format make > demo.mk  rules for make -j 8 -f demo.mk
            """)

    @OptionGroup var study: StudyArgument

    @Option(help: "table, json, csv, md, tex, or make.")
    var format: Format = .table

    @Flag(help: "Short for --format json.")
    var json = false

    func run() throws {
        let (plan, _) = try study.plan()
        switch json ? .json : format {
        case .json: print(try plan.json().text(), terminator: "")
        case .make: print(plan.makeRules(command: CommandLine.arguments[0], ids: plan.runs.map(\.id)), terminator: "")
        case .table:
            print(try plan.table().formatted(.table), terminator: "")
            print(try plan.summary())
            for line in plan.notes() { print(line) }
            if !plan.runs.isEmpty {
                print(plan.networks())
                print(try plan.memory())
                for line in try plan.objectiveMemory() { print(line) }
            }
        case .csv: print(try plan.table().formatted(.csv), terminator: "")
        case .md: print(try plan.table().formatted(.md), terminator: "")
        case .tex: print(try plan.table().formatted(.tex), terminator: "")
        }
    }
}
