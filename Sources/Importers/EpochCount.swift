import Tables

/// What the numbers by which files count checkpoints are in epochs completed, 0 of which are before training.
///
/// `--epoch-base` is the number that the files give to the first one completed: the first epoch, or the first step where
/// they count steps. So n is n + 1 − base epochs, or (n + 1 − base) / steps per epoch.
struct EpochCount: Sendable, Equatable {
    /// 0 or 1.
    var base: Int
    /// Nil: epochs are counted.
    var stepsPerEpoch: Double?

    var shift: Double { Double(1 - base) }

    func epochs(_ number: Double) -> Double { (number + shift) / (stepsPerEpoch ?? 1) }

    /// How `name` was read, in words; nil where its numbers stand as they are.
    func note(_ name: String) -> String? {
        if let stepsPerEpoch {
            let first = shift == 0 ? "" : " + \(shortest(shift))"
            return "Epochs are \(name)\(first) divided by \(shortest(stepsPerEpoch)) steps per epoch."
        }
        guard shift != 0 else { return nil }
        return "Epochs are counted from \(base) in the files; \(shortest(shift)) is added, since epoch 0 means before "
            + "training."
    }

    /// What the user should look at where files that were said to count from 0 begin at 1; `first` is what their first
    /// number came to.
    func doubt(first: Double?) -> String? {
        guard base == 0, let first, abs(first * (stepsPerEpoch ?? 1) - 2) < 1e-9 else { return nil }
        let unit = stepsPerEpoch == nil ? "epoch" : "step"
        return
            "The files' first \(unit) is 1, and --epoch-base 0 makes it the second: where they count from 1, leave it out."
    }

    /// What the user should look at where the first checkpoint comes out as 0 and no base was given.
    var warning: String {
        let unit = stepsPerEpoch == nil ? "epoch" : "step"
        return "\(stepsPerEpoch == nil ? "Epoch" : "Step") 0 is taken as before training; where the files count "
            + "\(unit)s from 0, give --epoch-base 0."
    }
}
