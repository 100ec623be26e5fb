// Which law do the demo's curves follow? Three laws on random images in two label regimes: what each says of the data it
// was fitted to, and how well it predicts the two largest budgets from the five smaller ones.
//
//     make notebooks                       (writes results/notebooks/choose-a-law.svg, .csv and .gp)

import AssayKit
import Foundation

// One row per run at its last checkpoint: each run had a complete schedule of its own. Seven budgets, two seeds each.
let runs = try Table.read("data/demo-scaling.csv")
let subset = try runs.texts("subset")
let random = runs.rows((0..<runs.rowCount).filter { subset[$0] == "random" })

// A power law whose repeats decay, a power law with a floor, and M3. A law of one x column takes the first.
let x = ["samples_seen", "samples_per_epoch"]
let laws = try ["goyal", "power-offset", "m3"].map { try ScalingLaws.law($0, columns: x, isError: true) }

var options = ScalingLawOptions()
options.holdout = try Holdout("samples_seen>50000")
let analysis = try ScalingLawAnalysis(
    of: random, laws: laws, x: x, y: "test_error", group: ["regime"], options: options)

// AICc and leave-one-out look at the points fitted, the hold-out at what comes after them. They need not agree.
if let choice = analysis.choice {
    let table = choice.table()
    let shown = ["regime", "law", "n", "k", "delta_aicc", "weight", "loo_rmsle", "holdout_rmsle", "holdout_n"]
    print(Table(try shown.map { try table.column($0) }).formatted(.table))
    for group in choice.groups { for verdict in group.verdicts { print("\(group.title): \(verdict)") } }
}

// Points fitted and held out, and each law's curve through the first to beyond the last.
let grid = (0...80).map { 1_100 * pow(100, Double($0) / 80) }
let regime = try random.texts("regime")
let (seen, error) = (try random.numbers("samples_seen"), try random.numbers("test_error"))
let curves = analysis.fits.map { fit in
    ScalingCurve(
        name: fit.law, facet: fit.group[0].value,
        points: fit.law != "goyal"
            ? [] : seen.indices.filter { regime[$0] == fit.group[0].value }.map { Series.Point(seen[$0], error[$0]) },
        fit: grid.map { Series.Point($0, fit.predict([$0, 1000])) }, band: [])
}
let figure = Figure.scaling(curves, x: Axis("samples seen", logarithmic: true), y: Axis("test error"))
print("results/notebooks/choose-a-law.svg:", try figure.draw(to: "results/notebooks/choose-a-law.svg"))
