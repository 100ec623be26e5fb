import Crypto
import HDF5
import Records

extension HDF5File {
    /// One part: the layout of a run with E = 1. The targets, which never change, stand in the first one.
    borrowing func writePart(
        _ checkpoint: Checkpoint, _ state: TrainingState?, _ header: RunHeader, isFirst: Bool
    ) throws(HDF5Error) {
        try writeHead(header.description, header.samples)
        if isFirst, let targets = header.targets {
            try writeFloats(
                "/targets", targets.values, shape: [targets.rows, targets.columns], precision: header.precision)
        }
        try writeCheckpoints("/checkpoints/epoch", [checkpoint.epoch])
        try writeCheckpoints("/checkpoints/samples_seen", [checkpoint.samplesSeen])
        for name in checkpoint.metrics.keys.sorted() {
            try writeCheckpoints("/checkpoints/" + name, [checkpoint.metrics[name] ?? .nan])
        }
        if let logits = checkpoint.logits {
            try writeRecord(
                "/logits", logits.values, shape: [logits.rows, logits.columns], precision: header.precision)
        }
        if let logits = checkpoint.trainLogits {
            try writeRecord(
                RunObjects.trainLogits, logits.values, shape: [logits.rows, logits.columns],
                precision: header.precision)
        }
        for name in checkpoint.scores.keys.sorted() {
            let values = checkpoint.scores[name] ?? []
            try writeRecord("/scores/" + name, values, shape: [values.count])
        }
        if let features = checkpoint.features {
            try writeFloats("/features", features.values, shape: [features.rows, features.columns])
        }
        if !checkpoint.weights.isEmpty { try writeTensors("/weights/0", checkpoint.weights) }
        if let test = checkpoint.test {
            try writeNumbers("/test/label", test.labels)
            try writeFloats(
                "/test/logits", test.logits.values, shape: [test.logits.rows, test.logits.columns],
                precision: header.precision)
        }
        if let state { try writeState(state) }
    }

    /// The sealed run, streamed from the parts block by block. Returns what is damaged: a part whose values do not
    /// have the digest that was written with them is never sealed.
    borrowing func writeSealed(_ run: RunFile, _ header: RunHeader) throws(HDF5Error) -> RunStoreError? {
        try writeHead(header.description, header.samples)
        try writeCheckpoints("/checkpoints/epoch", run.epochs)
        if let seen = run.samplesSeen { try writeCheckpoints("/checkpoints/samples_seen", seen) }
        for name in run.metricNames {
            let values = (try? run.metric(name)) ?? []
            try writeCheckpoints("/checkpoints/" + name, values)
        }
        let (count, samples) = (run.checkpointCount, run.sampleCount ?? 0)
        if run.hasLogits, let classes = run.classCount, let type = run.parts[0].logitsType {
            let shape = [count, samples, classes]
            if let damage = try seal("/logits", shape, type: type, of: run) { return damage }
        }
        if run.hasTrainLogits, let classes = run.classCount, let type = run.parts[0].trainLogitsType {
            let shape = [count, samples, classes]
            if let damage = try seal(RunObjects.trainLogits, shape, type: type, of: run) { return damage }
        }
        for name in run.scoreNames {
            if let damage = try seal("/scores/" + name, [count, samples], type: .float(bytes: 4), of: run) {
                return damage
            }
        }
        let (first, last) = (run.parts[0], run.parts[run.parts.count - 1])
        if first.hasTargets { try copy("/targets", from: first.path) }
        if last.featureWidth != nil { try copy("/features", from: last.path) }
        if last.testCount != nil {
            try copy("/test/label", from: last.path)
            try copy("/test/logits", from: last.path)
        }
        for (index, part) in run.parts.enumerated() where !part.weightCheckpoints.isEmpty {
            let tensors = try HDF5File(reading: part.path).tensors(below: "/weights/0")
            try writeTensors("/weights/\(index)", tensors)
        }
        try RunAttributes.seal(self)
        return nil
    }

    /// One dataset [E, …] from the parts that hold one checkpoint each.
    private borrowing func seal(
        _ object: String, _ shape: [Int], type: HDF5ElementType, of run: RunFile
    ) throws(HDF5Error) -> RunStoreError? {
        let elementBytes = type == .half ? 2 : 4
        let dataset = try createRecords(object, shape: shape, type: type, elementBytes: elementBytes)
        let rowBytes = shape.dropFirst(2).reduce(elementBytes, *)
        let height = dataset.info.chunk?[1] ?? 1
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: height * rowBytes, alignment: 64)
        defer { buffer.deallocate() }
        let rest = Array(shape.dropFirst(2))
        var digests: [String] = []
        for (index, part) in run.parts.enumerated() {
            let file = try HDF5File(reading: part.path)
            let source = try file.dataset(object)
            var hash = SHA256()
            for first in stride(from: 0, to: shape[1], by: height) {
                let rows = min(height, shape[1] - first)
                let block = UnsafeMutableRawBufferPointer(rebasing: buffer[..<(rows * rowBytes)])
                let (start, extent) = ([first] + rest.map { _ in 0 }, [1, rows] + rest)
                try source.readBytes(into: block, start: [0] + start, count: extent)
                hash.update(bufferPointer: UnsafeRawBufferPointer(block))
                try dataset.writeBytes(UnsafeRawBufferPointer(block), start: [index] + start, count: extent)
            }
            digests.append(hash.hex())
            if case .strings(let written)? = try file.attribute("sha256", of: object), written != [digests[index]] {
                return RunStoreError(part.path, dataset: object, checkpoint: index, .damaged)
            }
        }
        try setDigests(object, digests)
        return nil
    }

    /// One dataset with its digest, as it is.
    private borrowing func copy(_ object: String, from path: String) throws(HDF5Error) {
        if let parent = object.split(separator: "/").dropLast().first { try createGroup("/" + parent) }
        try HDF5File(reading: path).copy(object, to: self)
    }
}
