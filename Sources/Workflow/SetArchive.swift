import Datasets
import RunStore
import Tables

/// The images of stored sets, for programs outside.
struct SetArchive {
    let plan: Plan
    let data: TrainingData

    /// Writes a set as `.npz`. Throws where its images are not the study's, and what writing throws.
    func write(_ set: StoredSet, to path: String) throws {
        let run = try plan.store.open(set.id)
        let samples = try run.samples().trainedOnly
        let train = data.dataset.train
        if let digest = run.description.datasetDigest, digest != data.digest {
            throw WorkflowError.badData("its run \(set.id) was trained on another data set than the study's")
        }
        var arrays: [NumPyArray]
        if samples.ids.allSatisfy({ $0 >= 0 }) {
            // A further copy of an image counts on from the number of training images.
            let places = samples.ids.map { Int($0 % Int64(train.count)) }
            let size = train.valuesPerImage
            var next = 0
            arrays = [
                NumPyArray(
                    name: "images", type: "|u1", elementBytes: 1,
                    shape: [samples.count, train.channels, train.height, train.width]
                ) {
                    guard next < places.count else { return nil }
                    let first = places[next] * size
                    next += 1
                    return Array(train.pixels[first..<first + size])
                }
            ]
            if let names = train.names { arrays.append(.texts("names", places.map { names[$0] })) }
        } else {
            guard let planned = plan.run(set.id) else {
                throw WorkflowError.badData("its images are not the data set's, and the study does not plan \(set.id)")
            }
            let images = try SetImages(plan: plan, run: planned, data: data)
            guard images.ids == samples.ids else {
                throw WorkflowError.badData("its images are no longer those that \(set.id) was trained on")
            }
            arrays = [
                .numbers(
                    "images", "<f4", images.pixels,
                    shape: [samples.count, train.channels, train.height, train.width])
            ]
        }
        arrays += [
            .numbers("labels", "<i8", samples.labels.map(Int64.init), shape: [samples.count]),
            .numbers("ids", "<i8", samples.ids, shape: [samples.count]),
            .numbers("classes", "<i8", [Int64(data.dataset.classes)], shape: [1]),
        ]
        try NumPyFile.write(archive: arrays, to: path)
    }
}

extension NumPyArray {
    static func numbers<Value: BitwiseCopyable>(
        _ name: String, _ type: String, _ values: [Value], shape: [Int]
    ) -> NumPyArray {
        var isDone = false
        return NumPyArray(name: name, type: type, elementBytes: MemoryLayout<Value>.stride, shape: shape) {
            defer { isDone = true }
            return isDone ? nil : values.withUnsafeBytes { Array($0) }
        }
    }

    /// UTF-32, as NumPy keeps text of one width.
    static func texts(_ name: String, _ values: [String]) -> NumPyArray {
        let width = max(1, values.map(\.unicodeScalars.count).max() ?? 1)
        var next = 0
        return NumPyArray(name: name, type: "<U\(width)", elementBytes: 4 * width, shape: [values.count]) {
            guard next < values.count else { return nil }
            defer { next += 1 }
            let scalars = values[next].unicodeScalars.map(\.value)
            let padded = scalars + [UInt32](repeating: 0, count: width - scalars.count)
            return padded.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
        }
    }
}
