/// Where the records of a plan come from.
public enum ScoreSource: Sendable, Equatable {
    /// Computed from logits.
    case logits
    /// Read from `/scores/<name>`: for each record that is needed, the stored one that it is had from.
    case records([SampleRecord: SampleRecord])

    /// The stored records to read, in the order of `SampleRecord`.
    public var stored: [SampleRecord] {
        guard case .records(let table) = self else { return [] }
        return SampleRecord.allCases.filter(table.values.contains)
    }
}

/// Several scores of one run together: which checkpoints and which records they read, each once.
public struct ScorePlan: Sendable {
    /// A record, at a temperature where it depends on one.
    struct Key: Hashable, Sendable {
        var record: SampleRecord
        var temperature: Double?
    }

    public let requests: [ScoreRequest]
    /// K
    public let checkpoints: Int
    /// C
    public let classes: Int
    /// What every score together reads, ascending. Logits must also be handed in at these alone, in this order.
    public let positions: [Int]
    /// T of the stored targets, where there are some.
    public let targetTemperature: Double?
    /// By request.
    let reads: [Range<Int>]
    let keys: [Key]
    /// The records of all requests, each once, and the positions at which each is needed, ascending.
    let columns: [(key: Key, positions: [Int])]
    /// By request.
    let columnOf: [Int]

    /// - Parameters:
    ///   - checkpoints: K, the checkpoints after epoch 0.
    ///   - classes: C
    ///   - targetTemperature: the temperature at which the run's `/targets` are; nil where it has none.
    /// - Throws: `ScoringError` where a request does not fit K checkpoints, or needs a temperature that is not known.
    public init(
        _ requests: [ScoreRequest], checkpoints: Int, classes: Int, targetTemperature: Double? = nil
    ) throws(ScoringError) {
        precondition(classes > 0 && classes <= Int32.max, "\(classes) classes")
        var reads: [Range<Int>] = []
        var keys: [Key] = []
        var needed: [Key: Set<Int>] = [:]
        for request in requests {
            let read = try request.positions(of: checkpoints)
            let temperature = request.needsTargets ? request.temperature ?? targetTemperature : nil
            if request.needsTargets, temperature == nil { throw .missingTemperature(method: request.method) }
            let key = Key(record: request.record, temperature: temperature)
            reads.append(read)
            keys.append(key)
            // A step leads into a checkpoint: the first has none.
            needed[key, default: []].formUnion(key.record == .step ? read.dropFirst() : read)
        }
        self.requests = requests
        self.checkpoints = checkpoints
        self.classes = classes
        self.targetTemperature = targetTemperature
        self.reads = reads
        self.keys = keys
        let distinct = keys.enumerated().filter { keys.firstIndex(of: $0.element) == $0.offset }.map(\.element)
        columnOf = keys.map { key in distinct.firstIndex(of: key) ?? 0 }
        columns = distinct.map { ($0, needed[$0, default: []].sorted()) }
        positions = Set(reads.joined()).sorted()
    }

    /// The records that are needed at a position.
    public func records(at position: Int) -> Set<SampleRecord> {
        Set(columns.filter { $0.positions.contains(position) }.map(\.key.record))
    }

    /// Every record that is needed somewhere.
    public var records: Set<SampleRecord> { Set(keys.map(\.record)) }
    public var needsTargets: Bool { requests.contains(where: \.needsTargets) }
    public var needsFeatures: Bool { requests.contains(where: \.needsFeatures) }

    /// Where the records are taken from: logits where the run has them, stored records otherwise.
    ///
    /// - Parameter stored: the run's `/scores/<name>`.
    /// - Throws: `ScoringError.missingRecord` for the first score that cannot be had.
    public func source(hasLogits: Bool, stored: Set<SampleRecord>) throws(ScoringError) -> ScoreSource {
        if hasLogits { return .logits }
        var table: [SampleRecord: SampleRecord] = [:]
        for request in requests {
            guard let found = request.record.sources.first(where: stored.contains) else {
                throw .missingRecord(method: request.method, record: request.record)
            }
            table[request.record] = found
        }
        return .records(table)
    }

    /// The result of one request.
    ///
    /// - Parameter values: [N], as `DynamicsBlock` computes them.
    public func score(_ index: Int, values: [Double]) -> Score {
        let request = requests[index]
        return Score(
            values: values, method: request.method, variant: request.variant.name, direction: request.direction,
            definition: request.sentence(positions: reads[index], temperature: keys[index].temperature),
            positions: Array(reads[index]))
    }
}
