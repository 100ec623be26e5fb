import Distillation
import Studies
import Tables
import Training

/// The objectives that a study can name, their options, and how a choice becomes an objective.
public enum Objectives {
    public static let names = [
        "dm", "dc", "tm", "datm", "sre2l", "dwa", "cda", "rded", "entropy", "nll",
    ]

    static let options: [String: [ObjectiveOption]] = {
        let positive = ObjectiveOption.Kind.number(above: 0, from: nil)
        let count = ObjectiveOption.Kind.count(orAll: false)
        let networks = [
            ObjectiveOption("networks", count), ObjectiveOption("model", .model),
            ObjectiveOption("weights", .word(["random", "trained"])), ObjectiveOption("real", .count(orAll: true)),
        ]
        let trajectory = [
            ObjectiveOption("steps", count), ObjectiveOption("expert-epochs", positive),
            ObjectiveOption("first", .number(above: nil, from: 0)),
            ObjectiveOption("last", .number(above: nil, from: 0)),
            ObjectiveOption("starts", count), ObjectiveOption("learning-rate", positive),
            ObjectiveOption("batch", count), ObjectiveOption("dsa", .flag),
        ]
        return [
            "dm": networks, "dc": networks, "tm": trajectory, "datm": trajectory,
            "sre2l": [
                ObjectiveOption("variant", .word(["paper", "code"])), ObjectiveOption("batch", .count(orAll: true)),
            ],
            "cda": [ObjectiveOption("scales", .shares), ObjectiveOption("batch", .count(orAll: true))],
            "dwa": [
                ObjectiveOption("variance-weight", positive), ObjectiveOption("radius", .number(above: nil, from: 0)),
                ObjectiveOption("steps", count), ObjectiveOption("batch", count),
            ],
            "rded": [ObjectiveOption("crops", count), ObjectiveOption("scale", .shares)],
        ]
    }()
}

extension ObjectiveChoice {
    /// The objective with the study's options.
    func objective(_ models: [Named<ModelChoice>]) -> any DistillationObjective {
        switch objective {
        case "dc":
            var matching = GradientMatching(networks: networks(models))
            if self["real"] != nil { matching.realBatch = count("real") }
            return matching
        case "tm": return trajectory(.tm)
        case "datm": return trajectory(.datm)
        case "sre2l":
            var sre2l = SRe2L(word("variant") == "code" ? .code : .paper)
            if self["batch"] != nil { sre2l.batch = count("batch") }
            return sre2l
        case "cda":
            var cda = CDA(batch: count("batch"))
            if case .numbers(let scales)? = self["scales"] { cda.scales = scales }
            return cda
        case "dwa":
            var dwa = DWA()
            if let weight = number("variance-weight") { dwa.varianceWeight = weight }
            if let radius = number("radius") { dwa.radius = radius }
            if let steps = count("steps") { dwa.steps = steps }
            if let batch = count("batch") { dwa.batch = batch }
            return dwa
        case "rded":
            var realism = Realism()
            if let crops = count("crops") { realism.crops = crops }
            if case .numbers(let scales)? = self["scale"], let scale = scales.first { realism.scale = scale }
            return realism
        case "entropy": return ObserverEntropy(.entropy)
        case "nll": return ObserverEntropy(.nll)
        default:
            return DistributionMatching(
                networks: networks(models), form: count("real").map { .batches($0) } ?? .wholeClasses)
        }
    }

    /// Random networks of a model of the study, by default the ConvNet-D3 of width 32, or the analysis' observers.
    private func networks(_ models: [Named<ModelChoice>]) -> ObjectiveNetworks {
        if word("weights") == "trained" { return .observers }
        let count = count("networks") ?? 5
        let model = word("model").flatMap { name in models.first { $0.name == name }?.value.network }
        return .random(count, model ?? .convnet(depth: 3, width: 32))
    }

    private func trajectory(_ kind: TrajectoryMatching.Kind) -> TrajectoryMatching {
        var matching = TrajectoryMatching(kind)
        if let steps = count("steps") { matching.steps = steps }
        if let epochs = number("expert-epochs") { matching.expertEpochs = epochs }
        if let starts = count("starts") { matching.starts = starts }
        if let rate = number("learning-rate") { matching.learningRate = rate }
        if let batch = count("batch") { matching.batch = batch }
        if case .flag(let dsa)? = self["dsa"] { matching.dsa = dsa }
        if self["first"] != nil || self["last"] != nil {
            let first = number("first") ?? 0
            matching.range = first...max(first, number("last") ?? .greatestFiniteMagnitude)
        }
        return matching
    }

    private func number(_ key: String) -> Double? {
        if case .number(let value)? = self[key] { value } else { nil }
    }

    /// nil where `all` is written, or nothing.
    private func count(_ key: String) -> Int? { number(key).map { Int($0) } }

    /// Images of each class of D that were asked for by number.
    var realImages: Int? { count("real") }
    /// Start epochs that were asked for.
    var startEpochs: Int? { count("starts") }

    private func word(_ key: String) -> String? { if case .word(let word)? = self[key] { word } else { nil } }

    /// What is wrong with options that are each right, or nil.
    var fault: String? {
        if let first = number("first"), let last = number("last"), first > last {
            return "the first start epoch \(shortest(first)) comes after the last, \(shortest(last))"
        }
        if word("weights") == "trained", let key = ["networks", "model"].first(where: { self[$0] != nil }) {
            return "'\(key)' is of random networks, and the weights are trained ('observer:' names the networks)"
        }
        return nil
    }
}
