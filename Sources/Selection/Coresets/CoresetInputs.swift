import LinearAlgebra

/// Samples with their features, for the choice of a coreset.
public struct CoresetInputs: Sendable {
    /// [N, d], penultimate activations for instance.
    public var features: FeatureMatrix
    /// p − e, softmax minus one-hot label, [N, C]; for rules that need it.
    public var errors: FeatureMatrix?
    /// [N]
    public var labels: [Int32]
    public var classes: Int
    /// What ties are broken by, [N]: the lower id.
    public var ids: [Int64]
    /// What GLISTER's gradient is the mean over; the samples themselves where nothing is given.
    public var validation: Validation?

    /// Features and softmax errors of a validation set.
    public struct Validation: Sendable {
        public var features: FeatureMatrix
        public var errors: FeatureMatrix
        public var labels: [Int32]

        public init(features: FeatureMatrix, errors: FeatureMatrix, labels: [Int32]) {
            precondition(features.rows == labels.count && errors.rows == labels.count)
            self.features = features
            self.errors = errors
            self.labels = labels
        }
    }

    public init(
        features: FeatureMatrix, errors: FeatureMatrix? = nil, labels: [Int32], classes: Int, ids: [Int64],
        validation: Validation? = nil
    ) {
        precondition(features.rows == labels.count && ids.count == labels.count)
        precondition(errors.map { $0.rows == labels.count && $0.columns == classes } ?? true)
        precondition(
            validation.map { $0.features.columns == features.columns && $0.errors.columns == classes } ?? true)
        self.features = features
        self.errors = errors
        self.labels = labels
        self.classes = classes
        self.ids = ids
        self.validation = validation
    }

    /// Chooses a coreset.
    ///
    /// The answer does not depend on the order of the rows, but for rounding where two samples are nearly as good. Facility
    /// location and CRAIG keep the similarities of up to 8,192 samples (256 MB); else no N × N matrix is formed. A feature row of zeros has cosine 0 with all others and itself.
    ///
    /// - Throws: `SelectionError` where a value is not finite, a class is too small or an input is missing.
    public func select(
        _ rule: CoresetRule, _ size: SubsetSize, balanced: Bool = true, seed: Int, identity: String
    ) throws(SelectionError) -> Coreset {
        try select(rule, size, from: nil, balanced: balanced, seed: seed, identity: identity)
    }

    /// Chooses a coreset from a pool of rows that a score kept: the second of two stages.
    ///
    /// Means, neighbours and coverage are those of the pool; fractions count its samples.
    public func select(
        _ rule: CoresetRule, _ size: SubsetSize, from pool: [Int]?, balanced: Bool = true, seed: Int, identity: String
    ) throws(SelectionError) -> Coreset {
        try check(rule)
        if let pool { _ = try SubsetRows(pool, count: labels.count) }
        let rows = pool?.sorted()
        let own = rows.map { rows in rows.map { labels[$0] } } ?? labels
        let groups = try ClassGroups(own, classes: classes, balanced: balanced)
        let counts = try size.counts(of: groups)
        guard counts.contains(where: { $0 > 0 }) else { throw .emptySubset }
        var result = Coreset(rows: [], ties: [])
        for (group, members) in members(rows, balanced: balanced).enumerated() where counts[group] > 0 {
            let picks = pick(
                rule, counts[group], of: self.group(members),
                validation: try validation(groups.label(group), for: rule),
                lots: Lots(identity: identity, seed: seed, purpose: "k-center"))
            result.rows += picks.picks.map { members?[$0] ?? $0 }
            result.ties += picks.ties
            if let weights = picks.weights { result.weights = (result.weights ?? []) + weights }
            if let trace = picks.trace { result.trace = (result.trace ?? []) + trace }
        }
        return result
    }

    private func pick(
        _ rule: CoresetRule, _ count: Int, of group: CoresetGroup, validation: Validation?, lots: Lots
    ) -> CoresetPicks {
        switch rule {
        case .kCenter(let first): group.kCenter(count, first: first, lots: lots)
        case .herding: group.herding(count, farthest: false)
        case .herdingArgmax: group.herding(count, farthest: true)
        case .graphCut(let lambda): group.graphCut(count, lambda: lambda)
        case .facilityLocation: group.facilityLocation(count)
        case .craig(let weights): group.craig(count, weights: weights)
        case .glister(let rate): group.glister(count, rate: rate, validation: validation)
        case .glisterStatic: group.glister(count, rate: nil, validation: validation)
        case .cal(let neighbours, let order): group.cal(count, neighbours: neighbours, order: order)
        case .moderate: group.moderate(count, classes: classes)
        }
    }

    /// The rows of each group; nil: all of them, as they are.
    private func members(_ rows: [Int]?, balanced: Bool) -> [[Int]?] {
        guard balanced else { return [rows] }
        var members = [[Int]](repeating: [], count: classes)
        if let rows {
            for row in rows { members[Int(labels[row])].append(row) }
        } else {
            for (row, label) in labels.enumerated() { members[Int(label)].append(row) }
        }
        return members
    }

    private func group(_ members: [Int]?) -> CoresetGroup {
        guard let members else { return CoresetGroup(features: features, errors: errors, labels: labels, ids: ids) }
        return CoresetGroup(
            features: features.gathered(members), errors: errors?.gathered(members),
            labels: members.map { labels[$0] }, ids: members.map { ids[$0] })
    }

    /// The validation samples of a class, or all.
    private func validation(_ label: Int?, for rule: CoresetRule) throws(SelectionError) -> Validation? {
        guard let validation, rule.usesValidation else { return nil }
        guard !validation.labels.isEmpty else { throw .noValidation(label: nil) }
        guard let label else { return validation }
        let members = validation.labels.indices.filter { Int(validation.labels[$0]) == label }
        guard !members.isEmpty else { throw .noValidation(label: label) }
        return Validation(
            features: validation.features.gathered(members), errors: validation.errors.gathered(members),
            labels: members.map { validation.labels[$0] })
    }

    private func check(_ rule: CoresetRule) throws(SelectionError) {
        try Self.check(features, .features)
        guard rule.needsErrors else { return }
        guard let errors else { throw .missingErrors }
        try Self.check(errors, .errors)
        switch rule {
        case .glister, .glisterStatic, .cal: try Self.checkSoftmax(errors, labels, .errors)
        default: return
        }
        guard let validation, rule.usesValidation else { return }
        try Self.check(validation.features, .validationFeatures)
        try Self.check(validation.errors, .validationErrors)
        _ = try ClassGroups(validation.labels, classes: classes, balanced: true)
        try Self.checkSoftmax(validation.errors, validation.labels, .validationErrors)
    }

    private static func check(_ matrix: FeatureMatrix, _ input: CoresetInput) throws(SelectionError) {
        if let bad = matrix.firstNonFinite { throw .nonFiniteElement(input, row: bad.row, column: bad.column) }
        // Sums of squares and of products must be finite floats.
        let limit = Float(0x1p60)
        if let bad = matrix.values.firstIndex(where: { abs($0) > limit }) {
            throw .hugeElement(input, row: bad / matrix.columns, column: bad % matrix.columns)
        }
    }

    /// p = g + e must be a softmax: numbers in 0…1, but for rounding to half precision.
    private static func checkSoftmax(
        _ errors: FeatureMatrix, _ labels: [Int32], _ input: CoresetInput
    ) throws(SelectionError) {
        for (row, label) in labels.enumerated() where label >= 0 && Int(label) < errors.columns {
            for column in 0..<errors.columns {
                let p = errors[row, column] + (column == Int(label) ? 1 : 0)
                guard p >= -0.002, p <= 1.002 else { throw .notSoftmaxError(input, row: row, column: column) }
            }
        }
    }
}

/// Which matrix an error is about.
public enum CoresetInput: String, Sendable {
    case features = "feature"
    case errors = "softmax error"
    case validationFeatures = "validation feature"
    case validationErrors = "validation softmax error"
}

extension CoresetRule {
    fileprivate var usesValidation: Bool {
        switch self {
        case .glister, .glisterStatic: true
        default: false
        }
    }
}
