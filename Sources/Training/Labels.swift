import Records

/// How labels are supplied.
public enum Labels: Sendable, Equatable {
    /// The classes themselves.
    case hard
    /// One fixed label per image [N, C]: probabilities q at `temperature`; where the loss is mean squares, logits.
    case soft(targets: [Float], temperature: Float)
    /// The teacher labels what the student is shown, augmented and mixed, at `temperature`. With `perImage` m, pass e over
    /// the images repeats pass e mod m (order, views, mixtures and so labels): m stored labels per image.
    case views(Teacher, temperature: Float, perImage: Int?)
}

/// One trained network, or several whose probabilities at the temperature (of mean squares: logits) are averaged.
public struct Teacher: Sendable, Equatable {
    public struct Member: Sendable, Equatable {
        public var network: NetworkSpec
        /// As `Checkpoint.weights` names them.
        public var weights: [NamedTensor]

        public init(network: NetworkSpec, weights: [NamedTensor]) {
            self.network = network
            self.weights = weights
        }
    }

    public var members: [Member]

    public init(_ members: [Member]) { self.members = members }
}

extension Labels {
    var temperature: Float? {
        switch self {
        case .hard: nil
        case .soft(_, let temperature), .views(_, let temperature, _): temperature
        }
    }

    /// Why these labels cannot serve `count` images of `classes` classes under `loss`, or nil.
    func fault(count: Int, classes: Int, loss: Loss?) -> String? {
        switch (self, loss) {
        case (.hard, .divergence?), (.hard, .meanSquares?): return "the loss needs a teacher, and the labels are hard"
        case (.soft, .crossEntropy?), (.views, .crossEntropy?):
            return "cross-entropy is a loss of hard labels, and these are soft"
        default: break
        }
        if let temperature, !(temperature > 0 && temperature.isFinite) { return "a temperature of \(temperature)" }
        switch self {
        case .hard: return nil
        case .views(let teacher, _, let perImage):
            if teacher.members.isEmpty { return "a teacher without a network" }
            return (perImage ?? 1) < 1 ? "\(perImage ?? 0) labels per image" : nil
        case .soft(let targets, _):
            if targets.count != count * classes {
                return "\(targets.count) soft labels for \(count) images and \(classes) classes"
            }
            let isLogits = if case .meanSquares? = loss { true } else { false }
            guard let at = targets.firstIndex(where: { !($0.isFinite && (isLogits || $0 >= 0)) }) else { return nil }
            return "soft label \(targets[at]) of image \(at / classes), class \(at % classes) is no "
                + (isLogits ? "finite logit" : "probability")
        }
    }
}
