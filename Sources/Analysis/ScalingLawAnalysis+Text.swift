import Fitting
import Foundation
import Tables

extension ScalingLawAnalysis {
    /// Above this number of fits the terminal shows a line per fit.
    static let reportLimit = 20

    /// What the terminal shows: the report of each fit, or of many fits a line each; then the choice among several laws.
    ///
    /// - Parameter verbose: the whole report of every fit, however many there are.
    public func text(verbose: Bool = false) -> String {
        var parts =
            verbose || fits.count <= Self.reportLimit ? fits.map { $0.text() } : laws.indices.map(summary(ofLaw:))
        if laws.count > 1, let choice { parts.append(choice.text()) }
        return parts.joined(separator: "\n")
    }

    /// The fits of one law, one line each, and how often each warning stands.
    private func summary(ofLaw index: Int) -> String {
        let fits = stride(from: index, to: self.fits.count, by: laws.count).map { self.fits[$0] }
        var columns = Self.groupColumns(fits)
        columns.append(Column("n", fits.map(\.n)))
        for (j, parameter) in laws[index].parameters.enumerated() {
            columns.append(Column(parameter.name, fits.map { $0.isRefused ? "" : Self.short($0.parameters[j]) }))
        }
        columns.append(Column("rmse", fits.map(\.rmse)))
        columns.append(Column("R²", fits.map(\.rSquared)))
        columns.append(Column("result", fits.map(\.termination.word)))
        columns.append(Column("warnings", fits.map(\.warnings.count)))
        let lines = Self.counts(fits.flatMap { Set($0.warnings.map(Self.kind)) }).map { warning, count in
            "  warning in \(count) of \(fits.count): \(warning)\n"
        }
        return "\(laws[index].name): y = \(laws[index].formula)\n" + Table(columns).formatted(.table) + lines.joined()
    }

    private static func short(_ p: ScalingLawFit.Parameter) -> String {
        if p.value.isNaN { return "–" }
        let value = significant(p.value, digits: 4)
        if p.bound != nil { return value + " (bound)" }
        return p.standardError.map { "\(value) ± \(significant($0, digits: 2))" } ?? value
    }

    /// A warning without its numbers.
    private static func kind(_ warning: String) -> String {
        let end = warning.firstIndex { $0.isNumber || $0 == "(" || $0 == ":" } ?? warning.endIndex
        var text = warning[..<end]
        while let last = text.last, last == " " || last == "-" { text.removeLast() }
        return String(text.isEmpty ? warning[...] : text)
    }

    /// The most frequent first.
    private static func counts(_ items: [String]) -> [(String, Int)] {
        Dictionary(items.map { ($0, 1) }, uniquingKeysWith: +).sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    }
}
