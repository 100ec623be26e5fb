import Scoring
import Selection
import Tables

/// Every score and variant with what it needs: one row each, the default variant first.
public func scoreListing() -> Table {
    var rows: [(ScoreDefinition, ScoreVariant)] = []
    for definition in Scores.table { rows += definition.variants.map { (definition, $0) } }
    let requests = rows.map { try? ScoreRequest($0.name, variant: $1.name) }
    return Table([
        Column("score", rows.map(\.0.name)), Column("variant", rows.map(\.1.name)),
        Column("hard_is", rows.map { $0.0.direction == .highIsHard ? "high" : "low" }),
        Column("checkpoints", rows.map(\.0.reach.rawValue)),
        Column("parameters", rows.map { parameters($0.0) }),
        Column("without_logits", requests.map { $0.map(needs) ?? "" }),
        Column("definition", rows.map(\.1.definition)), Column("source", rows.map(\.0.source)),
    ])
}

private func parameters(_ definition: ScoreDefinition) -> String {
    [
        definition.span.map { "span J = \($0)" }, definition.window.map { "window W = \($0)" },
        definition.takesTemperature ? "temperature T" : nil,
    ].compactMap(\.self).joined(separator: ", ")
}

/// The reduced records that serve in place of logits, and what is needed besides.
private func needs(_ request: ScoreRequest) -> String {
    let records = request.record.sources.map(\.rawValue).joined(separator: " or ")
    var words = [request.needsTargets ? "(needs logits)" : records]
    if request.needsFeatures { words.append("features") }
    if request.needsTargets { words.append("targets") }
    return words.joined(separator: " + ")
}

/// Every coreset rule with what it needs: one row each.
public func coresetListing() -> Table {
    let rules = CoresetRule.table
    return Table([
        Column("method", rules.map(\.name)),
        Column("needs", rules.map { $0.needsErrors ? "features, logits" : "features" }),
        Column("weights", rules.map { $0.hasWeights ? "yes" : "no" }), Column("source", rules.map(\.source)),
    ])
}
