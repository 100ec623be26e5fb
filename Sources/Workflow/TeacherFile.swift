import Foundation
import Records
import RunStore
import Studies
import Tables
import Training

/// A run in a file of its own that teaches: another store's, or another program's.
struct TeacherFile: Sendable {
    private let run: RunFile
    /// SHA-256 of the file's bytes, lower-case hex: what it teaches enters the digest of who learns from it.
    let digest: String

    /// - Throws: `RunStoreError`, `WorkflowError` where the run is unfinished or cannot be read.
    init(_ path: String) throws {
        run = try RunFile(path: path)
        guard run.isSealed else {
            throw WorkflowError.badData("\(run.path): this run is not finished, and teaches when it is")
        }
        guard run.checkpointCount > 0 else {
            throw WorkflowError.badData("\(run.path): it has no checkpoint that could teach")
        }
        guard let file = FileHandle(forReadingAtPath: run.path) else {
            throw WorkflowError.failure("\(run.path): cannot be read")
        }
        var digest = FileDigest()
        while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty { digest.update([UInt8](piece)) }
        self.digest = digest.hex
    }

    /// What a plan says of it.
    ///
    /// - Parameters:
    ///   - epoch: of its checkpoint, its own epochs; nil: the last.
    ///   - model: the network; nil: the one that the run says.
    ///   - seesOthers: whether it labels images of which no logits can be stored.
    /// - Throws: `WorkflowError`: it has other classes or images, or lacks what it is asked for.
    func teacher(
        at epoch: Double?, model: ModelChoice?, seesOthers: Bool, data: DataFacts
    ) throws -> PlannedRun.Teaching.Teacher {
        try requireFit(data)
        let position = try checkpoint(at: epoch)
        guard let network = model ?? ownModel else {
            throw refuse("the run does not say which network it is; name one of this study's: 'model: NAME'")
        }
        let usesNetwork = seesOthers || !hasLogits(of: data)
        if usesNetwork { try requireWeights(at: position, network, data) }
        return .init(
            source: .init(id: run.path, digest: digest), checkpoint: position, model: network, usesNetwork: usesNetwork,
            place: "\(run.path) (epoch \(shortest(run.epochs[position])) of \(shortest(run.epochs.last ?? 0)))")
    }

    private func refuse(_ why: String) -> WorkflowError { .badData("\(run.path): \(why)") }

    private var ownModel: ModelChoice? {
        run.description.study.flatMap { try? JSON.parse($0) }?["model"].flatMap { ModelChoice($0) }
    }

    private func requireFit(_ data: DataFacts) throws {
        let about = run.description
        if let classes = run.classCount ?? about.classes, classes != data.classes {
            throw refuse("a teacher of \(classes) classes, and \(data.name) has \(data.classes)")
        }
        let shape = data.shape.map(String.init).joined(separator: "x")
        if let own = about.imageShape, own != shape {
            throw refuse("a teacher of images of \(own), and those of \(data.name) are \(shape)")
        }
        guard let digests = data.digests, let own = about.classOrderDigest, own != digests.classOrder else { return }
        var mine = RunDescription(id: "")
        mine.setDigests(digests)
        throw refuse(
            "its training labels are not those of \(data.name), so that nothing shows that its classes are in the same order: "
                + "a teacher is trained on the same training images ("
                + (about.dataDifference(from: mine) ?? "class_order_digest \(own.prefix(12))…") + ")")
    }

    private func checkpoint(at epoch: Double?) throws -> Int {
        guard let epoch else { return run.checkpointCount - 1 }
        if let found = run.epochs.firstIndex(where: { abs($0 - epoch) <= slack(run, epoch) }) { return found }
        let known = run.epochs.map(shortest)
        let shown = known.count > 8 ? known.prefix(4) + ["…"] + known.suffix(2) : known[...]
        throw refuse("no checkpoint at epoch \(shortest(epoch)) (it has \(shown.joined(separator: ", ")))")
    }

    /// Whether it stores logits of every training image as it is.
    private func hasLogits(of data: DataFacts) -> Bool {
        let about = run.description
        return run.hasLogits && about.pass != "train" && run.sampleCount ?? 0 >= data.training
            && (about.datasetDigest == nil || about.datasetDigest == data.digest)
    }

    private func requireWeights(at position: Int, _ network: ModelChoice, _ data: DataFacts) throws {
        let weights = TrainingState.evaluatedWeights(try run.weights(checkpoint: position))
        guard !weights.isEmpty else {
            let known = run.weightCheckpoints.map { shortest(run.epochs[$0]) }
            throw refuse(
                "it keeps no weights at epoch \(shortest(run.epochs[position]))"
                    + (known.isEmpty ? "" : " (but at \(known.joined(separator: ", ")))")
                    + ", and its network is what labels here: 'record: { weights: [\(shortest(run.epochs[position]))] }' in "
                    + "its study keeps them")
        }
        guard data.shape.count == 3 else { return }
        let shape = ImageShape(channels: data.shape[0], height: data.shape[1], width: data.shape[2])
        if let fault = network.network.fault(shape: shape, classes: data.classes)
            ?? network.network.fault(weights: weights, shape: shape, classes: data.classes)
        {
            throw refuse("its network does not fit images of \(shape) and \(data.classes) classes: \(fault)")
        }
    }
}
