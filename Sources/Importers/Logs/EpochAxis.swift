/// Which checkpoint each row of a log belongs to.
struct EpochAxis {
    /// Epochs completed, increasing; [E].
    private(set) var epochs: [Double] = []
    /// For each row its checkpoint, nil where it tells neither epoch nor step.
    private(set) var checkpoints: [Int?] = []
    /// Steps completed by the end of each checkpoint, where the log counts steps; [E], NaN where it does not.
    private(set) var stepsDone: [Double] = []
    /// Whether a step is one of the optimiser's; W&B's own counts calls of `log()`.
    private(set) var countsUpdates = true
    /// For each row the number that its logger calls the step; NaN where there is none.
    private(set) var steps: [Double] = []
    /// The columns that were read for it.
    private(set) var columns: Set<String> = []
    private(set) var notes: [String] = []
    private(set) var warnings: [String] = []

    /// Throws where a log counts neither epochs nor steps, and for epochs that are negative or infinite.
    init(_ log: MetricLog, _ options: ImportOptions) throws(ImportError) {
        let (stepName, steps) = try Self.column("step", LogNames.step, log, options)
        let (epochName, epochs) = try Self.column("epoch", LogNames.epoch, log, options)
        columns = Set([stepName, epochName].compactMap { $0 }).union(["epoch", "step"].compactMap { options.map[$0] })
        countsUpdates = stepName != "_step" && stepName != "Step"
        self.steps = steps ?? [Double](repeating: .nan, count: log.rowCount)
        var count = EpochCount(base: options.epochBase ?? (log.isLightnings ? 0 : 1))

        let ofRows: [Double]
        if let epochs {
            ofRows = (steps.map { Self.filled(epochs, after: $0) } ?? epochs).map(count.epochs)
        } else if let steps {
            guard let perEpoch = options.stepsPerEpoch else {
                let name = stepName ?? "step"
                throw ImportError(log.path, "no column of epochs, only '\(name)'; \(log.stepHint)", exitCode: 65)
            }
            guard perEpoch > 0, perEpoch.isFinite else {
                throw ImportError(log.path, "--steps-per-epoch must be above 0", exitCode: 64)
            }
            count.stepsPerEpoch = perEpoch
            ofRows = steps.map(count.epochs)
        } else {
            let known = log.series.keys.sorted().prefix(20).joined(separator: ", ")
            throw ImportError(
                log.path, "no column of epochs or steps; name one with --map epoch=COLUMN (the columns are \(known))")
        }
        if let note = count.note("'\(stepName ?? "step")'") { notes.append(note) }
        if let row = ofRows.firstIndex(where: { $0 < 0 || $0.isInfinite }) {
            throw ImportError(
                log.path, at: log.place(row), "\(shortest: ofRows[row]) is not a number of epochs completed")
        }
        try place(ofRows, log, shift: count.shift)
        if log.isLightnings { foldTest() }
        if self.epochs.first == 0, options.epochBase == nil { warnings.append(count.warning) }
        if options.epochBase != nil, let doubt = count.doubt(first: self.epochs.first) { warnings.append(doubt) }
    }

    /// A column that is named by a mapping or recognised by its name.
    private static func column(
        _ target: String, _ known: [String], _ log: MetricLog, _ options: ImportOptions
    ) throws(ImportError) -> (name: String?, values: [Double]?) {
        if let expression = options.map[target] {
            let columns = log.series.keys.reduce(into: [:]) { $0[$1] = log.dense($1) }
            let values = try options.value(
                of: target, expression, over: columns, count: log.rowCount, path: log.path)
            return (columns[expression] == nil ? nil : expression, values)
        }
        guard let name = log.first(of: known) else { return (nil, nil) }
        return (name, log.dense(name))
    }

    /// A row without an epoch gets that of the next row in the order of steps that has one: a logger that writes within
    /// an epoch says at its end which one it was.
    private static func filled(_ epochs: [Double], after steps: [Double]) -> [Double] {
        guard epochs.contains(where: \.isNaN) else { return epochs }
        let order = epochs.indices.filter { !steps[$0].isNaN }.sorted { (steps[$0], $0) < (steps[$1], $1) }
        var result = epochs
        var next = Double.nan
        for row in order.reversed() {
            if epochs[row].isNaN { result[row] = next } else { next = epochs[row] }
        }
        var last = Double.nan
        for row in order {
            if result[row].isNaN { result[row] = last } else { last = result[row] }
        }
        return result
    }

    /// Rows of an epoch in which no step was taken are those of a test after the last one, and say something of that.
    private mutating func foldTest() {
        let last = epochs.count - 1
        guard last > 0, stepsDone[last] <= stepsDone[last - 1] + 1 else { return }
        // Where an epoch has one step as a rule, the last one is no test.
        guard stepsDone[last - 1] - (last > 1 ? stepsDone[last - 2] : 0) > 1 else { return }
        epochs.removeLast()
        stepsDone.removeLast()
        checkpoints = checkpoints.map { $0 == last ? last - 1 : $0 }
        notes.append("What was logged after the last epoch counts to it.")
    }

    private mutating func place(_ ofRows: [Double], _ log: MetricLog, shift: Double) throws(ImportError) {
        epochs = Set(ofRows.filter { !$0.isNaN }).sorted()
        if epochs.isEmpty { throw ImportError(log.path, "no row tells an epoch") }
        var positions: [Double: Int] = [:]
        for (position, epoch) in epochs.enumerated() { positions[epoch] = position }
        checkpoints = ofRows.map { $0.isNaN ? nil : positions[$0] }
        stepsDone = [Double](repeating: .nan, count: epochs.count)
        for (row, checkpoint) in checkpoints.enumerated() {
            guard let checkpoint, !steps[row].isNaN else { continue }
            let done = steps[row] + shift
            if !(stepsDone[checkpoint] >= done) { stepsDone[checkpoint] = done }
        }
        let lost = checkpoints.count { $0 == nil }
        if lost > 0 {
            warnings.append("\(lost) of \(ofRows.count) rows tell neither epoch nor step and are left out.")
        }
        var last = -Double.infinity
        for epoch in ofRows where !epoch.isNaN {
            if epoch < last {
                notes.append("Rows were not in the order of epochs; they are sorted.")
                break
            }
            last = epoch
        }
    }
}
