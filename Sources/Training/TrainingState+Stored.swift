import Records

extension TrainingState {
    private static let moments = ["momentum/", "exp_avg/", "exp_avg_sq/", "average/"]

    private static func isMoment(_ name: String) -> Bool { moments.contains { name.hasPrefix($0) } }

    /// The weights that an evaluation uses, of what a run stores: the moving average where there is one, and nothing of
    /// the optimiser's.
    public static func evaluatedWeights(_ stored: [NamedTensor]) -> [NamedTensor] {
        let averages = stored.filter { $0.name.hasPrefix("average/") }
        return averages.isEmpty
            ? stored.filter { !isMoment($0.name) }
            : averages.map { NamedTensor(name: String($0.name.dropFirst(8)), shape: $0.shape, values: $0.values) }
    }

    /// A state from what the last checkpoint of a job with `recordsState` holds as its weights.
    public init(_ stored: [NamedTensor], step: Int, samplesSeen: Int, seconds: Double) {
        self.init(
            step: Int64(step), samplesSeen: Int64(samplesSeen), sums: ["seconds": seconds],
            tensors: stored.map { tensor in
                Self.isMoment(tensor.name)
                    ? tensor : NamedTensor(name: "weights/" + tensor.name, shape: tensor.shape, values: tensor.values)
            })
    }
}
