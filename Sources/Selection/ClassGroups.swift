/// What is chosen from: each class by itself, or all samples together.
struct ClassGroups {
    let balanced: Bool
    let classes: Int
    /// Samples per class; of all, one number, where the choice is not balanced.
    let sizes: [Int]

    /// - Throws: `SelectionError.labelOutOfRange`.
    init(_ labels: [Int32], classes: Int, balanced: Bool) throws(SelectionError) {
        self.balanced = balanced
        self.classes = classes
        var sizes = [Int](repeating: 0, count: classes)
        let bad = sizes.withUnsafeMutableBufferPointer { sizes -> Int? in
            for (row, label) in labels.enumerated() {
                guard label >= 0, Int(label) < sizes.count else { return row }
                sizes[Int(label)] += 1
            }
            return nil
        }
        if let bad { throw .labelOutOfRange(row: bad, label: Int(labels[bad]), classes: classes) }
        self.sizes = balanced ? sizes : [labels.count]
    }

    /// The class that an error names.
    func label(_ group: Int) -> Int? { balanced ? group : nil }
}
