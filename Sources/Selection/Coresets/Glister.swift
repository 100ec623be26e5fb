import LinearAlgebra

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension CoresetGroup {
    /// GLISTER in the last layer: the largest ⟨u, V⟩, u = g ⊗ [x; 1], V the mean gradient of the validation samples.
    ///
    /// After every pick the validation logits take one Taylor step against the mean gradient of the chosen ones,
    /// z − rate · mean_i g_i (1 + x_i · x), from which V follows; every gain is computed anew. O(k · N · d · C).
    ///
    /// - Parameter rate: nil: V stays as it was.
    func glister(_ count: Int, rate: Double?, validation: CoresetInputs.Validation?) -> CoresetPicks {
        guard let errors else { return CoresetPicks() }
        let own = validation ?? .init(features: features, errors: errors, labels: labels)
        var gradient = ValidationGradient(own)
        var free = [Bool](repeating: true, count: self.count)
        var result = CoresetPicks(trace: rate == nil ? nil : [])
        var gains = self.gains(errors, gradient)
        while result.picks.count < count {
            let best = ids.withUnsafeBufferPointer { ids in
                var best = Best()
                for index in gains.indices where free[index] { best.offer(gains[index], index, ids: ids) }
                return best
            }
            free[best.index] = false
            result.picks.append(best.index)
            result.ties.append(best.isTied)
            guard let rate else { continue }
            gradient.add(features.gathered([best.index]), errors.gathered([best.index]))
            gradient.step(rate: rate, chosen: result.picks.count)
            result.trace?.append(gradient.loss)
            if result.picks.count < count { gains = self.gains(errors, gradient) }
        }
        return result
    }

    /// Σ_c g_c (V_c · x + b_c), in blocks of rows.
    private func gains(_ errors: FeatureMatrix, _ gradient: ValidationGradient) -> [Double] {
        let classes = errors.columns
        let block = 1024
        var products = [Float](repeating: 0, count: block * classes)
        var gains: [Double] = []
        gains.reserveCapacity(count)
        features.withRows { x in
            gradient.slopes.withRows { slopes in
                for top in stride(from: 0, to: count, by: block) {
                    let rows = top..<min(count, top + block)
                    products.withUnsafeMutableBufferPointer { x.products(rows, slopes, 0..<classes, into: $0) }
                    for row in rows {
                        var sum = 0.0
                        for c in 0..<classes {
                            let slope = Double(products[(row - top) * classes + c]) + gradient.offsets[c]
                            sum += Double(errors[row, c]) * slope
                        }
                        gains.append(sum)
                    }
                }
            }
        }
        return gains
    }
}

/// The mean last-layer gradient of the validation samples and how it changes as samples are chosen.
private struct ValidationGradient {
    private let validation: CoresetInputs.Validation
    /// Logits, but for a constant per row, [N, C].
    private let logits: [Float]
    /// Σ_chosen g_i (1 + x_i · x), [N, C].
    private var steps: [Float]
    private var errors: [Float]
    /// V for the features, [C, d], and for the bias, [C].
    private(set) var slopes: FeatureMatrix
    private(set) var offsets: [Double]
    /// Mean cross-entropy, in nats.
    private(set) var loss = 0.0

    init(_ validation: CoresetInputs.Validation) {
        self.validation = validation
        let classes = validation.errors.columns
        var probabilities = validation.errors.values
        for (row, label) in validation.labels.enumerated() { probabilities[row * classes + Int(label)] += 1 }
        // The smallest normal float: a probability that underflowed.
        logits = probabilities.map { log(max($0, .leastNormalMagnitude)) }
        steps = .init(repeating: 0, count: logits.count)
        errors = validation.errors.values
        slopes = FeatureMatrix(rows: 0, columns: 0, values: [])
        offsets = []
        average()
    }

    /// Counts one chosen sample in.
    mutating func add(_ features: FeatureMatrix, _ chosen: FeatureMatrix) {
        let classes = chosen.columns
        validation.features.withRows { x in
            features.values.withUnsafeBufferPointer { feature in
                guard let feature = feature.baseAddress else { return }
                for row in 0..<x.count {
                    let factor = 1 + x.dot(row, feature)
                    for c in 0..<classes { steps[row * classes + c] += factor * chosen.values[c] }
                }
            }
        }
    }

    /// The gradient at logits that took a step against the mean of the chosen gradients.
    mutating func step(rate: Double, chosen: Int) {
        let classes = validation.errors.columns
        let scale = Float(rate / Double(chosen))
        var sum = 0.0
        for (row, label) in validation.labels.enumerated() {
            let line = row * classes..<(row + 1) * classes
            var largest = -Float.infinity
            for i in line {
                errors[i] = logits[i] - scale * steps[i]
                largest = max(largest, errors[i])
            }
            let own = errors[line.lowerBound + Int(label)] - largest
            var total: Float = 0
            for i in line {
                errors[i] = exp(errors[i] - largest)
                total += errors[i]
            }
            for i in line { errors[i] /= total }
            errors[line.lowerBound + Int(label)] -= 1
            sum += Double(log(total) - own)
        }
        loss = sum / Double(validation.labels.count)
        average()
    }

    private mutating func average() {
        let (rows, classes) = (validation.errors.rows, validation.errors.columns)
        var sums = [Double](repeating: 0, count: classes)
        for row in 0..<rows { for c in 0..<classes { sums[c] += Double(errors[row * classes + c]) } }
        offsets = sums.map { $0 / Double(rows) }
        var product = [Float](repeating: 0, count: classes * validation.features.columns)
        FeatureMatrix(rows: rows, columns: classes, values: errors).withRows { e in
            validation.features.withRows { x in
                product.withUnsafeMutableBufferPointer { e.addTransposedProduct(x, to: $0) }
            }
        }
        let scale = 1 / Float(rows)
        slopes = FeatureMatrix(
            rows: classes, columns: validation.features.columns, values: product.map { $0 * scale })
    }
}
