import ArgumentParser
import Workflow

struct FiguresCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "figures",
        abstract: "Draw a study's figures again from what is stored.",
        discussion: """
            Each figure is a CSV of exactly what is drawn, a gnuplot script, and the picture. Nothing is trained.

              assay figures studies/demo.yaml --only scaling
            """)

    @OptionGroup var study: StudyArgument

    @Option(help: "Only figures of this analysis.")
    var only: String?

    func run() throws {
        let (plan, data) = try study.plan()
        if let only, !plan.study.figures.contains(where: { $0.show == only }) {
            throw WorkflowError(66, "\(study.study) has no figure of an analysis '\(only)'")
        }
        for path in try Results(plan: plan, data: data).asMade().draw(only: only, report: note) { print(path) }
    }
}

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write a study's report again: one HTML file that needs no network.",
        discussion: "  assay report studies/demo.yaml")

    @OptionGroup var study: StudyArgument

    func run() throws {
        let (plan, data) = try study.plan()
        print(try Results(plan: plan, data: data).asMade().writeReport(report: note))
    }
}
