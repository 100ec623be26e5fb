import Randomness

/// The class-balanced division of labelled images into index lists, by seed.
public enum Split {
    /// Carves validation images out of the training images, equally many of each class (where `images` is not a multiple
    /// of the classes, the first ones in a seeded order give one more).
    ///
    /// - Parameters:
    ///   - labels: class of each training image, [N].
    ///   - images: size of the validation set.
    /// - Returns: two ascending lists of positions that together are 0..<N.
    /// - Throws: a class that has fewer images than its share.
    public static func validation(
        labels: [Int32], images: Int, seed: Int
    ) throws(DatasetError) -> (training: [Int], validation: [Int]) {
        let members = byClass(labels)
        let present = members.indices.filter { !members[$0].isEmpty }
        guard images >= 0, images <= labels.count else {
            throw DatasetError(
                dataset: "validation split",
                .badSetting("\(images) validation images out of \(labels.count); ask for at most that many"))
        }
        var quotas = [Int](repeating: 0, count: members.count)
        if !present.isEmpty {
            var stream = RandomStream(seed: seed, purpose: "validation remainder")
            let order = stream.permutation(of: present.count)
            for (rank, at) in order.enumerated() {
                quotas[present[at]] = images / present.count + (rank < images % present.count ? 1 : 0)
            }
        }
        let validation = try draw(members, quotas, seed: seed)
        var isValidation = [Bool](repeating: false, count: labels.count)
        for i in validation { isValidation[i] = true }
        return (labels.indices.filter { !isValidation[$0] }, validation)
    }

    /// Positions of each class, ascending.
    private static func byClass(_ labels: [Int32]) -> [[Int]] {
        var members = [[Int]](repeating: [], count: Int(labels.max() ?? -1) + 1)
        for (i, label) in labels.enumerated() { members[Int(label)].append(i) }
        return members
    }

    private static func draw(
        _ members: [[Int]], _ quotas: [Int], seed: Int
    ) throws(DatasetError) -> [Int] {
        var chosen: [Int] = []
        for (label, candidates) in members.enumerated() {
            guard quotas[label] <= candidates.count else {
                throw DatasetError(
                    dataset: "validation split",
                    .classTooSmall(name: "\(label)", has: candidates.count, asked: quotas[label]))
            }
            var stream = RandomStream(seed: seed, purpose: "validation", index: label)
            chosen += stream.permutation(of: candidates.count).prefix(quotas[label]).map { candidates[$0] }
        }
        return chosen.sorted()
    }
}
