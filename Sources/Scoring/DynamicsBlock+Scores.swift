internal import CKernels

extension DynamicsBlock {
    /// The scores of the block's rows for one request of the plan, [n].
    public func scores(of index: Int) -> [Double] {
        [Double](unsafeUninitializedCapacity: count) { buffer, initialized in
            buffer.initialize(repeating: 0)
            scores(of: index, into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
            initialized = count
        }
    }

    /// The same into memory of n numbers.
    public func scores(of index: Int, into out: UnsafeMutableBufferPointer<Double>) {
        precondition(out.count == count, "\(out.count) places for \(count) rows")
        guard count > 0, let sums = out.baseAddress else { return }
        let request = plan.requests[index]
        let reads = plan.reads[index]
        out.update(repeating: 0)
        values.withUnsafeBufferPointer { values in
            guard let base = values.baseAddress else { return }
            // Positions without gaps lie in slots without gaps.
            func record(_ positions: Range<Int>) -> UnsafePointer<Float> {
                base + firstSlot(of: index, positions) * capacity
            }
            evaluate(request, reads, plan.keys[index].temperature, record, sums)
        }
    }

    private func evaluate(
        _ request: ScoreRequest, _ reads: Range<Int>, _ temperature: Double?,
        _ record: (Range<Int>) -> UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Double>
    ) {
        let span = request.span ?? 0
        let count = Double(reads.count)
        switch request.formula {
        case .mean:
            add(record(reads), reads.count, sums)
            divide(sums, by: count)
        case .sum, .sumOfFirst, .last: add(record(reads), reads.count, sums)
        case .deviation: addSpreads(record(reads), reads.count, span: reads.count, divisor: count, 1, sums)
        case .forgetting(let neverLearned):
            ck_count_forgotten(record(reads), capacity, reads.count, self.count, neverLearned ?? count, sums)
        case .windows(_, let timesError, _):
            let factor = 10 / Double(reads.count - span + 1)
            addSpreads(
                record(reads), reads.count, span: span, divisor: Double(span - 1), factor, timesError: timesError, sums)
        case .lastWindows:
            let factor = 1 / Double(reads.count - span + 1)
            addSpreads(record(reads), reads.count, span: span, divisor: Double(span - 1), factor, sums)
        case .steps(let alpha):
            let steps = reads.dropFirst()
            addSpreads(record(steps), steps.count, span: span - 1, divisor: 1, alpha, decay: 1 - alpha, sums)
        case .softMean:
            add(record(reads), reads.count, sums)
            divide(sums, by: count * (temperature ?? 1))
        case .gradientNorm:
            precondition(hasFeatures, "\(request.method) needs the features of these rows")
            add(record(reads), 1, sums)
            for row in 0..<self.count { sums[row] *= gradientFactors[row] }
        }
    }

    /// The weighted sum over windows of √(Σ deviation² / divisor), times 1 − the window's mean with `timesError`.
    private func addSpreads(
        _ records: UnsafePointer<Float>, _ checkpoints: Int, span: Int, divisor: Double, _ factor: Double,
        decay: Double = 1, timesError: Bool = false, _ sums: UnsafeMutablePointer<Double>
    ) {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: 8 * checkpoints) { scratch in
            ck_add_windows(
                records, capacity, checkpoints, span, count, divisor, factor, decay, timesError ? 1 : 0,
                scratch.baseAddress, sums)
        }
    }

    private func add(_ records: UnsafePointer<Float>, _ checkpoints: Int, _ sums: UnsafeMutablePointer<Double>) {
        for k in 0..<checkpoints { ck_add_record(records + k * capacity, count, sums) }
    }

    private func divide(_ sums: UnsafeMutablePointer<Double>, by divisor: Double) {
        for row in 0..<count { sums[row] /= divisor }
    }

    private func firstSlot(of index: Int, _ positions: Range<Int>) -> Int {
        let slots = positions.map { position in slot(plan.columnOf[index], position) ?? -1 }
        precondition(
            slots.allSatisfy { $0 >= 0 && filled[$0] },
            "\(plan.requests[index].method): not every position of \(positions) was added")
        return slots.first ?? 0
    }
}
