import ArgumentParser

@main
struct Assay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assay",
        abstract: "Train once, ask many questions: scaling laws and data quality from logged runs.")
}
