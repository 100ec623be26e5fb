import ArgumentParser
import Tables
import Workflow

struct RecipesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recipes",
        abstract: "List the training recipes that have a name: what published numbers were made with.",
        discussion: """
            A study takes a recipe by its name, or with some keys of its own:

              recipes:
                hard: paper1-small-hl
                mine: { recipe: paper1-small-hl, batch: 128 }

            The listing shows each as a study would write it out. Its length is the study's budget; the number of epochs \
            (or steps) for which it was published stands beside it: 'budgets: { own: { passes: 300 } }' are 300 passes \
            over each subset's own images.

              assay recipes
              assay recipes --format csv
            """)

    @OptionGroup var output: FormatOptions

    func run() throws {
        let format = output.chosen
        print(format == .table ? recipeText() : recipeListing().formatted(format), terminator: "")
    }
}
