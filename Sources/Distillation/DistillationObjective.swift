/// What a distillation method minimises, as a function of sets that are given: nothing is synthesised.
///
///     struct MyLoss: DistillationObjective {
///         let name = "mine"
///         let definition = "mine: …, 5 networks, seed 0"
///         func values(of sets: [ObjectiveSet], in context: ObjectiveContext) throws -> [ObjectiveValue] { … }
///     }
///
/// All sets are handed over at once, so that what concerns D is computed once. A value must depend on its set, the
/// definition and the context alone: not on the other sets, and not on the number of threads.
public protocol DistillationObjective: Sendable {
    /// A column's name: `dm`, `sre2l-code`.
    var name: String { get }
    /// One sentence with every parameter that the values depend on besides the context: it goes into results and into
    /// the digests by which values are kept.
    var definition: String { get }
    /// What the context must hold.
    var needs: ObjectiveNeeds { get }
    /// One value per set, in the order of the sets.
    ///
    /// - Throws: `ObjectiveError`, `TrainingError`.
    func values(of sets: [ObjectiveSet], in context: ObjectiveContext) throws -> [ObjectiveValue]
}

extension DistillationObjective {
    public var needs: ObjectiveNeeds { [] }
}

/// What an objective asks of its context besides the data.
public struct ObjectiveNeeds: OptionSet, Sendable, Hashable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Trained networks.
    public static let observers = ObjectiveNeeds(rawValue: 1)
    /// Weights along training.
    public static let trajectories = ObjectiveNeeds(rawValue: 2)
}
