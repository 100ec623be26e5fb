/// Which parameters f is affine in, all together: as many as can be, the earlier ones where there is a choice.
///
/// ∂f/∂p_j that does not depend on p_k, or the other way round, is a second derivative that is zero everywhere.
///
/// - Parameter dependence: on which parameters each ∂f/∂p depends, a bit for each; nil where it is zero.
func jointlyLinear(_ dependence: [UInt64?]) -> [Bool] {
    func depends(_ j: Int, _ k: Int) -> Bool { (dependence[j] ?? 0) >> UInt64(k) & 1 == 1 }
    let candidates = dependence.indices.filter { dependence[$0] != nil && !depends($0, $0) }
    var search = IndependentSet(conflicts: [:])
    for j in candidates {
        search.conflicts[j] = candidates.reduce(0) { set, k in
            j != k && depends(j, k) && depends(k, j) ? set | 1 << UInt64(k) : set
        }
    }
    search.extend(0, with: candidates.reduce(0) { $0 | 1 << UInt64($1) })
    return dependence.indices.map { search.best >> UInt64($0) & 1 == 1 }
}

/// The largest set of vertices without a conflict, by branch and bound; sets are bits.
private struct IndependentSet {
    var conflicts: [Int: UInt64]
    var best: UInt64 = 0
    /// Branches left: with 64 vertices the exact answer may take longer than any fit.
    var patience = 20_000

    init(conflicts: [Int: UInt64]) { self.conflicts = conflicts }

    mutating func extend(_ chosen: UInt64, with rest: UInt64) {
        patience -= 1
        guard patience > 0, chosen.nonzeroBitCount + rest.nonzeroBitCount > best.nonzeroBitCount else { return }
        guard rest != 0 else {
            best = chosen
            return
        }
        let vertex = rest.trailingZeroBitCount
        let others = rest & ~(1 << UInt64(vertex))
        let excluded = others & (conflicts[vertex] ?? 0)
        extend(chosen | 1 << UInt64(vertex), with: others & ~excluded)
        if excluded != 0 { extend(chosen, with: others) }
    }
}
