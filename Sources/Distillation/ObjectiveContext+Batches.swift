import Randomness
import Training

extension ObjectiveContext {
    /// Up to `size` images of each class of D, drawn without replacement, [classes].
    func batches(of size: Int, identity: String, index: Int) -> [[Int]] {
        var positions = [[Int]](repeating: [], count: classes)
        for (position, label) in labels.enumerated() { positions[Int(label)].append(position) }
        return positions.enumerated().map { label, all in
            guard all.count > size else { return all }
            var stream = RandomStream(identity, seed: seed, purpose: "real batch", index: index * classes + label)
            return stream.permutation(of: all.count).prefix(size).map { all[$0] }.sorted()
        }
    }
}

extension Array where Element == Float {
    /// Row `row` of a matrix of so many columns.
    func withRow(_ row: Int, of columns: Int, _ body: (UnsafeBufferPointer<Float>) -> Void) {
        withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[row * columns..<(row + 1) * columns])) }
    }
}
