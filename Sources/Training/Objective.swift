internal import CKernels
import Records

/// The loss of a step: what each slot of the batch is compared with, and how. Targets belong to slots, so that slices
/// may come in any order and on any thread.
final class Objective {
    private enum Kind {
        case hard
        /// Cross-entropy to `distributions`.
        case distribution
        /// KL to `targets`, times this factor.
        case divergence(temperature: Float, factor: Float)
        case meanSquares(crossEntropy: Float)
    }

    private let job: TrainingJob
    private let kind: Kind
    private let classes: Int
    private let smoothing: Float
    private let teacher: TeacherEnsemble?
    /// [B]
    private let labels: UnsafeMutablePointer<Int32>
    /// Cross-entropy's q by slot, [B, C], where it is more than a class.
    private let distributions: FloatBuffer
    /// The teacher's probabilities or logits by slot, [B, C].
    private let targets: FloatBuffer
    /// Logits of each image when it was last trained on, [N, C]. Empty unless the job records them.
    private let seen: FloatBuffer

    init(_ job: TrainingJob) throws(TrainingError) {
        self.job = job
        classes = job.classes
        let temperature = job.labels.temperature ?? 1
        let mixes = job.mixesLabels
        var smoothing: Float = 0
        switch (job.recipe.loss, job.labels) {
        case (.meanSquares(let weight)?, _): kind = .meanSquares(crossEntropy: Float(weight))
        case (.divergence(scaled: true)?, _):
            kind = .divergence(temperature: temperature, factor: temperature * temperature)
        case (_, .soft), (_, .views): kind = .divergence(temperature: temperature, factor: 1)
        case (.crossEntropy(let share)?, .hard):
            smoothing = Float(share)
            kind = share > 0 || mixes ? .distribution : .hard
        case (_, .hard): kind = mixes ? .distribution : .hard
        }
        self.smoothing = smoothing
        labels = .allocate(capacity: job.batch)
        labels.initialize(repeating: 0, count: job.batch)
        let size = job.batch * job.classes
        switch kind {
        case .hard: (distributions, targets) = (FloatBuffer(0), FloatBuffer(0))
        case .distribution: (distributions, targets) = (FloatBuffer(size), FloatBuffer(0))
        case .divergence: (distributions, targets) = (FloatBuffer(0), FloatBuffer(size))
        case .meanSquares: (distributions, targets) = (FloatBuffer(size), FloatBuffer(size))
        }
        if case .views(let members, _, _) = job.labels {
            teacher = try TeacherEnsemble(members, job: job)
        } else {
            teacher = nil
        }
        seen = FloatBuffer(job.recordsLogits && job.recordedPass != .evaluation ? job.sampleCount * job.classes : 0)
    }

    deinit { labels.deallocate() }

    // MARK: Logits of the training pass

    /// Before the update of the step that last saw each image, [N, C].
    var seenLogits: FloatMatrix {
        FloatMatrix(
            rows: job.sampleCount, columns: classes,
            values: Array(UnsafeBufferPointer(start: seen.pointer, count: seen.count)))
    }

    private static let seenName = "seen/logits"

    /// What a resumed run needs of them.
    var tensors: [NamedTensor] {
        seen.count == 0
            ? [] : [NamedTensor(name: Self.seenName, shape: [job.sampleCount, classes], values: seenLogits.values)]
    }

    /// - Throws: `.badState` when they are missing.
    func load(_ tensors: [NamedTensor]) throws(TrainingError) {
        guard seen.count > 0 else { return }
        guard let tensor = tensors.first(where: { $0.name == Self.seenName }), tensor.values.count == seen.count else {
            throw .badState("there is no tensor '\(Self.seenName)' of \(job.sampleCount) × \(classes)")
        }
        for (i, value) in tensor.values.enumerated() { seen.pointer[i] = value }
    }

    // MARK: Targets

    /// Sets the targets of `slots`, whose images lie at `input`.
    func prepare(
        _ slots: Range<Int>, of step: TrainingStep, input: UnsafePointer<Float>, worker: Int
    ) throws(TrainingError) {
        for slot in slots {
            let sample = step.sample(slot)
            labels[slot] = job.hardLabels[sample]
            switch kind {
            case .hard: break
            case .distribution: distribute(slot, of: step)
            case .divergence: copyTarget(slot, of: step)
            case .meanSquares:
                distribute(slot, of: step)
                copyTarget(slot, of: step)
            }
        }
        guard let teacher else { return }
        let place = targets.pointer + slots.lowerBound * classes
        try teacher.label(input, count: slots.count, into: place, worker: worker)
    }

    /// (1 − s) · (λ onehot + (1 − λ) onehot of the partner) + s/C.
    private func distribute(_ slot: Int, of step: TrainingStep) {
        let row = distributions.pointer + slot * classes
        let own = Float(step.mix?.ownLabelWeight ?? 1)
        row.update(repeating: smoothing / Float(classes), count: classes)
        row[Int(job.hardLabels[step.sample(slot)])] += (1 - smoothing) * own
        if own < 1 { row[Int(job.hardLabels[step.partner(slot)])] += (1 - smoothing) * (1 - own) }
    }

    /// λ q + (1 − λ) q of the partner, where labels are fixed.
    private func copyTarget(_ slot: Int, of step: TrainingStep) {
        guard case .soft(let all, _) = job.labels else { return }
        let row = targets.pointer + slot * classes
        let (first, second) = (step.sample(slot) * classes, step.partner(slot) * classes)
        let own = Float(step.mix?.ownLabelWeight ?? 1)
        if own < 1 {
            for c in 0..<classes { row[c] = own * all[first + c] + (1 - own) * all[second + c] }
        } else {
            for c in 0..<classes { row[c] = all[first + c] }
        }
    }

    // MARK: Loss

    /// The sum of the losses of `slots`, and ∂loss/∂logits · scale.
    func loss(
        _ slots: Range<Int>, of step: TrainingStep, logits: UnsafePointer<Float>,
        dlogits: UnsafeMutablePointer<Float>, scale: Float
    ) -> Double {
        let (rows, start) = (slots.count, slots.lowerBound * classes)
        if seen.count > 0 {
            for (row, slot) in slots.enumerated() {
                (seen.pointer + step.sample(slot) * classes).update(from: logits + row * classes, count: classes)
            }
        }
        switch kind {
        case .hard:
            return crossEntropy(
                logits, labels + slots.lowerBound, rows: rows, classes: classes, scale: scale, gradient: dlogits)
        case .distribution:
            return crossEntropy(
                logits, distribution: distributions.pointer + start, rows: rows, classes: classes, scale: scale,
                gradient: dlogits)
        case .divergence(let temperature, let factor):
            let sum = divergence(
                logits, targets.pointer + start, rows: rows, classes: classes, temperature: temperature,
                scale: scale * factor, gradient: dlogits)
            return sum * Double(factor)
        case .meanSquares(let weight):
            let entropy = crossEntropy(
                logits, distribution: distributions.pointer + start, rows: rows, classes: classes,
                scale: scale * weight, gradient: dlogits)
            let squares = meanSquares(
                logits, targets.pointer + start, rows: rows, classes: classes, scale: scale, addingTo: dlogits)
            return squares + Double(weight) * entropy
        }
    }
}

/// The networks of a teacher, each with buffers for every worker.
private final class TeacherEnsemble {
    private let members: [Member]
    private let temperature: Float
    /// Whether logits are averaged instead of probabilities.
    private let givesLogits: Bool
    private let classes: Int
    /// One worker's logits of one member, [B, C].
    private let logits: [FloatBuffer]

    /// A class, because an array cannot hold what is not copyable.
    private final class Member {
        let network: FrozenNetwork
        init(_ network: consuming FrozenNetwork) { self.network = network }
    }

    init(_ teacher: Teacher, job: TrainingJob) throws(TrainingError) {
        var members: [Member] = []
        for member in teacher.members {
            members.append(
                Member(
                    try FrozenNetwork(
                        member.network, shape: job.shape, classes: job.classes, weights: member.weights,
                        threads: job.threads)))
        }
        self.members = members
        temperature = job.labels.temperature ?? 1
        givesLogits = if case .meanSquares? = job.recipe.loss { true } else { false }
        classes = job.classes
        let size = job.batch * job.classes
        logits = (0..<job.threads).map { _ in FloatBuffer(size) }
    }

    /// Labels [count, C] of images, on the thread of `worker`.
    func label(
        _ images: UnsafePointer<Float>, count: Int, into labels: UnsafeMutablePointer<Float>, worker: Int
    ) throws(TrainingError) {
        let scratch = logits[worker].pointer
        let share = 1 / Float(members.count)
        labels.update(repeating: 0, count: count * classes)
        for member in members {
            try member.network.logits(images, count: count, into: scratch, worker: worker)
            if givesLogits {
                for i in 0..<count * classes { labels[i] += scratch[i] * share }
            } else {
                addProbabilities(
                    scratch, rows: count, classes: classes, temperature: temperature, share: share, to: labels)
            }
        }
    }
}
