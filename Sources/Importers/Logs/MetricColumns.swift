internal import Tables

/// Columns over the checkpoints of a run on their way from the names of a log to those of the store.
struct MetricColumns {
    /// By name, [E].
    private(set) var values: [String: [Double]]
    let epochs: [Double]
    let path: String
    private(set) var notes: [String] = []
    private(set) var warnings: [String] = []

    init(values: [String: [Double]], epochs: [Double], path: String) {
        self.values = values
        self.epochs = epochs
        self.path = path
    }

    /// Samples seen, repeats counted, [E]: from a column, or as steps times the batch size.
    mutating func samplesSeen(_ axis: EpochAxis, _ options: ImportOptions) throws(ImportError) -> [Int64]? {
        var seen: [Double]?
        if let expression = options.map["samples_seen"] {
            seen = try evaluate("samples_seen", expression, options)
            values[expression] = nil
        } else if let name = LogNames.samplesSeen.first(where: { values[$0] != nil }) {
            seen = values.removeValue(forKey: name)
        } else if let batch = options.batchSize {
            guard batch > 0 else { throw ImportError(path, "--batch-size must be above 0", exitCode: 64) }
            let steps =
                options.stepsPerEpoch.map { perEpoch in epochs.map { $0 * perEpoch } }
                ?? (axis.countsUpdates ? axis.stepsDone : [.nan])
            seen = steps.map { ($0 * Double(batch)).rounded() }
        }
        guard let seen else { return nil }
        let limit = 0x1p53
        guard seen.allSatisfy({ $0 >= 0 && $0 <= limit }), zip(seen, seen.dropFirst()).allSatisfy({ $0 <= $1 }) else {
            warnings.append(
                "Samples seen are left out: no optimiser steps are known at every checkpoint, or they "
                    + "decrease; give --steps-per-epoch with --batch-size.")
            return nil
        }
        return seen.map { Int64($0) }
    }

    /// Gives the columns the store's names: mapped ones first, then learning rate and seconds, then the rest made safe.
    ///
    /// `axes`, and other columns that count epochs and steps, are there for expressions alone.
    mutating func rename(_ options: ImportOptions, without axes: Set<String>) throws(ImportError) {
        let special: Set = ["epoch", "step", "samples_seen", "run"]
        var named: [String: [Double]] = [:]
        var used: Set<String> = []
        for (target, expression) in options.map.sorted(by: { $0.key < $1.key }) where !special.contains(target) {
            named[LogNames.safe(target)] = try evaluate(target, expression, options)
            if values[expression] != nil {
                used.insert(expression)
                warnings += Self.accuracyAsError(target, expression)
            }
            notes.append("\(target) = \(expression).")
        }
        warnings += Self.nearMisses(options.map.keys.filter { !special.contains($0) })
        for name in used { values[name] = nil }
        for name in named.keys where values[name] != nil {
            values[name] = nil
            notes.append("The files' own '\(name)' gives way to it.")
        }
        let counters = Set(LogNames.epoch + LogNames.step + LogNames.samplesSeen).union(LogNames.ignored)
        let ignored = values.keys.filter { counters.contains($0) && !axes.contains($0) }.sorted()
        if !ignored.isEmpty { notes.append("Left out: \(ignored.joined(separator: ", ")).") }
        for name in axes.union(ignored) { values[name] = nil }
        adopt("learning_rate", candidates: values.keys.filter(LogNames.isLearningRate).sorted(), into: &named)
        adoptSeconds(into: &named)
        for (name, column) in values.sorted(by: { $0.key < $1.key }) {
            let safe = LogNames.safe(name)
            guard named[safe] == nil else {
                throw ImportError(
                    path, "two columns would both be called '\(safe)'; rename '\(name)' with --map NAME=\(name)")
            }
            if safe != name { notes.append("'\(name)' is called '\(safe)'.") }
            named[safe] = column
        }
        values = named
    }

    private func evaluate(
        _ target: String, _ expression: String, _ options: ImportOptions
    ) throws(ImportError) -> [Double] {
        try options.value(of: target, expression, over: values, count: epochs.count, path: path)
    }

    private mutating func adopt(_ target: String, candidates: [String], into named: inout [String: [Double]]) {
        guard named[target] == nil else { return }
        if candidates.count > 1, !candidates.contains(target) {
            notes.append("Several learning rates (\(candidates.joined(separator: ", "))); none is '\(target)'.")
        } else if let name = candidates.contains(target) ? target : candidates.first,
            let column = values.removeValue(forKey: name)
        {
            if name != target { notes.append("\(target) = \(name).") }
            named[target] = column
        }
    }

    /// Seconds since the run began do not decrease; a column that does measures something else and keeps its name.
    private mutating func adoptSeconds(into named: inout [String: [Double]]) {
        guard named["seconds"] == nil, let name = LogNames.seconds.first(where: { values[$0] != nil }),
            var column = values[name]
        else { return }
        let known = column.filter { !$0.isNaN }
        guard let first = known.first, zip(known, known.dropFirst()).allSatisfy({ $0 <= $1 }) else { return }
        // A point in time (seconds since 1970) rather than a duration.
        let isTime = first > 1e8
        if isTime { column = column.map { $0 - first } }
        values[name] = nil
        named["seconds"] = column
        if isTime {
            notes.append("seconds are '\(name)' since the first checkpoint.")
        } else if name != "seconds" {
            notes.append("seconds = \(name).")
        }
    }

    /// A metric that is called an error but is none of 0…1, under a name that is not yet the store's.
    static func suspectErrors(_ values: [String: [Double]]) -> [String] {
        values.sorted { $0.key < $1.key }.compactMap { name, column in
            guard name == "error" || name.hasSuffix("_err"), let worst = column.filter({ $0.isFinite }).max(), worst > 1
            else { return nil }
            return "'\(name)' reaches \(shortest: worst), but an error is a fraction in 0…1: in percent, "
                + "give --map test_error=\(name)/100 (validation_error, where it is of validation images)."
        }
    }

    /// An error that is mapped to what is called an accuracy, as it stands.
    static func accuracyAsError(_ target: String, _ source: String) -> [String] {
        let (word, name) = (source.lowercased(), LogNames.safe(source))
        let isAccuracy =
            word.contains("accuracy") || word.hasSuffix("acc") || word.split { !$0.isLetter }.contains("acc")
        guard target.hasSuffix("error"), isAccuracy else { return [] }
        return [
            "\(target) is '\(source)' as it stands, which is an accuracy by its name: --map \(target)=1-\(name) makes an error of "
                + "it (1-\(name)/100 of percent)."
        ]
    }

    /// Names that the user gives to metrics and that miss one of the store's by a few letters.
    static func nearMisses(_ targets: some Sequence<String>) -> [String] {
        targets.sorted().compactMap { target in
            guard !LogNames.metrics.contains(target), let near = closest(to: target, in: LogNames.metrics, atMost: 2)
            else {
                return nil
            }
            return "--map \(target)=… makes a metric of that name: did you mean '\(near)'?"
        }
    }
}
