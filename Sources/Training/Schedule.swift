#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How the learning rate moves over one run. The end of the run is the end of the schedule.
public struct Schedule: Sendable, Equatable {
    public enum Curve: Sendable, Equatable {
        case constant
        /// floor + (1 − floor) · ½ (1 + cos(π t/T)); `floor` is a share of the full rate.
        case cosine(floor: Double)
        /// ½ (1 + cos(π t/(ζT))): ends above 0 for ζ > 1 (RDED and EDC: ζ = 2, or 1.5).
        case smoothCosine(zeta: Double)
        /// Times `factor` from each fraction of the run on.
        case step(at: [Double], factor: Double)
        /// Times `factor` from each epoch on, counted from 0 in passes over the run's own images.
        case stepAtEpochs([Double], factor: Double)
        /// The public code of DC, DSA, DM and MTT: a run of E + 1 epochs, the rate × 0.1 and the optimiser made anew
        /// after the epoch of index ⌊E/2⌋ + 1.
        case dcEvaluation
        /// Constant, then over the last `share` of the run down to 0.
        case cooldown(share: Double, shape: Descent)
    }

    /// How a cooldown goes down, x = 0…1 over it.
    public enum Descent: String, Sendable, Equatable, CaseIterable {
        /// 1 − x
        case linear
        /// 1 − √x (Hägele et al. 2024)
        case squareRoot = "sqrt"
    }

    /// What t counts.
    public enum Unit: String, Sendable, Equatable, CaseIterable { case step, epoch }

    /// A first stretch in which the rate grows linearly, reaching the full rate with its last step (or epoch); the curve
    /// has the rest of the run.
    public enum WarmUp: Sendable, Equatable {
        case none
        /// Passes over the run's own images.
        case epochs(Double)
        case steps(Int)
        /// Of the run.
        case fraction(Double)
    }

    public var curve: Curve
    public var warmUp: WarmUp
    public var unit: Unit

    public init(_ curve: Curve, warmUp: WarmUp = .none, per unit: Unit = .step) {
        self.curve = curve
        self.warmUp = warmUp
        self.unit = unit
    }

    public static let constant = Schedule(.constant)
    /// Half a cosine to 0, per step.
    public static let cosine = Schedule(.cosine(floor: 0))
    public static func step(at fractions: [Double], factor: Double) -> Schedule {
        Schedule(.step(at: fractions, factor: factor))
    }

    /// A run's length in the units of schedules.
    public struct Length: Sendable, Equatable {
        public var steps: Int
        public var stepsPerEpoch: Int
        /// Passes over the run's own images.
        public var epochs: Double

        public init(steps: Int, stepsPerEpoch: Int, epochs: Double) {
            self.steps = steps
            self.stepsPerEpoch = stepsPerEpoch
            self.epochs = epochs
        }
    }

    /// The multiple of the full rate at `step`, counted from 0.
    public func factor(step: Int, of length: Length) -> Double {
        let perEpoch = Double(max(length.stepsPerEpoch, 1))
        let epoch = Double(step / max(length.stepsPerEpoch, 1))
        let (now, end) = unit == .step ? (Double(step), Double(max(length.steps, 1))) : (epoch, length.epochs)
        let warm =
            switch warmUp {
            case .none: 0.0
            case .fraction(let share): share * end
            case .epochs(let epochs): unit == .step ? epochs * perEpoch : epochs
            case .steps(let steps): unit == .step ? Double(steps) : Double(steps) / perEpoch
            }
        if now < warm { return min(1, (now + 1) / warm) }
        let rest = (now - warm) / (end - warm)
        switch curve {
        case .constant: return 1
        case .cosine(let floor): return floor + (1 - floor) * (0.5 * (1 + cos(.pi * rest)))
        case .smoothCosine(let zeta): return 0.5 * (1 + cos(.pi * rest / zeta))
        case .step(let fractions, let factor):
            return fractions.reduce(1) { $1 <= now / end ? $0 * factor : $0 }
        case .stepAtEpochs(let epochs, let factor):
            let reached = unit == .step ? Double(step) / perEpoch : epoch
            return epochs.reduce(1) { $1 <= reached ? $0 * factor : $0 }
        case .dcEvaluation: return Int(epoch) >= Self.dcDrop(length) ? 0.1 : 1
        case .cooldown(let share, let shape):
            let fall = (now / end - (1 - share)) / share
            if fall <= 0 { return 1 }
            return shape == .linear ? max(1 - fall, 0) : max(1 - fall.squareRoot(), 0)
        }
    }

    /// The same per step, where no epoch matters.
    public func factor(step: Int, of steps: Int) -> Double {
        factor(step: step, of: Length(steps: steps, stepsPerEpoch: steps, epochs: 1))
    }

    /// The step before which the optimiser is made anew; nil where it never is.
    public func reset(in length: Length) -> Int? {
        curve == .dcEvaluation ? Self.dcDrop(length) * length.stepsPerEpoch : nil
    }

    /// The first epoch (from 0) at the lower rate: the run has E + 1 epochs.
    private static func dcDrop(_ length: Length) -> Int { (Int(length.epochs.rounded(.up)) - 1) / 2 + 2 }

    /// Why no run can follow it, or nil.
    func fault(of length: Length) -> String? {
        let warm =
            switch warmUp {
            case .none: 0.0
            case .fraction(let share): share
            case .epochs(let epochs): epochs / length.epochs
            case .steps(let steps): Double(steps) / Double(max(length.steps, 1))
            }
        if !(warm >= 0 && warm < 1) { return "a warm-up that takes \(warm) of the run" }
        switch curve {
        case .constant, .dcEvaluation: return nil
        case .cosine(let floor): return floor >= 0 && floor < 1 ? nil : "a cosine with a floor of \(floor)"
        case .smoothCosine(let zeta): return zeta >= 1 && zeta.isFinite ? nil : "a smooth cosine with ζ = \(zeta)"
        case .step(let places, let factor), .stepAtEpochs(let places, let factor):
            return factor > 0 && factor <= 1 && places.allSatisfy { $0 > 0 && $0.isFinite }
                ? nil : "steps × \(factor) at \(places)"
        case .cooldown(let share, _): return share > 0 && share <= 1 ? nil : "a cooldown over \(share) of the run"
        }
    }
}
