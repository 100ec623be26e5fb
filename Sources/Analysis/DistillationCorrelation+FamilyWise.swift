import Statistics

/// The p-values of a family of correlations: whichever of several losses looks best, its p must allow for the others.
///
/// Correlations of the same sets share their rearrangements, and the largest |ρ| of each arrangement is what a family's
/// chance comes up with: no loss counts twice because another one resembles it. Where the family spans several groups of
/// sets, each group's p is multiplied by the number of groups. Without shared rearrangements it is Holm's correction.
func assignFamilyWise(_ objectives: inout [DistillationCorrelation.Objective]) {
    let corrected = holm(objectives.map(\.pValue))
    for (i, p) in corrected.enumerated() { objectives[i].pHolm = p }
    var blocks = [[String]: [Int]]()
    for (i, objective) in objectives.enumerated() where objective.pValue != nil {
        blocks[objective.evidence?.layout ?? [], default: []].append(i)
    }
    var found = [Int: Double]()
    var isShared = true
    for members in blocks.values {
        let distributions = members.compactMap { objectives[$0].evidence?.permutations }
        guard distributions.count == members.count,
            let values = PermutationDistribution.familyWise(distributions)
        else {
            isShared = false
            break
        }
        for (i, p) in zip(members, values) { found[i] = min(1, p * Double(blocks.count)) }
    }
    let groups = blocks.count > 1 ? ", times \(blocks.count) groups of sets" : ""
    for i in objectives.indices where objectives[i].pValue != nil {
        objectives[i].pFamily = isShared ? found[i] : corrected[i]
        objectives[i].pFamilyMethod = isShared ? "max |rho| over shared permutations" + groups : "Holm"
    }
}

/// Holm's step-down correction; a family holds the values that are defined.
public func holm(_ values: [Double?]) -> [Double?] {
    let order = values.indices.filter { values[$0] != nil }.sorted { (values[$0] ?? 1) < (values[$1] ?? 1) }
    var result = values
    var floor = 0.0
    for (place, index) in order.enumerated() {
        floor = max(floor, min(1, Double(order.count - place) * (values[index] ?? 1)))
        result[index] = floor
    }
    return result
}
