import Foundation
import Records
import Training

/// The images of one run, and who labels them where the regime is soft.
struct RunImages {
    let set: SetImages
    /// Soft labels q at the run's temperature, [N, C], where they are fixed.
    let targets: FloatMatrix?
    /// What the trainer learns from.
    let supply: Training.Labels

    /// File names of the images, [N]; nil where they are not of the data set.
    func names(among files: [String]) -> [String]? {
        set.positions.isEmpty ? nil : set.ids.map { files[Int($0) % files.count] }
    }

    init(plan: Plan, run: PlannedRun, data: TrainingData, threads: Int) throws {
        set = try SetImages(plan: plan, run: run, data: data)
        guard case .soft(let teaching) = run.labels else {
            (targets, supply) = (nil, .hard)
            return
        }
        let teachers = try Teachers(teaching, plan: plan)
        if let views = teaching.views {
            targets = nil
            supply = .views(
                try teachers.networks(), temperature: Float(teaching.temperature), perImage: views.perImage)
            return
        }
        let train = data.dataset.train
        let fixed =
            set.positions.isEmpty
            ? try teachers.labels(
                of: set.pixels, shape: ImageShape(channels: train.channels, height: train.height, width: train.width),
                classes: run.data.classes, threads: threads)
            : try teachers.labels(rows: set.positions)
        targets = fixed.probabilities
        let isSquared = if case .meanSquares? = run.recipe.loss { true } else { false }
        supply = .soft(
            targets: (isSquared ? fixed.logits : fixed.probabilities).values, temperature: Float(teaching.temperature))
    }

    /// softmax(z / T) of chosen rows.
    static func softmax(_ logits: FloatMatrix, rows: [Int], temperature: Double) -> FloatMatrix {
        let classes = logits.columns
        var values: [Float] = []
        values.reserveCapacity(rows.count * classes)
        for row in rows {
            let z = logits.values[row * classes..<(row + 1) * classes]
            values += probabilities(z, temperature: temperature).map { Float($0) }
        }
        return FloatMatrix(rows: rows.count, columns: classes, values: values)
    }
}

/// softmax(z / T) of one row, in double precision.
func probabilities(_ z: ArraySlice<Float>, temperature: Double = 1) -> [Double] {
    let largest = Double(z.max() ?? 0)
    let powers = z.map { exp((Double($0) - largest) / temperature) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
}
