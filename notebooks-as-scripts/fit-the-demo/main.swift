// Fits the Goyal law to the logged runs of the demo, and compares two subsets as the data allow.
//
//     make demo notebooks                  or .build/release/fit-the-demo STORE

import AssayKit
import Foundation

let store = CommandLine.arguments.dropFirst().first ?? "runs/demo"

// One row per run, at its last checkpoint: each run had a complete schedule of its own, so that every point is annealed.
let runs = try runTable(store: store)

// The scaling block: IPC 100, budgets below that of the comparison.
let ipc = try runs.numbers("ipc")
let budget = try runs.numbers("budget")
let scaling = runs.rows((0..<runs.rowCount).filter { ipc[$0] == 100 && budget[$0] < 5 })

let analysis = try ScalingLawAnalysis(
    of: scaling, law: GoyalLaw(), x: ["samples_seen", "samples_per_epoch"], y: "test_error",
    group: ["regime", "subset"])
print(analysis.text())

// b and d trade off (their correlation is near -1), so fits are compared by predicted error at a matched n, never by b.
for fit in analysis.fits where !fit.isRefused {
    let n = 55_000.0
    let prediction = significant(fit.predict([n, 1000]), digits: 3)
    let band = fit.band(at: [n, 1000]).map { "[\(significant($0.low, digits: 3)), \(significant($0.high, digits: 3))]" }
    print(
        "\(fit.title): error \(prediction) \(band ?? "") after \(Int(n)) samples (n = \(fit.n), 95 % band of the curve)"
    )
}

// The curves as a figure of their own.
let grid = (0...60).map { 1_100 * pow(100, Double($0) / 60) }
let curves = analysis.fits.map { fit in
    ScalingCurve(
        name: fit.group[1].value, facet: fit.group[0].value, points: [],
        fit: fit.isRefused ? [] : grid.map { Series.Point($0, fit.predict([$0, 1000])) }, band: [])
}
let figure = Figure.scaling(curves, x: Axis("samples seen", logarithmic: true), y: Axis("test error"))
print("results/notebooks/fit-the-demo.svg:", try figure.draw(to: "results/notebooks/fit-the-demo.svg"))

// After the demo on Fashion-MNIST, prints the four fits and, in the end:
//
//     regime = HL, subset = easiest: error 0.294 [0.265, 0.322] after 55000 samples (n = 14, 95 % band of the curve)
//     regime = HL, subset = random: error 0.197 [0.193, 0.202] after 55000 samples (n = 14, 95 % band of the curve)
//     regime = SL, subset = easiest: error 0.225 [0.206, 0.245] after 55000 samples (n = 14, 95 % band of the curve)
//     regime = SL, subset = random: error 0.156 [0.149, 0.163] after 55000 samples (n = 14, 95 % band of the curve)
