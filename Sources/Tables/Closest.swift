/// The candidate that `word` is probably a misspelling of, for "did you mean"; nil where none is near.
///
/// Near: at most a third of the word's letters (at least one) inserted, deleted, replaced or swapped with the
/// neighbour, case ignored. The first of equally near candidates wins.
public func closest(to word: String, in candidates: some Sequence<String>, atMost: Int = .max) -> String? {
    let target = Array(word.lowercased())
    let limit = min(atMost, max(1, target.count / 3))
    var best: (distance: Int, candidate: String)?
    for candidate in candidates {
        let letters = Array(candidate.lowercased())
        guard abs(letters.count - target.count) <= limit else { continue }
        let distance = editDistance(target, letters)
        if distance <= limit, distance < best?.distance ?? .max { best = (distance, candidate) }
    }
    return best?.candidate
}

/// Optimal string alignment distance: insertions, deletions, replacements and swaps of neighbours.
func editDistance(_ a: [Character], _ b: [Character]) -> Int {
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    var before = [Int]()
    var previous = Array(0...b.count)
    for i in 1...a.count {
        var current = [i]
        current.reserveCapacity(b.count + 1)
        for j in 1...b.count {
            var cost = min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
            if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] { cost = min(cost, before[j - 2] + 1) }
            current.append(cost)
        }
        (before, previous) = (previous, current)
    }
    return previous[b.count]
}
