import Randomness
import Training

/// The objectives `tm` and `datm`: ‖θ_{t+N}(S) − θ*_{t+M}‖² / ‖θ*_t − θ*_{t+M}‖², where N steps of gradient descent without
/// momentum on S start from an expert's weights θ*_t, and θ*_{t+M} are the expert's M epochs of D later (Cazenave et al.
/// 2022, eq. 6 of paper 1). 1 is what a set achieves that does not move the student. `tm` starts at 0 … T+, `datm` (Guo et
/// al. 2024) at T− … T+. The mean over start epochs is the value, each of them a point of the curve.
///
/// All trained parameters count; of batch normalisations the running statistics do not, and the student uses those of its
/// batches. N steps are a nonlinear function of the set: there is no closed form of the part that its size explains.
public struct TrajectoryMatching: DistillationObjective, Equatable {
    public enum Kind: String, Sendable, Equatable { case tm, datm }

    public var kind: Kind
    /// N.
    public var steps: Int
    /// M, in epochs.
    public var expertEpochs: Double
    /// The first and the last start epoch; nil: these shares of the expert's epochs, which are T− = 20 and T+ = 35 of the
    /// 50 epochs of paper 1.
    public var range: ClosedRange<Double>?
    /// Start epochs, evenly over those in the range.
    public var starts: Int
    public var learningRate: Double
    /// Images per step; a smaller set is one batch.
    public var batch: Int
    /// DSA on the student's images, as the published experts and students have it.
    public var dsa: Bool

    static let standardRange = (low: 0.4, high: 0.7)

    public init(
        _ kind: Kind, steps: Int = 80, expertEpochs: Double = 2, range: ClosedRange<Double>? = nil, starts: Int = 4,
        learningRate: Double = 0.01, batch: Int = 256, dsa: Bool = false
    ) {
        precondition(steps > 0 && expertEpochs > 0 && starts > 0 && batch > 0, "a trajectory without steps")
        self.kind = kind
        self.steps = steps
        self.expertEpochs = expertEpochs
        self.range = range
        self.starts = starts
        self.learningRate = learningRate
        self.batch = batch
        self.dsa = dsa
    }

    public var name: String { kind.rawValue }
    public var needs: ObjectiveNeeds { .trajectories }

    public var definition: String {
        let low = kind == .tm ? 0 : Self.standardRange.low
        let range =
            range.map { "epochs \($0.lowerBound)…\($0.upperBound)" }
            ?? "\(low)…\(Self.standardRange.high) of the expert's epochs (T− 20, T+ 35 of 50)"
        return "\(name): squared distance to the expert \(expertEpochs) epochs on after \(steps) steps on S, over the "
            + "expert's own; \(starts) start epochs in \(range); learning rate \(learningRate), no momentum, batch "
            + "\(batch), \(dsa ? "DSA" : "no augmentation")"
    }

    public func values(of sets: [ObjectiveSet], in context: ObjectiveContext) throws -> [ObjectiveValue] {
        guard !context.trajectories.isEmpty else { throw ObjectiveError.noTrajectory(objective: name) }
        let table = try ElementTable(sets, in: context)
        // Batches are drawn of a set as it is: repeats count.
        let items = sets.indices.map { set in
            let repeats = sets[set].count / table.items(of: set).count
            return table.members[set].flatMap { [Int](repeating: $0.element, count: $0.times * repeats) }
        }
        var curves = sets.map { _ in [ObjectiveValue.Point]() }
        var values = sets.map { _ in ObjectiveValue(literal: []) }
        for (index, expert) in context.trajectories.enumerated() {
            let pairs = try startPairs(expert)
            let student = try NetworkGradients(
                expert.network, shape: context.shape, classes: context.classes, batch: batch,
                threads: context.threads)
            var sums = [Double](repeating: 0, count: sets.count)
            for (number, pair) in pairs.enumerated() {
                let (start, target, distance) = try segment(pair, of: expert, student)
                for set in sets.indices {
                    let part = Double(number * sets.count + set) / Double(pairs.count * sets.count)
                    context.onProgress?(name, (Double(index) + part) / Double(context.trajectories.count))
                    try student.load(start)
                    try train(student, items[set], of: table, start: number, context)
                    let loss = squaredDistance(student.parameters, target) / distance
                    sums[set] += loss / Double(pairs.count)
                    curves[set].add(loss, at: expert.epochs[pair.start])
                }
            }
            for set in sets.indices { values[set].literal.append(sums[set]) }
        }
        for set in sets.indices { values[set].curve = curves[set].sorted { $0.at < $1.at } }
        return values
    }

    /// θ*_t, θ*_{t+M} and the squared distance between them.
    private func segment(
        _ pair: (start: Int, end: Int), of expert: ExpertTrajectory, _ student: borrowing NetworkGradients
    ) throws -> (start: NetworkWeights, target: [Float], distance: Double) {
        try student.load(expert.weights(pair.end))
        let target = student.parameters
        let start = try expert.weights(pair.start)
        try student.load(start)
        let distance = squaredDistance(student.parameters, target)
        guard distance > 0 else {
            throw ObjectiveError.restingExpert(
                objective: name, trajectory: expert.name, epoch: expert.epochs[pair.start])
        }
        return (start, target, distance)
    }

    /// N steps; every pass over the set has an order of its own.
    private func train(
        _ student: borrowing NetworkGradients, _ items: [Int], of table: ElementTable, start: Int,
        _ context: ObjectiveContext
    ) throws {
        let augmenter = Augmenter(
            Augmentation([.dsa(DSA())]), shape: context.shape, run: "\(name)/start\(start)", seed: context.seed,
            samples: ElementTable.samples)
        let viewer = Viewer(context.shape)
        var (order, used, pass) = ([Int](), 0, 0)
        for step in 0..<steps {
            if used == order.count {
                var stream = RandomStream("\(name)/start\(start)", seed: context.seed, purpose: "order", index: pass)
                order = items.count <= batch ? Array(items.indices) : stream.permutation(of: items.count)
                (used, pass) = (0, pass + 1)
            }
            let chosen = order[used..<min(used + batch, order.count)].map { items[$0] }
            used += chosen.count
            var images = try table.pixels(of: chosen)
            if dsa {
                images = viewer.draw(
                    images, chosen.map { augmenter.view(epoch: step, batch: 0, sample: table.sample($0)) })
            }
            try student.descend(images, labels: table.labels(of: chosen), rate: Float(learningRate))
        }
    }
}

extension TrajectoryMatching {
    /// Positions of t and t + M among the expert's stored epochs.
    ///
    /// - Throws: `.noStartEpoch`.
    public func startPairs(_ expert: ExpertTrajectory) throws(ObjectiveError) -> [(start: Int, end: Int)] {
        let length = expert.epochs.last ?? 0
        let low = range?.lowerBound ?? (kind == .tm ? 0 : Self.standardRange.low * length)
        let high = range?.upperBound ?? Self.standardRange.high * length
        var pairs: [(start: Int, end: Int)] = []
        for (start, epoch) in expert.epochs.enumerated() where low <= epoch && epoch <= high {
            // Epochs of compute are rounded to whole steps.
            guard let end = expert.epochs.firstIndex(where: { abs($0 - epoch - expertEpochs) < 0.01 }) else { continue }
            pairs.append((start, end))
        }
        guard !pairs.isEmpty else {
            throw .noStartEpoch(
                objective: name, trajectory: expert.name, low: low, high: high, ahead: expertEpochs,
                stored: expert.epochs)
        }
        guard pairs.count > starts else { return pairs }
        guard starts > 1 else { return [pairs[pairs.count / 2]] }
        return (0..<starts).map { pairs[$0 * (pairs.count - 1) / (starts - 1)] }
    }
}

extension [ObjectiveValue.Point] {
    /// Adds one network's value at `place`.
    public mutating func add(_ value: Double, at place: Double) {
        if let index = firstIndex(where: { $0.at == place }) {
            self[index].values.append(value)
        } else {
            append(ObjectiveValue.Point(at: place, values: [value]))
        }
    }
}

private func squaredDistance(_ a: [Float], _ b: [Float]) -> Double {
    zip(a, b).reduce(0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) }
}
