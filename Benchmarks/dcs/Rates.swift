import Analysis
import Foundation
import Randomness
import Statistics
import Tables

/// Fifty sets, ten rules at five sizes, whose losses have nothing to do with their errors beyond what a scenario says.
private struct Scenario {
    let name: String
    /// What size does to error and loss, as a function of IPC.
    let error: @Sendable (Double) -> Double
    let loss: @Sendable (Double) -> Double
    /// Standard deviation of what the sets of a rule share, and of what each has alone.
    let shared: Double
    let own: Double

    static let sizes = [10, 20, 50, 100, 200]
    static let rules = 10

    func table(_ index: Int) -> Table {
        var stream = RandomStream(name, seed: 1, purpose: "simulation", index: index)
        let (a, b) = (normals(Self.rules, &stream), normals(Self.rules, &stream))
        var (ipc, rule, errors, losses) = ([Int](), [String](), [Double](), [Double]())
        for size in Self.sizes {
            for k in 0..<Self.rules {
                ipc.append(size)
                rule.append("rule\(k)")
                errors.append(error(Double(size)) + shared * a[k] + own * stream.normal())
                losses.append(loss(Double(size)) + shared * b[k] + own * stream.normal())
            }
        }
        return Table([
            Column("ipc", ipc), Column("subset", rule), Column("test_error", errors), Column("loss", losses),
        ])
    }

    private func normals(_ count: Int, _ stream: inout RandomStream) -> [Double] {
        (0..<count).map { _ in stream.normal() }
    }
}

private let scenarios: [Scenario] = {
    let none: @Sendable (Double) -> Double = { _ in 0 }
    let straight: @Sendable (Double) -> Double = { -0.3 * log($0) }
    // Most of the way is gone at IPC 20; from there on noise decides.
    let saturating: @Sendable (Double) -> Double = { 3 * exp(-$0 / 15) }
    return [
        Scenario(name: "independent sets, no effect of size", error: none, loss: none, shared: 0, own: 0.3),
        Scenario(
            name: "independent, size effect straight in log IPC", error: straight, loss: straight, shared: 0, own: 0.3),
        Scenario(name: "independent, saturating size effect", error: saturating, loss: saturating, shared: 0, own: 0.3),
        Scenario(name: "nested, no effect of size", error: none, loss: none, shared: 0.3, own: 0.15),
        Scenario(
            name: "nested, size effect straight in log IPC", error: straight, loss: straight, shared: 0.3, own: 0.15),
        Scenario(name: "nested, saturating size effect", error: saturating, loss: saturating, shared: 0.3, own: 0.15),
    ]
}()

private typealias Options = DistillationCorrelation.Options

private let choices: [(name: String, adjust: DistillationCorrelation.Adjust?)] = [
    ("unadjusted", nil), ("partial", .partial), ("residual", .residual), ("within", .within),
]

/// Prints Markdown: for every scenario and choice the share of `sets` tables with p ≤ 0.05, and in brackets that whose 95 %
/// interval leaves zero out.
func printRates(sets: Int) throws {
    print("| scenario | " + choices.flatMap { ["\($0.name)", "\($0.name), cluster"] }.joined(separator: " | ") + " |")
    print("|---|" + String(repeating: "--:|", count: choices.count * 2))
    for scenario in scenarios {
        var cells: [String] = []
        for choice in choices {
            for cluster in [nil, "subset"] {
                var (found, excluded) = (0, 0)
                for index in 0..<sets {
                    let result = try score(scenario.table(index), choice.adjust, cluster)
                    if let p = result.pValue, p <= 0.05 { found += 1 }
                    if let interval = result.interval, interval.low > 0 || interval.high < 0 { excluded += 1 }
                }
                cells.append("\(percent(found, sets)) (\(percent(excluded, sets)))")
            }
        }
        print("| \(scenario.name) | \(cells.joined(separator: " | ")) |")
        fflush(nil)
    }
    try printPower(sets: sets)
}

private func score(
    _ table: Table, _ adjust: DistillationCorrelation.Adjust?, _ cluster: String?
) throws -> DistillationCorrelation.Objective {
    var options = Options(losses: ["loss"], error: "test_error")
    if let adjust { (options.adjustFor, options.adjust) = (["ipc"], adjust) }
    options.cluster = cluster
    options.resamples = 499
    return try DistillationCorrelation(table, options: options).objectives[0]
}

/// How often the smallest detectable ρ of 20, 40 and 160 independent sets is found.
private func printPower(sets: Int) throws {
    print("\n| sets | detectable rho | found |\n|--:|--:|--:|")
    for m in [20, 40, 160] {
        guard let rho = smallestDetectable(degrees: Double(m - 3)) else { continue }
        // Of a bivariate normal distribution with Spearman's rho.
        let r = 2 * sin(.pi * rho / 6)
        var found = 0
        for index in 0..<sets {
            var stream = RandomStream("power \(m)", seed: 1, purpose: "simulation", index: index)
            let x = (0..<m).map { _ in stream.normal() }
            let y = x.map { r * $0 + (1 - r * r).squareRoot() * stream.normal() }
            let test = RankCorrelation(x, y).permutationTest(resamples: 499, seed: index)
            if let test, test.pValue <= 0.05 { found += 1 }
        }
        print("| \(m) | \(significant(rho, digits: 2)) | \(percent(found, sets)) |")
    }
}

private func percent(_ count: Int, _ all: Int) -> String {
    String(format: "%.1f %%", 100 * Double(count) / Double(all))
}
