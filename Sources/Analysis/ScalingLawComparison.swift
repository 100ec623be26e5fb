import Tables

public struct ScalingLawComparison: Sendable { func json() -> JSON { .null } }
