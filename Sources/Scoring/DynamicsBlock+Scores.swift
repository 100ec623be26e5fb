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
        let windows = reads.count - span + 1
        switch request.formula {
        case .mean:
            add(record(reads), reads.count, sums)
            divide(sums, by: Double(reads.count))
        case .sum, .sumOfFirst, .last: add(record(reads), reads.count, sums)
        case .deviation:
            ck_add_spread(record(reads), capacity, reads.count, count, Double(reads.count), 1, 0, sums)
        case .forgetting(let neverLearned):
            ck_count_forgotten(
                record(reads), capacity, reads.count, count, neverLearned ?? Double(reads.count), sums)
        case .windows(_, let timesError, _):
            let first = record(reads)
            for k in 0..<windows {
                ck_add_spread(
                    first + k * capacity, capacity, span, count, Double(span - 1), 10, timesError ? 1 : 0, sums)
            }
            divide(sums, by: Double(windows))
        case .lastWindows:
            let first = record(reads)
            for k in 0..<windows {
                ck_add_spread(first + k * capacity, capacity, span, count, Double(span - 1), 1, 0, sums)
            }
            divide(sums, by: Double(windows))
        case .steps(let alpha):
            let first = record(reads.dropFirst())
            for k in 0..<windows {
                let weight = (0..<windows - 1 - k).reduce(alpha) { weight, _ in weight * (1 - alpha) }
                ck_add_spread(first + k * capacity, capacity, span - 1, count, 1, weight, 0, sums)
            }
        case .softMean:
            add(record(reads), reads.count, sums)
            divide(sums, by: Double(reads.count) * (temperature ?? 1))
        case .gradientNorm:
            precondition(hasFeatures, "\(request.method) needs the features of these rows")
            add(record(reads), 1, sums)
            for row in 0..<count { sums[row] *= gradientFactors[row] }
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
