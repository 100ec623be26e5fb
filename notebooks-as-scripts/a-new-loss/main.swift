// A distillation loss that did not exist yesterday, and its Distillation Correlation Score beside those of built-in ones:
// how well it orders sets of images by the test error of networks that were trained on them. Nothing is synthesised.
// `make notebooks` trains the 22 small runs of studies/a-new-loss.yaml once.

import AssayKit

/// The idea: a set is good when an image of the same class is near every image of D, in the space of a trained network's
/// features. Repeating images changes nothing, adding some lowers it.
struct Coverage: DistillationObjective {
    let name = "coverage"
    let definition = "coverage: mean squared distance of 100 C images of D to the nearest one of their class; observers"
    let needs: ObjectiveNeeds = .observers

    func values(of sets: [ObjectiveSet], in context: ObjectiveContext) throws -> [ObjectiveValue] {
        var values = sets.map { _ in ObjectiveValue(literal: []) }
        for (n, observer) in context.observers.enumerated() {
            let network = try FrozenNetwork(
                observer.network, shape: context.shape, classes: context.classes, weights: observer.weights,
                threads: context.threads)
            // What concerns D is computed once per network.
            let chosen = context.labels.indices.prefix(100 * context.classes)
            let real = try network.features(of: context.images.pixels(at: chosen))
            for (index, set) in sets.enumerated() {
                let own = try network.features(of: context.pixels(of: set))
                values[index].literal.append(0)
                for (row, image) in chosen.enumerated() {
                    let members = set.labels.indices.filter { set.labels[$0] == context.labels[image] }
                    let all = members.map { distance(real.values, row, own.values, $0, own.columns) }
                    values[index].literal[n] += (all.min() ?? .infinity) / Double(chosen.count)
                }
            }
        }
        return values
    }

    private func distance(_ a: [Float], _ i: Int, _ b: [Float], _ j: Int, _ d: Int) -> Double {
        var sum = 0.0
        for k in 0..<d { sum += Double(a[i * d + k] - b[j * d + k]) * Double(a[i * d + k] - b[j * d + k]) }
        return sum
    }
}

// The store: networks trained on subsets of graded difficulty. What is there is not trained again.
let study = try Study.read(path: "studies/a-new-loss.yaml", vocabulary: .assay)
let data = try TrainingData(study)
let plan = try Plan(study, data: data.facts)
for run in plan.runs { _ = try RunJob(plan: plan, run: run, threads: 2).train(on: data, replacing: false) }
let losses: [any DistillationObjective] = [Coverage(), DistributionMatching(), GradientMatching(), SRe2L()]
let table = try StoredSets(plan: plan, data: data).table(of: losses, against: ["test_error"])
var options = DistillationCorrelation.Options(losses: losses.map(\.name), error: "test_error")
(options.adjustFor, options.cluster) = (["ipc"], "subset")
let score = try DistillationCorrelation(table, options: options).table()
print(Table(try ["objective", "m", "rho", "low", "high"].map { try score.column($0) }).formatted(.table))

// Prints ρ within IPC and its interval (20 runs on 10 sets, two seeds; positive is good):
//     coverage   20     0.5949  -0.37166  0.92646
//     dm         20    0.86475   0.63698        1
//     dc         20    0.91994   0.63098        1
//     sre2l      20  -0.065103  -0.92249  0.88915
