// Regenerates paper 1's figure 1(c): error by regime and method at IPC 50 on ImageNet-1K, from the published table.
//
//     make notebooks                       (writes results/notebooks/error-by-regime.svg, .csv and .gp)

import AssayKit

// Facts from the paper, one row per published number; accuracies in percent, as printed.
let published = try Table.read("data/hard-truths-tables.csv")

// Table 1: ResNet-18 on ImageNet-1K, distilled sets and coresets, in three label regimes.
let table = try published.texts("table")
let ipc = try published.texts("ipc")
let kind = try published.texts("kind")
let chosen = published.rows(
    (0..<published.rowCount).filter { table[$0] == "1" && ipc[$0] == "50" && kind[$0] != "full" })

let methods = try chosen.texts("method")
let regimes = try chosen.texts("regime")
let accuracy = try chosen.numbers("mean")
let deviation = try chosen.numbers("std")

// Error in 0...1. The paper does not state the n behind its ±, so the bars are its standard deviations as printed.
let points = (0..<chosen.rowCount).map { row in
    let error = 1 - accuracy[row] / 100
    return CategoryPoint(
        category: methods[row], series: regimes[row], y: error, low: error - deviation[row] / 100,
        high: error + deviation[row] / 100)
}
// Sorted by the error with hard labels: the order is nearly lost once the labels are soft.
let hard = Dictionary(uniqueKeysWithValues: points.filter { $0.series == "HL" }.map { ($0.category, $0.y) })
let sorted = points.sorted { (hard[$0.category] ?? 1, $0.series) < (hard[$1.category] ?? 1, $1.series) }
let figure = Figure.categories(sorted, y: Axis("test error, IPC 50"))
print("results/notebooks/error-by-regime.svg:", try figure.draw(to: "results/notebooks/error-by-regime.svg"))

// The same as a number: how far the methods are apart in each regime (n methods, best and worst of one table).
for regime in ["HL", "SL", "SL+KD"] {
    let errors = points.filter { $0.series == regime }.map(\.y).sorted()
    guard let best = errors.first, let worst = errors.last else { continue }
    print(
        "\(regime): \(significant(best, digits: 3)) to \(significant(worst, digits: 3)), spread \(significant(worst - best, digits: 2)) (n = \(errors.count))"
    )
}

// Prints, from the published table:
//
//     HL: 0.615 to 0.93, spread 0.31 (n = 13)
//     SL: 0.512 to 0.724, spread 0.21 (n = 13)
//     SL+KD: 0.408 to 0.474, spread 0.066 (n = 13)
