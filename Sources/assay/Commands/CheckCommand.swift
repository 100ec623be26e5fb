import ArgumentParser
import Tables
import Workflow

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Find every error in a study, with line and column.",
        discussion: """
            Reads the study, loads its data set and resolves every run, so that an IPC larger than a class or a window \
            that does not fit into the epochs is found before anything trains.

              assay check studies/demo.yaml
            """)

    @OptionGroup var study: StudyArgument

    func run() throws {
        let (plan, _) = try study.plan()
        let runs =
            plan.runs.isEmpty ? "reads \(plan.study.store)" : counted(plan.runs.count, "run")
        print(
            "\(study.study): fine: \(runs), \(plan.study.analyses.count) analyses, \(plan.study.figures.count) figures")
    }
}
