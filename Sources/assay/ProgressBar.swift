import Foundation

/// Progress of long work on stderr: a bar with rate and time left on a terminal, a plain line every 30 s otherwise.
struct ProgressBar {
    private let label: String
    private let unit: String
    private let isTerminal: Bool
    private let start = Date()
    private var first: Int?
    private var lastShown = Date.distantPast
    private var isShown = false

    init(_ label: String, unit: String) {
        self.label = label
        self.unit = unit
        isTerminal = isatty(2) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
        if !isTerminal { lastShown = start }
    }

    /// - Parameter detail: what stands behind the bar, `12 of 140 runs` for instance.
    mutating func show(_ done: Int, of total: Int, detail: String = "") {
        let base = first ?? done  // what was there already is no measure of the rate
        first = base
        let now = Date()
        guard now.timeIntervalSince(lastShown) >= (isTerminal ? 0.1 : 30) || (isTerminal && done >= total) else {
            return
        }
        lastShown = now
        let elapsed = now.timeIntervalSince(start)
        let rate = elapsed > 0 ? Double(done - base) / elapsed : 0
        let left = rate > 0 ? Self.duration(Double(total - done) / rate) + " left" : "estimating"
        let share = total > 0 ? Double(done) / Double(total) : 1
        let numbers = "\(Int(share * 100)) %  \(detail)  \(Self.compact(rate)) \(unit)/s  \(left)"
        if isTerminal {
            let filled = Int(share * 24)
            let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
            tell("\r\u{1B}[K\(label) \(bar) \(numbers)")
            isShown = true
        } else {
            note("\(label): \(numbers)")
        }
    }

    /// Leaves the terminal on a line of its own.
    mutating func finish() {
        if isShown { tell("\r\u{1B}[K") }
        isShown = false
    }

    static func duration(_ seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
        return "\(whole / 3600) h \(whole % 3600 / 60) min"
    }

    static func compact(_ value: Double) -> String {
        switch value {
        case 1e6...: String(format: "%.1f M", value / 1e6)
        case 1e3...: String(format: "%.0f k", value / 1e3)
        default: String(format: "%.0f", value)
        }
    }
}
