import Analysis
import ArgumentParser
import Tables

struct LawsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "laws",
        abstract: "List the scaling laws that have a name, with formula, parameters, bounds and source.",
        discussion: """
            `assay fit --law` takes one of these names, or an expression in the x columns: + - * / ^, parentheses, numbers, \
            pi, exp log sqrt sin cos atan abs min max. Every word that is not an x column is a parameter.

              assay laws
              assay laws --format md
            """)

    @OptionGroup var output: FormatOptions

    func run() throws {
        let format = output.chosen
        print(format == .table ? ScalingLaws.text() : ScalingLaws.table().formatted(format), terminator: "")
    }
}
