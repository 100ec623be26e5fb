import Foundation

/// The range of an axis: the data and a margin on both sides.
struct AxisRange: Equatable {
    let low: Double
    let high: Double

    /// - Parameters:
    ///   - values: what the axis must show.
    ///   - further: what may lengthen it by half at either end.
    ///   - stopsAtZero: numbers that are not negative get no margin below 0.
    init?(
        _ values: [Double], further: [Double] = [], logarithmic: Bool, margin: Double, stopsAtZero: Bool = false
    ) {
        // Near the ends of the number range gnuplot draws nothing.
        func usable(_ values: [Double]) -> [Double] {
            values.filter { abs($0) < 1e290 && (!logarithmic || $0 > 1e-290) }
        }
        let (core, rest) = (usable(values), usable(further))
        guard var least = core.min() ?? rest.min(), var greatest = core.max() ?? rest.max() else { return nil }
        if !core.isEmpty, let lowest = rest.min(), let highest = rest.max() {
            let reach = logarithmic ? (greatest / least).squareRoot() : (greatest - least) / 2
            least = min(least, max(lowest, logarithmic ? least / reach : least - reach))
            greatest = max(greatest, min(highest, logarithmic ? greatest * reach : greatest + reach))
        }
        if logarithmic {
            let span = max(log(greatest / least), 0.7)
            low = exp(log(least) - margin * span)
            high = exp(log(greatest) + margin * span)
        } else {
            // Values that differ by rounding alone are one value to a plot.
            let isFlat = greatest - least <= 1e-9 * max(abs(greatest), abs(least))
            let span = isFlat ? max(abs(greatest), 1) : greatest - least
            let down = least - margin * span
            low = stopsAtZero && least >= 0 ? max(0, down) : down
            high = greatest + margin * span
        }
    }

    /// As long below zero as above, for residuals.
    init?(symmetric values: [Double], margin: Double) {
        guard let size = values.filter(\.isFinite).map({ abs($0) }).max() else { return nil }
        high = (1 + margin) * (size > 0 ? size : 1)
        low = -high
    }

    /// Words at 0 … count − 1, with room on both sides.
    init(categories count: Int) {
        low = -0.6
        high = Double(count) - 0.4
    }

    /// One tick on either side of zero, and zero: a flat plot has no room for more.
    var symmetricTicks: [Double] {
        let most = 0.8 * high
        let power = pow(10, log10(most).rounded(.down))
        let tick = power * ([5, 2, 1].first { $0 * power <= most } ?? 1)
        return [-tick, 0, tick]
    }

    /// The distance of a linear axis's ticks where it is too short for those that gnuplot chooses; nil: it is not.
    func step(room: Double?) -> Double? {
        guard let room, room < 2.2 else { return nil }
        let least = (high - low) * 0.45 / room
        let power = Int(log10(least).rounded(.down))
        return [1, 2, 5, 10].map { Self.rounded($0, power) }.first { $0 >= least }
    }

    /// Ticks of a logarithmic axis that is too short for a tick per decade.
    var logarithmicTicks: [Double] {
        let ladders: [[Double]] = [[1, 3], [1, 2, 5], [1, 2, 3, 5, 7], Array(1...9).map(Double.init)]
        let decades = Int(log10(low).rounded(.down))...Int(log10(high).rounded(.down))
        for ladder in ladders {
            let ticks = decades.flatMap { decade in ladder.map { Self.rounded($0, decade) } }
                .filter { low <= $0 && $0 <= high }
            if ticks.count >= 3 { return ticks }
        }
        // Within a small part of a decade it is all but linear.
        let power = Int(log10((high - low) / 3).rounded(.down))
        let step = [5, 2, 1].first { Self.rounded($0, power) <= (high - low) / 3 } ?? 1
        let size = Self.rounded(step, power)
        return stride(from: (low / size).rounded(.up), through: (high / size).rounded(.down), by: 1)
            .map { Self.rounded($0 * step, power) }
    }

    /// mantissa · 10^power, the double that its decimal text stands for.
    private static func rounded(_ mantissa: Double, _ power: Int) -> Double {
        power < 0 ? mantissa / pow(10, Double(-power)) : mantissa * pow(10, Double(power))
    }
}
