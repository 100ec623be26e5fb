import RunStore
import Tables

/// One row per run: what was compared and what was found.
public func verificationTable(_ runs: [(path: String, verification: Verification)]) -> Table {
    let found = runs.map(\.verification)
    return Table([
        Column("run", runs.map(\.path)), Column("samples", found.map { $0.classCounts.values.reduce(0, +) }),
        Column("classes", found.map(\.classCounts.count)), Column("per_class", found.map(perClass)),
        Column("datasets", found.map(\.items.count)), Column("digests", found.map(\.digestCount)),
        Column("not_finite", found.map(\.nonFiniteCount)), Column("problems", found.map(\.problems.count)),
        Column("state", found.map(state)),
    ])
}

/// The same, with the samples of every class and the problems in words.
public func verificationJSON(_ found: Verification, path: String) -> JSON {
    [
        "run": .string(path), "state": .string(state(found)), "datasets": .integer(found.items.count),
        "digests": .integer(found.digestCount), "not_finite": .integer(found.nonFiniteCount),
        "samples": .integer(found.classCounts.values.reduce(0, +)),
        "class_counts": .object(
            Dictionary(uniqueKeysWithValues: found.classCounts.map { (String($0.key), .integer($0.value)) })),
        "problems": JSON(found.problems.map(\.description)),
    ]
}

private func state(_ found: Verification) -> String {
    !found.isSound ? "DAMAGED" : found.hasDigests ? "sound" : "no digests"
}

/// The smallest and the largest class: `732…1300`.
private func perClass(_ found: Verification) -> String {
    guard let least = found.classCounts.values.min(), let most = found.classCounts.values.max() else { return "" }
    return least == most ? "\(least)" : "\(least)…\(most)"
}
