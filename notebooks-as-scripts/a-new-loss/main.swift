// A distillation loss that did not exist yesterday, and its Distillation Correlation Score beside those of built-in ones:
// how well it orders sets of images by the test error of networks that were trained on them. Nothing is synthesised.
//
//     make notebooks                       (trains the 22 runs of studies/a-new-loss.yaml once, about a minute)

import AssayKit

/// The idea: a set is good when the nearest of its images is near, on average over the images of each class, in the space
/// of a trained network's features. Repeating images changes nothing, adding some lowers it.
struct Coverage: DistillationObjective {
    let name = "coverage"
    let definition = "coverage: mean over D of the squared distance to the nearest feature of the class in S; observers"
    let needs: ObjectiveNeeds = .observers

    func values(of sets: [ObjectiveSet], in context: ObjectiveContext) throws -> [ObjectiveValue] {
        var values = sets.map { _ in ObjectiveValue(literal: []) }
        for observer in context.observers {
            let network = try FrozenNetwork(
                observer.network, shape: context.shape, classes: context.classes, weights: observer.weights,
                threads: context.threads)
            // What concerns D is computed once per network: a hundred images stand for each class.
            let chosen = context.labels.indices.prefix(100 * context.classes)
            let real = try network.features(of: context.images.pixels(at: chosen))
            for (index, set) in sets.enumerated() {
                let own = try network.features(of: context.pixels(of: set))
                var sum = 0.0
                for (row, image) in chosen.enumerated() {
                    var nearest = Double.infinity
                    for member in set.labels.indices where set.labels[member] == context.labels[image] {
                        nearest = min(nearest, distance(real.values, row, own.values, member, real.columns))
                    }
                    sum += nearest / Double(chosen.count)
                }
                values[index].literal.append(sum)
            }
        }
        return values
    }

    private func distance(_ a: [Float], _ row: Int, _ b: [Float], _ other: Int, _ width: Int) -> Double {
        (0..<width).reduce(0.0) {
            $0 + Double((a[row * width + $1] - b[other * width + $1]) * (a[row * width + $1] - b[other * width + $1]))
        }
    }
}

// The store: networks trained on subsets of graded difficulty. What is there is not trained again.
let study = try Study.read(path: "studies/a-new-loss.yaml", vocabulary: .assay)
let data = try TrainingData(study)
let plan = try Plan(study, data: data.facts)
for run in plan.runs { _ = try RunJob(plan: plan, run: run, threads: 2).train(on: data, replacing: false) }

let losses: [any DistillationObjective] = [
    Coverage(), DistributionMatching(), GradientMatching(), SRe2L(), ObserverEntropy(.nll),
]
let table = try StoredSets(plan: plan, data: data).table(of: losses, against: ["test_error"])
var options = DistillationCorrelation.Options(losses: losses.map(\.name), error: "test_error")
(options.adjustFor, options.cluster) = (["ipc"], "subset")
print(try DistillationCorrelation(table, options: options).table().formatted(.table))
