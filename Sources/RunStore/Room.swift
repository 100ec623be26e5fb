import Records

/// An upper bound of the bytes that a file will need, counted before it is written.
struct Room {
    /// For the head of a file: superblock, groups, root attributes, the first blocks of HDF5's heaps.
    private(set) var bytes = 256 << 10

    /// A dataset of so many bytes with its headers, attributes, digest and the rounding of its chunks.
    mutating func add(dataset size: Int) { bytes += size + size / 64 + 8192 }

    mutating func add(_ tensors: [NamedTensor]) {
        for tensor in tensors {
            add(dataset: tensor.values.count * 4)
            bytes += 2048 * tensor.name.utf8.count(where: { $0 == UInt8(ascii: "/") })
        }
    }

    mutating func add(_ header: RunHeader) {
        bytes += 2 * (header.description.study?.utf8.count ?? 0)
        guard let samples = header.samples else { return }
        add(dataset: samples.count * 8)
        add(dataset: samples.count * 4)
        if samples.trained != nil { add(dataset: samples.count) }
        // A string of variable length costs its reference (16), its place in the heap (16) and its rounding (8).
        if let names = samples.names { add(dataset: names.reduce(0) { $0 + $1.utf8.count + 48 }) }
    }

    /// One part.
    static func part(_ checkpoint: Checkpoint, _ state: TrainingState?, _ header: RunHeader, isFirst: Bool) -> Int {
        var room = Room()
        room.add(header)
        if isFirst, let targets = header.targets { room.add(dataset: targets.values.count * 4) }
        for _ in 0..<(checkpoint.metrics.count + 2) { room.add(dataset: 8) }
        if let logits = checkpoint.logits { room.add(dataset: logits.values.count * 4) }
        if let logits = checkpoint.trainLogits { room.add(dataset: logits.values.count * 4) }
        for values in checkpoint.scores.values { room.add(dataset: values.count * 4) }
        if let features = checkpoint.features { room.add(dataset: features.values.count * 4) }
        if let test = checkpoint.test { room.add(dataset: (test.labels.count + test.logits.values.count) * 4 + 8192) }
        room.add(checkpoint.weights)
        if let state {
            for _ in 0..<(state.sums.count + 2) { room.add(dataset: 8) }
            room.add(state.tensors)
        }
        return room.bytes
    }

    /// The sealed run: what its parts take, and the digests of [E, …] datasets in one place.
    static func sealed(_ run: RunFile) -> Int {
        var room = Room()
        for part in run.parts { room.bytes += FileSystem.size(part.path) ?? 0 }
        let datasets = run.metricNames.count + run.scoreNames.count + 4
        room.bytes += datasets * (run.checkpointCount * 256 + 8192)
        return room.bytes
    }
}
