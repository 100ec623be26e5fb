import Datasets
import Foundation
import Records
import RunStore
import Studies
import Tables
import Training

/// The stored runs that label the images of another.
struct Teachers {
    private struct Member {
        var file: RunFile
        var checkpoint: Int
        var network: NetworkSpec
        /// Whether the network is asked, not the stored logits.
        var usesNetwork: Bool
        /// Whether it is no run of this study.
        var isForeign: Bool
        /// What makes it keep its weights.
        var remedy: String
    }

    /// Images that want labels.
    struct Images {
        /// Indices in the data set's training images, [N].
        var ids: [Int64]
        /// Positions in the full training set, [N]; empty for noise.
        var positions: [Int]
        /// [N]
        var labels: [Int32]
        /// Their pixels, normalised, [N, channels, height, width]; asked for where a network labels them.
        var pixels: () -> [Float]
        var shape: ImageShape
        var classes: Int
    }

    private let members: [Member]
    private let temperature: Double

    /// - Throws: `WorkflowError` when a run is not there, or not the planned one.
    init(_ teaching: PlannedRun.Teaching, plan: Plan) throws {
        temperature = teaching.temperature
        members = try teaching.teachers.map { teacher in
            let file: RunFile
            let network: NetworkSpec
            if let model = teacher.model {
                (file, network) = (try RunFile(path: teacher.source.id), model.network)
            } else {
                file = try openSource(teacher.source, plan: plan)
                guard let run = plan.run(teacher.source.id) else {
                    throw WorkflowError.missing("\(file.path): the study does not plan this run")
                }
                network = run.model.network
            }
            let checkpoint = teacher.checkpoint ?? file.checkpointCount - 1
            guard checkpoint < file.checkpointCount else {
                throw WorkflowError.badData(
                    "\(file.path): it has \(file.checkpointCount) checkpoints, and number \(checkpoint) should teach")
            }
            return Member(
                file: file, checkpoint: checkpoint, network: network, usesNetwork: teacher.usesNetwork,
                isForeign: teacher.isFile, remedy: plan.remedy(for: teacher.source.id))
        }
    }

    /// The networks, for images that they have not seen.
    ///
    /// - Throws: `WorkflowError` when a run keeps no weights at its checkpoint.
    func networks() throws -> Training.Teacher { Training.Teacher(try members.map(network)) }

    private func network(_ member: Member) throws -> Training.Teacher.Member {
        let weights = TrainingState.evaluatedWeights(try member.file.weights(checkpoint: member.checkpoint))
        guard !weights.isEmpty else {
            throw WorkflowError.badData(
                lacksWeights(member.file, at: member.checkpoint) + (member.isForeign ? "" : "; " + member.remedy))
        }
        return .init(network: member.network, weights: weights)
    }

    /// What fixed labels are made of.
    struct Labels {
        /// Probabilities at the temperature, their mean over the members.
        var probabilities: FloatMatrix
        /// The mean over the members.
        var logits: FloatMatrix
    }

    /// Labels of images as they are: from stored logits where there are such, and by the networks elsewhere.
    func labels(of images: Images, threads: Int) throws -> Labels {
        try combined(
            members.map { member in
                guard member.usesNetwork else { return try storedLogits(member, images) }
                let known = try network(member)
                let network = try FrozenNetwork(
                    known.network, shape: images.shape, classes: images.classes, weights: known.weights,
                    threads: threads)
                return try network.logits(of: images.pixels())
            })
    }

    private func storedLogits(_ member: Member, _ images: Images) throws -> FloatMatrix {
        try member.file.requireSoundLogits(checkpoints: member.checkpoint..<member.checkpoint + 1)
        let rows = member.isForeign ? try rows(of: images, in: member.file) : images.positions
        let all = try member.file.logits(checkpoint: member.checkpoint)
        let values = rows.flatMap { all.values[$0 * all.columns..<($0 + 1) * all.columns] }
        return FloatMatrix(rows: rows.count, columns: all.columns, values: values)
    }

    /// Where the images stand in a file of another store, which must have all of them with their labels.
    private func rows(of images: Images, in file: RunFile) throws -> [Int] {
        let samples = try file.samples()
        let places = Dictionary(zip(samples.ids, 0...), uniquingKeysWith: { first, _ in first })
        return try zip(images.ids, images.labels).map { id, label in
            guard let row = places[id] else {
                throw WorkflowError.badData(
                    "\(file.path): it has no logits of training image \(id), which it should label")
            }
            guard samples.labels[row] == label else {
                throw WorkflowError.badData(
                    "\(file.path): training image \(id) is of class \(samples.labels[row]) there and of class \(label) "
                        + "here: another data set, or another order of classes")
            }
            return row
        }
    }

    private func combined(_ logits: [FloatMatrix]) throws -> Labels {
        let (rows, columns) = (logits[0].rows, logits[0].columns)
        if let other = logits.firstIndex(where: { $0.columns != columns }) {
            throw WorkflowError.badData(
                "\(members[other].file.path): a teacher of \(logits[other].columns) classes beside one of \(columns)")
        }
        let all = logits.map { RunImages.softmax($0, rows: Array(0..<rows), temperature: temperature) }
        guard logits.count > 1 else { return Labels(probabilities: all[0], logits: logits[0]) }
        func mean(_ matrices: [FloatMatrix]) -> FloatMatrix {
            var sums = [Double](repeating: 0, count: rows * columns)
            for matrix in matrices { for (i, value) in matrix.values.enumerated() { sums[i] += Double(value) } }
            return FloatMatrix(rows: rows, columns: columns, values: sums.map { Float($0 / Double(matrices.count)) })
        }
        return Labels(probabilities: mean(all), logits: mean(logits))
    }
}

/// The sentence about a checkpoint that should teach.
private func lacksWeights(_ file: RunFile, at checkpoint: Int) -> String {
    "\(file.path): it keeps no weights at epoch \(shortest(file.epochs[checkpoint])), where its network should teach"
}

extension Plan {
    /// What to do about a run of this study that was made before another learned from it.
    fileprivate func remedy(for id: String) -> String {
        "'assay train \(study.path) --only \(id) --force' trains it again, keeps them, and sets the old file aside"
    }

    /// - Parameter ids: the runs that are trained now.
    /// - Throws: `WorkflowError` (65) where a sealed run, which would not be trained again, lacks the weights that one of
    ///   these learns from.
    public func requireTaughtWeights(of ids: Set<String>) throws {
        for run in runs where ids.contains(run.id) {
            guard case .soft(let teaching) = run.labels else { continue }
            for teacher in teaching.teachers where teacher.usesNetwork && !teacher.isFile {
                guard !ids.contains(teacher.source.id), let source = self.run(teacher.source.id),
                    try status(source) == .fresh
                else { continue }
                let file = try store.open(teacher.source.id)
                let checkpoint = teacher.checkpoint ?? file.checkpointCount - 1
                guard !file.weightCheckpoints.contains(checkpoint), checkpoint < file.checkpointCount else { continue }
                throw WorkflowError.badData(lacksWeights(file, at: checkpoint) + "; " + remedy(for: teacher.source.id))
            }
        }
    }
}
