internal import CKernels

extension DynamicsBlock {
    /// Adds the logits of a checkpoint.
    ///
    /// - Parameters:
    ///   - logits: before softmax, [n, C], row after row.
    ///   - isHalf: whether they are IEEE halves rather than floats.
    ///   - position: one of the plan's, in ascending order.
    /// - Throws: `ScoringError.nonFinite` for the first row with a NaN or an infinity.
    public mutating func add(
        logits: UnsafeRawBufferPointer, isHalf: Bool, position: Int
    ) throws(ScoringError) {
        precondition(source == .logits, "this block is filled from stored records")
        precondition(
            logits.count == count * plan.classes * (isHalf ? 2 : 4),
            "\(logits.count) bytes of logits for \(count) × \(plan.classes)")
        guard count > 0, let base = logits.baseAddress else { return }
        var bad = addRecords(base, isHalf: isHalf, position: position)
        for column in targets.indices where !targets[column].isEmpty {
            bad = min(bad, addSoft(base, isHalf: isHalf, column: column, position: position))
        }
        if bad < count { throw .nonFinite(position: position, row: firstRow + bad) }
    }

    /// Adds a stored record of a checkpoint.
    ///
    /// - Parameters:
    ///   - stored: [n]
    ///   - position: one of the plan's.
    /// - Throws: `ScoringError.badRecord` for the first row whose value the record cannot have.
    public mutating func add(
        record: SampleRecord, values stored: UnsafeBufferPointer<Float>, position: Int
    ) throws(ScoringError) {
        guard case .records(let table) = source else { preconditionFailure("this block is filled from logits") }
        precondition(stored.count == count, "\(stored.count) values for \(count) rows")
        let bounds = record.bounds
        let bad = ck_first_outside(stored.baseAddress, count, bounds.lowerBound, bounds.upperBound)
        if bad < count { throw .badRecord(record, position: position, row: firstRow + bad, value: stored[bad]) }
        for (column, needed) in plan.columns.enumerated() where table[needed.key.record] == record {
            guard let slot = slot(column, position) else { continue }
            let start = slot * capacity
            let lost = values.withUnsafeMutableBufferPointer { [count] values in
                needed.key.record.convert(
                    stored, of: record, to: UnsafeMutableBufferPointer(rebasing: values[start..<start + count]))
            }
            if let lost {
                throw .badRecord(record, position: position, row: firstRow + lost, value: stored[lost])
            }
            filled[slot] = true
        }
    }

    /// Sets the fixed soft labels of the rows: probabilities at the plan's `targetTemperature`.
    ///
    /// - Parameter stored: [n, C], floats or IEEE halves.
    /// - Throws: `ScoringError.badTarget` for the first row that is no distribution.
    public mutating func set(targets stored: UnsafeRawBufferPointer, isHalf: Bool) throws(ScoringError) {
        let elements = count * plan.classes
        precondition(
            stored.count == elements * (isHalf ? 2 : 4),
            "\(stored.count) bytes of targets for \(count) × \(plan.classes)")
        guard let own = plan.targetTemperature, let base = stored.baseAddress, count > 0 else { return }
        let classes = plan.classes
        for (column, needed) in plan.columns.enumerated() {
            guard let temperature = needed.key.temperature else { continue }
            let bad = targets[column].withUnsafeMutableBufferPointer { [count] q in
                if isHalf {
                    ck_half_to_float(base.assumingMemoryBound(to: UInt16.self), q.baseAddress, elements)
                } else {
                    UnsafeMutableRawBufferPointer(q).copyMemory(from: stored)
                }
                return ck_raise_probabilities(q.baseAddress, count, classes, own / temperature)
            }
            if bad < count { throw .badTarget(row: firstRow + bad) }
        }
        hasTargets = true
    }

    /// Sets the penultimate features of the rows at the last checkpoint.
    ///
    /// - Parameter features: [n, d]
    /// - Throws: `ScoringError.nonFiniteFeature`.
    public mutating func set(
        features: UnsafeBufferPointer<Float>, dimension: Int
    ) throws(ScoringError) {
        precondition(features.count == count * dimension, "\(features.count) features for \(count) × \(dimension)")
        guard plan.needsFeatures else { return }
        gradientFactors.withUnsafeMutableBufferPointer { [count] in
            ck_squared_norms(features.baseAddress, count, dimension, $0.baseAddress)
        }
        for row in 0..<count {
            guard gradientFactors[row].isFinite else { throw .nonFiniteFeature(row: firstRow + row) }
            gradientFactors[row] = (1 + gradientFactors[row]).squareRoot()
        }
        hasFeatures = true
    }

    /// Computes every record but those at a temperature; returns the first row that is not finite, or `count`.
    private mutating func addRecords(_ logits: UnsafeRawPointer, isHalf: Bool, position: Int) -> Int {
        var places: [(record: SampleRecord, slot: Int)] = []
        var steps = (into: false, out: false)
        for (column, needed) in plan.columns.enumerated() where needed.key.temperature == nil {
            if needed.key.record == .step {
                steps = (slot(column, position) != nil, slot(column, position + 1) != nil)
            }
            guard let slot = slot(column, position) else { continue }
            places.append((needed.key.record, slot))
            filled[slot] = true
        }
        precondition(!steps.into || logarithmsPosition == position - 1, "a step needs the checkpoint before")
        guard !places.isEmpty || steps.out else { return count }
        if steps.into || steps.out { logarithmsPosition = position }
        let (capacity, count, labels, classes) = (capacity, count, labels, plan.classes)
        return Self.withPointers(&values, &logarithms, &scratch) { values, logarithms, scratch in
            var records = ck_softmax_records()
            for place in places { records.place(place.record, at: values + place.slot * capacity) }
            if steps.into || steps.out {
                records.logarithms = logarithms
                records.logarithms_known = steps.into ? 1 : 0
                records.scratch = scratch
            }
            return ck_softmax_statistics(logits, isHalf ? 1 : 0, labels, count, classes, &records)
        }
    }

    private mutating func addSoft(_ logits: UnsafeRawPointer, isHalf: Bool, column: Int, position: Int) -> Int {
        guard let slot = slot(column, position), let temperature = plan.columns[column].key.temperature else {
            return count
        }
        precondition(hasTargets, "the targets must be set before logits are added")
        filled[slot] = true
        let (capacity, count, classes) = (capacity, count, plan.classes)
        return Self.withPointers(&values, &targets[column], &scratch) { values, targets, scratch in
            ck_soft_el2n(
                logits, isHalf ? 1 : 0, targets, count, classes, Float(temperature), scratch, values + slot * capacity)
        }
    }

    private typealias Pointer = UnsafeMutablePointer<Float>

    private static func withPointers(
        _ a: inout [Float], _ b: inout [Float], _ c: inout [Float], _ body: (Pointer, Pointer, Pointer) -> Int
    ) -> Int {
        a.withUnsafeMutableBufferPointer { a in
            b.withUnsafeMutableBufferPointer { b in
                c.withUnsafeMutableBufferPointer { c in
                    // An empty array is one that the kernel is not asked to touch.
                    guard let a = a.baseAddress else { return 0 }
                    return body(a, b.baseAddress ?? a, c.baseAddress ?? a)
                }
            }
        }
    }
}

extension ck_softmax_records {
    fileprivate mutating func place(_ record: SampleRecord, at values: UnsafeMutablePointer<Float>) {
        switch record {
        case .el2n: el2n = values
        case .el1: el1 = values
        case .targetProbability: target_probability = values
        case .logitMargin: logit_margin = values
        case .probabilityMargin: probability_margin = values
        case .correct: correct = values
        case .loss: loss = values
        case .entropy: entropy = values
        case .topProbability: top_probability = values
        case .topMargin: top_margin = values
        case .step: divergence = values
        case .softEL2N: preconditionFailure("a record at a temperature has a kernel of its own")
        }
    }
}
