import CKernels

@testable import Scoring

extension Oracle.Run {
    /// The scores of all samples, [request][N], from logits that come in blocks of `height` rows.
    func scores(_ requests: [ScoreRequest], height: Int = .max, capacity: Int? = nil) throws -> [[Double]] {
        let plan = try ScorePlan(
            requests, checkpoints: checkpoints, classes: classes, targetTemperature: temperature)
        let height = min(height, samples)
        var block = DynamicsBlock(
            plan, source: try plan.source(hasLogits: true, stored: []), rows: capacity ?? height)
        var results = [[Double]](repeating: [], count: requests.count)
        for first in stride(from: 0, to: samples, by: height) {
            let rows = first..<min(samples, first + height)
            try block.begin(labels: labels, rows: rows)
            if plan.needsTargets {
                try block.set(targets: targets[rows, classes], isHalf: false)
            }
            if plan.needsFeatures { try block.set(features: features[rows, dimension], dimension: dimension) }
            for position in plan.positions {
                try block.add(logits: logits[position][rows, classes], position: position)
            }
            for index in requests.indices { results[index] += block.scores(of: index) }
        }
        return results
    }

    /// The statistics of every checkpoint, [K][record][N].
    func records() -> [[SampleRecord: [Float]]] {
        logits.map { rowStatistics($0, labels, classes: classes) }
    }

    /// The scores from stored records in one block; `stored` says which exist.
    func scores(_ requests: [ScoreRequest], stored: Set<SampleRecord>) throws -> [[Double]] {
        let plan = try ScorePlan(
            requests, checkpoints: checkpoints, classes: classes, targetTemperature: temperature)
        let source = try plan.source(hasLogits: false, stored: stored)
        var block = DynamicsBlock(plan, source: source, rows: samples)
        try block.begin(labels: labels, rows: 0..<samples)
        if plan.needsFeatures { try block.set(features: features, dimension: dimension) }
        let records = records()
        for position in plan.positions {
            for record in source.stored {
                try block.add(record: record, values: records[position][record] ?? [], position: position)
            }
        }
        return requests.indices.map { block.scores(of: $0) }
    }
}

extension DynamicsBlock {
    mutating func begin(labels: [Int32], rows: Range<Int>) throws(ScoringError) {
        try labels[rows].withBuffer { labels throws(ScoringError) in
            try begin(labels: labels, firstRow: rows.lowerBound)
        }
    }

    mutating func add(logits: [Float], position: Int) throws(ScoringError) {
        try logits[...].withBuffer { z throws(ScoringError) in
            try add(logits: UnsafeRawBufferPointer(z), isHalf: false, position: position)
        }
    }

    mutating func add(record: SampleRecord, values: [Float], position: Int) throws(ScoringError) {
        try values[...].withBuffer { values throws(ScoringError) in
            try add(record: record, values: values, position: position)
        }
    }

    mutating func set(targets: [Float], isHalf: Bool) throws(ScoringError) {
        try targets[...].withBuffer { q throws(ScoringError) in
            try set(targets: UnsafeRawBufferPointer(q), isHalf: isHalf)
        }
    }

    mutating func set(features: [Float], dimension: Int) throws(ScoringError) {
        try features[...].withBuffer { h throws(ScoringError) in try set(features: h, dimension: dimension) }
    }
}

extension ArraySlice {
    func withBuffer(
        _ body: (UnsafeBufferPointer<Element>) throws(ScoringError) -> Void
    ) throws(ScoringError) {
        var failure: ScoringError?
        withUnsafeBufferPointer { buffer in
            do throws(ScoringError) { try body(buffer) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}

extension ArraySlice {
    func withBytes(_ body: (UnsafeRawBufferPointer) throws(ScoringError) -> Void) throws(ScoringError) {
        try withBuffer { buffer throws(ScoringError) in try body(UnsafeRawBufferPointer(buffer)) }
    }
}

extension [Float] {
    /// Rows of a matrix with so many columns.
    subscript(rows: Range<Int>, columns: Int) -> [Float] {
        Array(self[rows.lowerBound * columns..<rows.upperBound * columns])
    }
}

/// The instruction sets that this processor has, as the kernels number them.
let variants: [Int32] = (0...2).filter { variant in
    var (x, y) = ([Float](repeating: 0, count: 16), [Float](repeating: 0, count: 16))
    return ck_exp_variant(variant, &x, &y, 16) == 1
}

/// Every record but the steps and the soft ones of rows of logits, by the kernel.
///
/// - Parameters:
///   - variant: an instruction set; nil: the one that would be chosen.
///   - wanted: the records asked for together.
///   - bad: the first row that is not finite, or the number of rows.
func rowStatistics(
    _ logits: [Float], _ labels: [Int32], classes: Int, variant: Int32? = nil, halves: [UInt16]? = nil,
    wanted: [SampleRecord] = allRecords, bad: UnsafeMutablePointer<Int>? = nil
) -> [SampleRecord: [Float]] {
    let rows = labels.count
    var values = [Float](repeating: .nan, count: rows * wanted.count)
    values.withUnsafeMutableBufferPointer { values in
        var out = ck_softmax_records()
        for (index, record) in wanted.enumerated() {
            let place = values.baseAddress.map { $0 + index * rows }
            switch record {
            case .el2n: out.el2n = place
            case .el1: out.el1 = place
            case .targetProbability: out.target_probability = place
            case .logitMargin: out.logit_margin = place
            case .probabilityMargin: out.probability_margin = place
            case .correct: out.correct = place
            case .loss: out.loss = place
            case .entropy: out.entropy = place
            case .topProbability: out.top_probability = place
            case .topMargin: out.top_margin = place
            case .step, .softEL2N: preconditionFailure("not a statistic of one row of logits")
            }
        }
        func call(_ z: UnsafeRawPointer?, _ half: Int32) -> Int {
            if let variant { return ck_softmax_statistics_variant(variant, z, half, labels, rows, classes, &out) }
            return ck_softmax_statistics(z, half, labels, rows, classes, &out)
        }
        let first =
            halves.map { h in h.withUnsafeBytes { call($0.baseAddress, 1) } }
            ?? logits.withUnsafeBytes { call($0.baseAddress, 0) }
        bad?.pointee = first
    }
    return Dictionary(
        uniqueKeysWithValues: wanted.enumerated().map { ($1, Array(values[$0 * rows..<($0 + 1) * rows])) })
}

let allRecords = SampleRecord.allCases.filter { $0 != .step && $0 != .softEL2N }
