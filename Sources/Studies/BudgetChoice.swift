/// How much compute a run gets.
public enum BudgetChoice: Sendable, Equatable {
    /// Of the full training set.
    case epochs(Double)
    /// Optimiser steps, whatever the size of the subset.
    case steps(Int)
    /// Repeats counted.
    case samples(Int)
    /// Passes over the run's own images.
    case passes(Double)

    /// `2`, `{ steps: 4000 }`, `{ samples: 500000 }`, `{ passes: 300 }`.
    init?(_ place: Place) {
        func positive(_ place: Place) -> Double? { place.number("above 0") { $0 > 0 } }
        guard case .mapping = place.node else {
            guard let epochs = positive(place) else { return nil }
            self = .epochs(epochs)
            return
        }
        guard let (kind, value) = place.kinded("budget", among: ["epochs", "steps", "samples", "passes"]), let value
        else { return nil }
        switch kind {
        case "epochs", "passes":
            guard let number = positive(value) else { return nil }
            self = kind == "epochs" ? .epochs(number) : .passes(number)
        default:
            guard let count = value.integer(1...1_000_000_000_000) else { return nil }
            self = kind == "steps" ? .steps(count) : .samples(count)
        }
    }
}
