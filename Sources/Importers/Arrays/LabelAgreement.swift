/// Whether labels and logits are of the same samples, as far as the last checkpoint's predictions tell.
enum LabelAgreement {
    /// Samples that are looked at, in runs of `run` spread over all: files are often sorted by class.
    private static let (most, run) = (2048, 64)
    /// Fewer samples tell nothing.
    private static let fewest = 200

    /// What to say where predictions meet the labels no more often than by chance; nil otherwise.
    ///
    /// Chance is that of labels and predictions as frequent as these and independent of each other (Cohen's kappa of 0), two
    /// standard deviations added.
    static func warning(_ logits: ImportedArray, _ labels: [Int32]) throws -> String? {
        guard logits.shape.count == 3, let classes = logits.shape.last, classes > 1, labels.count >= fewest else {
            return nil
        }
        var (right, count) = (0, 0)
        var (labelled, predicted) = ([Int](repeating: 0, count: classes), [Int](repeating: 0, count: classes))
        let runs = min(most, labels.count) / run
        for place in 0..<runs {
            let start = place * (labels.count / runs)
            let rows = start..<start + run
            let values = try logits.read(logits.shape[0] - 1, rows)
            for (index, row) in rows.enumerated() {
                let own = values[index * classes..<(index + 1) * classes]
                guard let best = own.indices.max(by: { own[$0] < own[$1] }) else { continue }
                let prediction = best - own.startIndex
                labelled[Int(labels[row])] += 1
                predicted[prediction] += 1
                right += prediction == Int(labels[row]) ? 1 : 0
                count += 1
            }
        }
        let n = Double(count)
        let chance = zip(labelled, predicted).reduce(0.0) { $0 + Double($1.0) / n * Double($1.1) / n }
        // One class alone tells nothing, of labels or of predictions.
        guard [labelled, predicted].allSatisfy({ $0.count { $0 > 0 } > 1 }),
            Double(right) <= n * chance + 2 * (n * chance * (1 - chance)).squareRoot()
        else { return nil }
        return
            "The last checkpoint predicts the labels of \(right) of \(count) samples, no more than by chance: are these the "
            + "labels of these rows, in the same order?"
    }
}
