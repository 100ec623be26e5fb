internal import CKernels

/// The forward and backward pass of one training step over a batch. The batch is cut into a number of slices that
/// depends on its size alone, each slice gives a loss and a gradient, and the slices are added pairwise in a fixed tree:
/// the bits are the same for any number of threads.
final class BatchProgram {
    /// Puts the images of `rows` of the batch at `input` [rows, inputCount].
    typealias Fill = (
        _ rows: Range<Int>, _ input: UnsafeMutablePointer<Float>, _ worker: Int
    ) throws(TrainingError) -> Void
    /// Reads the logits of `rows` of the batch [rows, C], writes ∂loss/∂logits [rows, C], and returns the sum of losses.
    typealias Loss = (
        _ rows: Range<Int>, _ logits: UnsafePointer<Float>, _ dlogits: UnsafeMutablePointer<Float>, _ worker: Int
    ) throws(TrainingError) -> Double

    let network: any Network
    let team: WorkerTeam
    /// The most rows that a closure is given at a time.
    let slice: Int
    /// One gradient per slice.
    private let gradients: FloatBuffer
    private var losses: [Double]

    /// Never more slices than this: each has a gradient of its own in memory.
    private static let mostSlices = 16

    /// For batches of at most `batch` images.
    init(_ network: any Network, batch: Int, threads: Int) throws(TrainingError) {
        self.network = network
        let wanted = (batch + network.preferredSlice - 1) / network.preferredSlice
        let slices = min(wanted, Self.mostSlices)
        slice = (batch + slices - 1) / slices
        team = try WorkerTeam(network, capacity: slice, threads: threads)
        gradients = FloatBuffer(network.gradientCount * slices)
        losses = Array(repeating: 0, count: slices)
    }

    /// The gradient of what `loss` adds up to, in the order of `network.layout` and valid until the next call, and that
    /// sum, at `parameters` over `count` images. A closure runs on the thread of its worker (0 ..< threads), after the
    /// `fill` of the same rows; rows come once each, in any order.
    func gradient(
        of count: Int, at parameters: UnsafeMutablePointer<Float>, fill: Fill, loss: Loss
    ) throws(TrainingError) -> (gradient: UnsafePointer<Float>, loss: Double) {
        try network.prepare(parameters)
        let slices = (count + slice - 1) / slice
        for workspace in team.workspaces {
            try workspace.reserve(min(slice, count))
            try workspace.reserve(count - (slices - 1) * slice)
        }
        try losses.withPointer { losses throws(TrainingError) in
            try team.forEach(slices) { worker, task throws(TrainingError) in
                let rows = task * slice..<min((task + 1) * slice, count)
                let workspace = team.workspaces[worker]
                try fill(rows, workspace.input, worker)
                try workspace.forward(rows.count)
                losses[task] = try loss(rows, workspace.logits, workspace.dlogits, worker)
                try workspace.backward(rows.count, gradient: gradients.pointer + task * network.gradientCount)
            }
        }
        let total = losses[..<slices].reduce(0, +)
        let (first, stride) = (gradients.pointer, network.gradientCount)
        if slices > 1 {
            try team.forEachPiece(of: stride) { start, count in
                assay_tree_sum(first + start, stride, slices, count)
            }
        }
        return (try network.collect(first), total)
    }
}
