import Fitting
import Tables

/// The laws that can be named: the one table from which names, documentation and fits are made.
public enum ScalingLaws {
    /// What a law may depend on besides its name.
    public struct Setting: Sendable, Equatable {
        /// N0, the unit of samples in laws that have one; nil = the law's own.
        public var unit: Double?
        /// y is an error in 0…1, so that a model that has seen nothing has 1.
        public var isError: Bool

        public init(unit: Double? = nil, isError: Bool = false) {
            self.unit = unit
            self.isError = isError
        }
    }

    /// One line of the table.
    public struct Entry: Sendable {
        /// As listed: `power`, `bnsl:n`.
        public let name: String
        /// The numbers that n may be, for a family of laws.
        let family: ClosedRange<Int>?
        let make: @Sendable (_ n: Int, _ setting: Setting) -> any ScalingLaw

        init(_ name: String, make: @escaping @Sendable (Setting) -> any ScalingLaw) {
            self.name = name
            family = nil
            self.make = { _, setting in make(setting) }
        }

        init(_ name: String, of family: ClosedRange<Int>, make: @escaping @Sendable (_ n: Int) -> any ScalingLaw) {
            self.name = name + ":n"
            self.family = family
            self.make = { n, _ in make(n) }
        }

        /// The law itself, or the first of its family.
        public var law: any ScalingLaw { make(family?.lowerBound ?? 0, Setting()) }
        /// `bnsl` of `bnsl:n`.
        var stem: Substring { name.prefix { $0 != ":" } }
    }

    public static let all: [Entry] = [
        Entry("goyal") { GoyalLaw(.printed, n0: $0.unit) },
        Entry("goyal-released") { GoyalLaw(.released, n0: $0.unit) },
        Entry("goyal-effective-data") { GoyalLaw(.effectiveData, n0: $0.unit) },
        Entry("power") { _ in ExpressionLaw.power },
        Entry("power-offset") { _ in ExpressionLaw.powerOffset },
        Entry("m3") { _ in ExpressionLaw.m3 },
        Entry("m4") { M4Law(isError: $0.isError) },
        Entry("bnsl", of: 1...9) { n in ExpressionLaw.brokenPower(breaks: n) },
        Entry("chinchilla") { _ in ExpressionLaw.chinchilla },
        Entry("data-constrained") { _ in ExpressionLaw.dataConstrained },
        Entry("exponential") { _ in ExpressionLaw.exponential },
        Entry("logistic") { _ in ExpressionLaw.logistic },
    ]

    private static let longestName = 60

    public static let names = all.map(\.name)

    /// - Parameters:
    ///   - unit: N0, the unit of samples in laws that have one; nil = the law's own.
    ///   - isError: y is an error in 0…1.
    public static func named(
        _ name: String, unit: Double? = nil, isError: Bool = false
    ) throws(ScalingLawError) -> any ScalingLaw {
        let parts = name.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let stem = parts.first, let entry = all.first(where: { $0.stem == stem }) else { throw .unknownLaw(name) }
        let setting = Setting(unit: unit, isError: isError)
        guard let family = entry.family else {
            if parts.count > 1 { throw .unknownLaw(name) }
            return entry.make(0, setting)
        }
        guard parts.count > 1, let n = Int(parts[1]), family.contains(n) else {
            throw .option(
                "law \(stem) takes a number from \(family.lowerBound) to \(family.upperBound), "
                    + "as in \(stem):\(family.lowerBound), not '\(name)'")
        }
        return entry.make(n, setting)
    }

    /// Laws to choose from. Among several, an expression may do without the last of the x columns, as named laws may.
    public static func laws(
        _ texts: [String], columns: [String], unit: Double? = nil, isError: Bool = false
    ) throws(ScalingLawError) -> [any ScalingLaw] {
        var result: [any ScalingLaw] = []
        for text in texts {
            var known = columns
            if texts.count > 1, let expression = try? Expression(text) {
                while known.count > 1, let last = known.last, !expression.names.contains(last) { known.removeLast() }
            }
            result.append(try law(text, columns: known, unit: unit, isError: isError))
        }
        return result
    }

    /// A law by name or stated as an expression in the x columns.
    ///
    /// A text that could only be a name, being one word without any of the columns, is taken as one.
    public static func law(
        _ text: String, columns: [String], unit: Double? = nil, isError: Bool = false
    ) throws(ScalingLawError) -> any ScalingLaw {
        let words = text.split { !($0.continuesName) }.map(String.init)
        let isOneWord =
            text.count <= longestName && text.first?.isLetter == true
            && text.allSatisfy { $0.continuesName || $0 == "-" || $0 == ":" }
        if all.contains(where: { $0.stem == text }) || text.contains(":") && isOneWord
            || isOneWord && !words.contains(where: columns.contains)
        {
            return try named(text, unit: unit, isError: isError)
        }
        return try ExpressionLaw(text, columns: columns)
    }
}
