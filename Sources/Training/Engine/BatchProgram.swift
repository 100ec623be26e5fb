internal import CKernels

/// The forward and backward pass of one training step over a batch. The batch is cut into a number of slices that
/// depends on its size alone, oneDNN runs on one thread per slice, and what the slices give is added in a fixed tree: the
/// bits are the same for any number of threads. A slice goes through the whole network before the next one starts, or,
/// where batch normalisation needs all of them, through one stage of it. Linear layers alone are cut in another way.
final class BatchProgram {
    /// Puts the images of `rows` of the batch at `input` [rows, inputCount].
    typealias Fill = (
        _ rows: Range<Int>, _ input: UnsafeMutablePointer<Float>, _ worker: Int
    ) throws(TrainingError) -> Void
    /// Reads the logits of `rows` of the batch [rows, C], writes ∂loss/∂logits [rows, C], and returns the sum of losses.
    typealias Loss = (
        _ rows: Range<Int>, _ logits: UnsafePointer<Float>, _ dlogits: UnsafeMutablePointer<Float>, _ worker: Int
    ) throws(TrainingError) -> Double

    let network: Network
    let team: WorkerTeam
    /// The most rows that a closure is given at a time.
    let slice: Int
    /// Of each worker, or of the batch.
    private let activations: [Activations]
    /// One gradient per slice, or one.
    private let gradients: FloatBuffer
    private var losses: [Double]

    /// Never more slices than this: each has a gradient of its own in memory.
    private static let mostSlices = 16

    /// How many slices a batch is cut into, and the most rows of one.
    static func slices(of batch: Int, _ network: Network) -> (count: Int, rows: Int) {
        let wanted = (batch + network.preferredSlice - 1) / network.preferredSlice
        let slices = min(wanted, mostSlices)
        return (slices, (batch + slices - 1) / slices)
    }

    /// For batches of at most `batch` images.
    init(_ network: Network, batch: Int, threads: Int) throws(TrainingError) {
        self.network = network
        let (slices, slice) = Self.slices(of: batch, network)
        self.slice = slice
        team = try WorkerTeam(network, threads: threads)
        activations =
            network.holdsBatch
            ? [Activations(network, capacity: batch, isTraining: true)]
            : (0..<min(threads, slices)).map { _ in Activations(network, capacity: slice, isTraining: true) }
        gradients = FloatBuffer(network.gradientCount * network.gradients(of: slices))
        losses = Array(repeating: 0, count: slices)
    }

    /// The gradient of what `loss` adds up to, in the order of `network.layout` and valid until the next call, and that
    /// sum, at `parameters` over `count` images. A closure runs on the thread of its worker (0 ..< threads); rows come
    /// once each, in any order, and `loss` after the `fill` of the same rows, perhaps by another worker. The running statistics in `parameters` move.
    func gradient(
        of count: Int, at parameters: UnsafeMutablePointer<Float>, fill: Fill, loss: Loss
    ) throws(TrainingError) -> (gradient: UnsafePointer<Float>, loss: Double) {
        try network.prepare(parameters, team: team)
        let slices = (count + slice - 1) / slice
        if network.couplesBatch {
            try runStages(count, slices, parameters, fill, loss)
        } else if network.isFlat {
            try runLayers(count, slices, fill, loss)
        } else {
            try runSlices(count, slices, fill, loss)
        }
        let total = losses[..<slices].reduce(0, +)
        let (first, stride) = (gradients.pointer, network.gradientCount)
        let summands = network.gradients(of: slices)
        if summands > 1 {
            try team.forEachPiece(of: stride) { start, count in
                assay_tree_sum(first + start, stride, summands, count)
            }
        }
        return (try network.collect(first, team: team), total)
    }

    /// Slice by slice through the whole network.
    private func runSlices(_ count: Int, _ slices: Int, _ fill: Fill, _ loss: Loss) throws(TrainingError) {
        try losses.withPointer { losses throws(TrainingError) in
            try team.forEach(slices) { worker, task throws(TrainingError) in
                let rows = rows(task, of: count)
                let images = 0..<rows.count
                let pass = Pass(worker: team.workers[worker], activations: activations[worker], isTraining: true)
                try fill(rows, network.places[0].pointer(pass, images), worker)
                for stage in network.stages { try network.forward(stage, pass, images) }
                losses[task] = try self.loss(loss, rows, pass, images, worker)
                let gradient = gradients.pointer + task * network.gradientCount
                for stage in network.stages.reversed() {
                    try network.backward(stage, pass, images, gradient: gradient)
                }
            }
        }
    }

    /// Layer by layer, each in pieces of its outputs: weights, which are larger than the tensors of a batch, are read once,
    /// and no gradients are added up.
    private func runLayers(_ count: Int, _ slices: Int, _ fill: Fill, _ loss: Loss) throws(TrainingError) {
        let (all, gradient) = (0..<count, gradients.pointer)
        func pass(_ worker: Int) -> Pass {
            Pass(worker: team.workers[worker], activations: activations[0], isTraining: true)
        }
        try team.forEach(slices) { worker, task throws(TrainingError) in
            let rows = rows(task, of: count)
            try fill(rows, network.places[0].pointer(pass(worker), rows), worker)
        }
        for step in network.linears {
            let pieces = step.outputPieces
            try team.forEach(pieces.count) { worker, task throws(TrainingError) in
                try step.forward(pass(worker), all, outputs: pieces[task])
            }
        }
        try losses.withPointer { losses throws(TrainingError) in
            try team.forEach(slices) { worker, task throws(TrainingError) in
                let rows = rows(task, of: count)
                losses[task] = try self.loss(loss, rows, pass(worker), rows, worker)
            }
        }
        for step in network.linears.reversed() {
            let (outputs, inputs) = (step.outputPieces, step.inputPieces)
            try team.forEach(outputs.count + inputs.count) { worker, task throws(TrainingError) in
                if task < outputs.count {
                    try step.finish(pass(worker), all, outputs: outputs[task], gradient: gradient)
                } else {
                    try step.backward(pass(worker), all, inputs: inputs[task - outputs.count])
                }
            }
        }
    }

    /// Stage by stage, each with all slices.
    private func runStages(
        _ count: Int, _ slices: Int, _ parameters: UnsafeMutablePointer<Float>, _ fill: Fill, _ loss: Loss
    ) throws(TrainingError) {
        let (last, tensors) = (network.stages.count - 1, activations[0])
        for (index, stage) in network.stages.enumerated() {
            try losses.withPointer { losses throws(TrainingError) in
                try team.forEach(slices) { worker, task throws(TrainingError) in
                    let rows = rows(task, of: count)
                    let pass = Pass(worker: team.workers[worker], activations: tensors, isTraining: true)
                    if index == 0 { try fill(rows, network.places[0].pointer(pass, rows), worker) }
                    try network.forward(stage, pass, rows)
                    guard index == last else { return }
                    losses[task] = try self.loss(loss, rows, pass, rows, worker)
                    let gradient = gradients.pointer + task * network.gradientCount
                    try network.backward(stage, pass, rows, gradient: gradient)
                }
            }
            for norm in stage.statistics { norm.combine(tensors, images: count, parameters: parameters) }
        }
        for index in (0...last).reversed() {
            for norm in network.stages[index].applied { norm.combineBackward(tensors, images: count) }
            guard index > 0 else { break }
            try team.forEach(slices) { worker, task throws(TrainingError) in
                let pass = Pass(worker: team.workers[worker], activations: tensors, isTraining: true)
                let gradient = gradients.pointer + task * network.gradientCount
                try network.backward(network.stages[index - 1], pass, rows(task, of: count), gradient: gradient)
            }
        }
    }

    private func rows(_ task: Int, of count: Int) -> Range<Int> { task * slice..<min((task + 1) * slice, count) }

    private func loss(
        _ loss: Loss, _ rows: Range<Int>, _ pass: Pass, _ images: Range<Int>, _ worker: Int
    ) throws(TrainingError) -> Double {
        let logits = network.places[network.places.count - 1]
        return try loss(
            rows, logits.pointer(pass, images), logits.gradient(pass, network.logitGradient, images), worker)
    }
}
