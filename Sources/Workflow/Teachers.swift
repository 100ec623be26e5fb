import Datasets
import Foundation
import Records
import RunStore
import Studies
import Training

/// The stored runs that label the images of another.
struct Teachers {
    private let members: [(file: RunFile, checkpoint: Int, network: NetworkSpec)]
    private let temperature: Double

    /// - Throws: `WorkflowError` when a run is not there, or not the planned one.
    init(_ teaching: PlannedRun.Teaching, plan: Plan) throws {
        temperature = teaching.temperature
        members = try teaching.teachers.map { teacher in
            let file = try openSource(teacher.source, plan: plan)
            guard let run = plan.run(teacher.source.id) else {
                throw WorkflowError.missing("\(file.path): the study does not plan this run")
            }
            let checkpoint = teacher.checkpoint ?? file.checkpointCount - 1
            guard checkpoint < file.checkpointCount else {
                throw WorkflowError.badData(
                    "\(file.path): it has \(file.checkpointCount) checkpoints, and number \(checkpoint) should teach")
            }
            return (file, checkpoint, run.model.network)
        }
    }

    /// The networks, for images that they have not seen.
    ///
    /// - Throws: `WorkflowError` when a run keeps no weights at its checkpoint.
    func networks() throws -> Training.Teacher {
        Training.Teacher(
            try members.map { member in
                let weights = TrainingState.evaluatedWeights(try member.file.weights(checkpoint: member.checkpoint))
                guard !weights.isEmpty else {
                    throw WorkflowError.badData(
                        "\(member.file.path), checkpoint \(member.checkpoint): no weights are stored there, and a teacher "
                            + "needs them ('record: { weights: all }' in its study)")
                }
                return .init(network: member.network, weights: weights)
            })
    }

    /// What fixed labels are made of, in logits of each member [N, C].
    struct Labels {
        /// Probabilities at the temperature, their mean over the members.
        var probabilities: FloatMatrix
        /// The mean over the members.
        var logits: FloatMatrix
    }

    /// Labels of images of the full training set, from stored logits; `rows` are positions in it.
    func labels(rows: [Int]) throws -> Labels {
        try combined(
            members.map { member in
                try member.file.requireSoundLogits(checkpoints: member.checkpoint..<member.checkpoint + 1)
                let all = try member.file.logits(checkpoint: member.checkpoint)
                let values = rows.flatMap { all.values[$0 * all.columns..<($0 + 1) * all.columns] }
                return FloatMatrix(rows: rows.count, columns: all.columns, values: values)
            })
    }

    /// Labels of any normalised images.
    func labels(of images: [Float], shape: ImageShape, classes: Int, threads: Int) throws -> Labels {
        try combined(
            networks().members.map { member in
                let network = try FrozenNetwork(
                    member.network, shape: shape, classes: classes, weights: member.weights, threads: threads)
                return try network.logits(of: images)
            })
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
