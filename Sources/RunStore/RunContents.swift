import Crypto
import HDF5
import Records

/// Writing the datasets of a run, each with its digests. A part and a sealed run are written by the same functions.
extension HDF5File {
    /// The root attributes and the samples: what every part and the sealed run begin with.
    borrowing func writeHead(_ run: RunDescription, _ samples: Samples?) throws(HDF5Error) {
        try RunAttributes.write(run, to: self)
        guard let samples else { return }
        try writeNumbers("/samples/id", samples.ids)
        try writeNumbers("/samples/label", samples.labels)
        if let names = samples.names {
            try createDataset("/samples/name", type: .string(bytes: nil), shape: [names.count]).write(names)
            try setDigest("/samples/name", SHA256.hex(names))
        }
        if let trained = samples.trained {
            try writeNumbers("/samples/trained", trained.map { $0 ? Int8(1) : 0 })
        }
    }

    /// A dataset without a checkpoint axis.
    borrowing func writeNumbers<Scalar: HDF5Scalar>(
        _ object: String, _ values: [Scalar], shape: [Int]? = nil
    ) throws(HDF5Error) {
        try createDataset(object, type: Scalar.elementType, shape: shape ?? [values.count]).write(values)
        try setDigest(object, SHA256.hex(values))
    }

    /// One number per checkpoint, [E].
    borrowing func writeCheckpoints<Scalar: HDF5Scalar>(_ object: String, _ values: [Scalar]) throws(HDF5Error) {
        try createDataset(object, type: Scalar.elementType, shape: [values.count]).write(values)
        try setDigests(object, values.map { SHA256.hex([$0]) })
    }

    /// Floats without a checkpoint axis, in the given precision.
    borrowing func writeFloats(
        _ object: String, _ values: [Float], shape: [Int], precision: StoredPrecision = .single
    ) throws(HDF5Error) {
        let dataset = try createDataset(object, type: precision.elementType, shape: shape)
        var hash = SHA256()
        let result = values.withUnsafeBufferPointer { buffer in
            Result { () throws(HDF5Error) in
                try storedBytes(buffer, precision) { (bytes) throws(HDF5Error) in
                    hash.update(bufferPointer: bytes)
                    try dataset.writeBytes(bytes, start: shape.map { _ in 0 }, count: shape)
                }
            }
        }
        try result.get()
        try setDigest(object, hash.hex())
    }

    /// A dataset [E, N] or [E, N, C] in chunks of one checkpoint × about 1 MiB, to be filled checkpoint by checkpoint.
    borrowing func createRecords(
        _ object: String, shape: [Int], type: HDF5ElementType, elementBytes: Int
    ) throws(HDF5Error) -> HDF5Dataset {
        // As few chunks as 1 MiB allows, all but equally high, so that the last one wastes nothing.
        let rowBytes = shape.dropFirst(2).reduce(elementBytes, *)
        let most = max(1, (1 << 20) / max(rowBytes, 1))
        let chunks = max(1, (shape[1] + most - 1) / most)
        let rows = max(1, (shape[1] + chunks - 1) / chunks)
        return try createDataset(
            object, type: type, shape: shape, chunk: [1, rows] + shape.dropFirst(2).map { max($0, 1) })
    }

    /// The one checkpoint of a part.
    borrowing func writeRecord(
        _ object: String, _ values: [Float], shape: [Int], precision: StoredPrecision = .single
    ) throws(HDF5Error) {
        let dataset = try createRecords(
            object, shape: [1] + shape, type: precision.elementType, elementBytes: precision == .half ? 2 : 4)
        var hash = SHA256()
        let result = values.withUnsafeBufferPointer { buffer in
            Result { () throws(HDF5Error) in
                try storedBytes(buffer, precision) { (bytes) throws(HDF5Error) in
                    hash.update(bufferPointer: bytes)
                    try dataset.writeBytes(bytes, start: [0] + shape.map { _ in 0 }, count: [1] + shape)
                }
            }
        }
        try result.get()
        try setDigests(object, [hash.hex()])
    }

    /// Tensors below a group, each with its place in the list.
    borrowing func writeTensors(_ group: String, _ tensors: [NamedTensor]) throws(HDF5Error) {
        for (index, tensor) in tensors.enumerated() {
            let object = group + "/" + tensor.name
            try writeFloats(object, tensor.values, shape: tensor.shape)
            try setAttribute("index", of: object, to: .integer(Int64(index)))
        }
    }

    borrowing func setDigest(_ object: String, _ digest: String) throws(HDF5Error) {
        try setAttribute("sha256", of: object, to: .string(digest))
    }

    borrowing func setDigests(_ object: String, _ digests: [String]) throws(HDF5Error) {
        try setAttribute("sha256", of: object, to: .strings(digests))
    }
}

/// The newest part's `/state`.
extension HDF5File {
    borrowing func writeState(_ state: TrainingState) throws(HDF5Error) {
        try writeNumbers("/state/step", [state.step])
        try writeNumbers("/state/samples_seen", [state.samplesSeen])
        for name in state.sums.keys.sorted() {
            try writeNumbers("/state/sums/" + name, [state.sums[name] ?? 0])
        }
        try writeTensors("/state/tensors", state.tensors)
    }

    borrowing func readState() throws(HDF5Error) -> TrainingState? {
        guard try kind(of: "/state") == .group else { return nil }
        var sums: [String: Double] = [:]
        for object in try datasets(below: "/state/sums") {
            sums[String(object.dropFirst("/state/sums/".count))] = try dataset(object).read(Double.self).first
        }
        return TrainingState(
            step: try dataset("/state/step").read(Int64.self).first ?? 0,
            samplesSeen: try dataset("/state/samples_seen").read(Int64.self).first ?? 0, sums: sums,
            tensors: try tensors(below: "/state/tensors"))
    }

    /// Copies a whole part but its state.
    borrowing func copyWithoutState(to other: borrowing HDF5File) throws(HDF5Error) {
        for name in try attributeNames() {
            if let value = try attribute(name) { try other.setAttribute(name, to: value) }
        }
        for name in try children(of: "/") where name != "state" { try copy("/" + name, to: other) }
    }
}
