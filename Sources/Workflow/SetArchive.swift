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
        let content = set.content
        let train = data.dataset.train
        let (ids, labels) = (content.repeated(content.ids), content.repeated(content.labels))
        if let digest = run.description.datasetDigest, digest != data.digest {
            throw WorkflowError.badData("its run \(set.id) was trained on another data set than the study's")
        }
        var arrays: [NumPyArray]
        if content.origin == nil {
            guard let last = ids.last, last < train.count else {
                throw WorkflowError.badData("its run \(set.id) was trained on images that the study's data set lacks")
            }
            let size = train.valuesPerImage
            var next = 0
            arrays = [
                NumPyArray(
                    name: "images", type: "|u1", elementBytes: 1,
                    shape: [ids.count, train.channels, train.height, train.width]
                ) {
                    guard next < ids.count else { return nil }
                    let first = Int(ids[next]) * size
                    next += 1
                    return Array(train.pixels[first..<first + size])
                }
            ]
            if let names = train.names { arrays.append(.texts("names", ids.map { names[Int($0)] })) }
        } else {
            let images = try content.ownImages(plan, of: set.id, data: data)
            arrays = [
                .numbers(
                    "images", "<f4", images.pixels, shape: [ids.count, train.channels, train.height, train.width])
            ]
        }
        arrays += [
            .numbers("labels", "<i8", labels.map(Int64.init), shape: [ids.count]),
            .numbers("ids", "<i8", ids, shape: [ids.count]),
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
