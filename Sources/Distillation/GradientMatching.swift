import Training

/// The objective `dc`: the distance of the gradients of D and S at random networks, class by class (Zhao et al., "Dataset
/// condensation with gradient matching", 2021), as the public code measures it: each weight tensor as rows [outputs,
/// rest], Σ_rows (1 − ⟨a, b⟩ / (‖a‖ ‖b‖ + 10⁻⁶)), biases and normalisations count nothing, summed over tensors and classes.
///
/// The gradient of D is that of a batch of each class, as published, or of whole classes; that of S is of all its images
/// of the class. Networks with batch normalisation first see 16 real images per class in training mode and then keep
/// their statistics, as in the public code. A class without images in a set adds nothing. A cosine is no polynomial of
/// means: there is no closed form of the part that the size explains.
public struct GradientMatching: DistillationObjective, Equatable {
    public var networks: ObjectiveNetworks
    /// Images of each class of D; nil: all.
    public var realBatch: Int?

    public init(networks: ObjectiveNetworks = .standard, realBatch: Int? = 256) {
        self.networks = networks
        self.realBatch = realBatch
    }

    public var name: String { networks == .observers ? "dc-observers" : "dc" }
    public var needs: ObjectiveNeeds { networks.needs }

    public var definition: String {
        let real = realBatch.map { "of \($0) real images per class" } ?? "of whole classes"
        return
            "\(name): layer-wise cosine distance of class gradients, rows of [outputs, rest], summed over tensors and "
            + "classes; gradients \(real); \(networks.words)"
    }

    public func values(of sets: [ObjectiveSet], in context: ObjectiveContext) throws -> [ObjectiveValue] {
        let table = try ElementTable(sets, in: context)
        let count = try context.networkCount(networks, objective: name)
        var values = sets.map { _ in ObjectiveValue(literal: []) }
        for index in 0..<count {
            let gradients = try NetworkGradients(
                context.spec(networks, index), shape: context.shape, classes: context.classes,
                batch: max(256, 16 * context.classes), threads: context.threads)
            let tensors = gradients.tensors.filter { $0.shape.count > 1 }
            try start(gradients, index, context)
            let batches = context.batches(of: realBatch ?? .max, identity: "dc", index: index)
            let real = try batches.enumerated().map { label, batch in
                batch.isEmpty
                    ? []
                    : try gradients.gradient(
                        of: context.images.pixels(at: batch), labels: batch.map { _ in Int32(label) },
                        statistics: .running
                    ).gradient
            }
            for set in sets.indices {
                let done = Double(index * sets.count + set) / Double(count * sets.count)
                context.onProgress?(name, done)
                let items = Dictionary(grouping: table.items(of: set)) { table.elements[$0].label }
                var sum = 0.0
                for (label, images) in items.sorted(by: { $0.key < $1.key }) where !real[Int(label)].isEmpty {
                    let own = try gradients.gradient(
                        of: table.pixels(of: images), labels: images.map { _ in label }, statistics: .running)
                    for tensor in tensors { sum += cosineDistance(real[Int(label)], own.gradient, tensor) }
                }
                values[set].literal.append(sum)
            }
        }
        return values
    }

    /// Parameters and, of random networks with batch normalisation, the statistics of a real batch.
    private func start(
        _ gradients: borrowing NetworkGradients, _ index: Int, _ context: ObjectiveContext
    ) throws {
        if networks == .observers { return try gradients.load(context.observers[index].weights) }
        gradients.initialise(identity: "dc/network\(index)", seed: context.seed)
        guard gradients.couplesBatch else { return }
        let batch = context.batches(of: 16, identity: "dc/statistics", index: index).flatMap(\.self)
        _ = try gradients.gradient(
            of: context.images.pixels(at: batch), labels: batch.map { context.labels[$0] }, statistics: .batch)
    }
}

/// Σ over the rows of a tensor of 1 − ⟨a, b⟩ / (‖a‖ ‖b‖ + 10⁻⁶).
func cosineDistance(_ a: [Float], _ b: [Float], _ tensor: NetworkGradients.Tensor) -> Double {
    let columns = tensor.shape.dropFirst().reduce(1, *)
    var sum = 0.0
    for row in 0..<tensor.shape[0] {
        var (product, first, second) = (0.0, 0.0, 0.0)
        for at in tensor.offset + row * columns..<tensor.offset + (row + 1) * columns {
            let (x, y) = (Double(a[at]), Double(b[at]))
            product += x * y
            first += x * x
            second += y * y
        }
        sum += 1 - product / (first.squareRoot() * second.squareRoot() + 1e-6)
    }
    return sum
}
