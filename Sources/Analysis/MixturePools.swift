import Tables

/// The pools of a mixture as they were read, with what belongs to all of them.
public struct MixturePools: Sendable, Equatable {
    public var pools: [MixtureAnalysis.Pool]
    /// N0 of their a.
    public var n0: Double
    /// Parameters that one joint fit gave to all.
    public var shared: [String]
    public var warnings: [String]

    /// From a table with the columns `name`, `a`, `b`, `tau`, `d` and `size` (or `samples_per_epoch`), a row per pool. An
    /// empty tau is not known.
    ///
    /// - Throws: `TableError` for columns that are missing or hold text, `MixtureError` for a row that is no pool.
    public init(_ table: Table) throws {
        let size = table.has("size") || !table.has("samples_per_epoch") ? "size" : "samples_per_epoch"
        let names = try table.texts("name")
        let numbers = try (MixtureAnalysis.parameters + [size]).map { try table.numbers($0) }
        let source = table.source.map { $0 == "-" ? "standard input" : $0 } ?? "table"
        pools = try names.indices.map { row in
            let pool = MixtureAnalysis.Pool(
                name: names[row], a: numbers[0][row], b: numbers[1][row], tau: numbers[2][row], d: numbers[3][row],
                size: numbers[4][row])
            if let problem = pool.problem {
                throw MixtureError.invalidPool(place: "\(source):\(table.line(ofRow: row))", problem: problem)
            }
            return pool
        }
        (n0, shared, warnings) = (1, [], [])
        try MixtureAnalysis.check(pools)
    }

    /// From the JSON of `assay fit --law goyal --json`: a pool per group, named by its values; refused groups are left out
    /// with a warning.
    ///
    /// - Parameter sizes: samples per epoch by pool, where a fit does not say them itself (`samples_per_epoch`).
    public init(fits json: JSON, sizes: [String: Double] = [:]) throws(MixtureError) {
        guard json["format"]?.string == "assay-fit", let all = json["fits"]?.items else {
            throw .notAFit("format \"assay-fit\" with its fits is missing (assay fit … --json)")
        }
        let fits = all.filter { $0["law"]?.string == GoyalLaw.Form.printed.rawValue }
        guard !fits.isEmpty else { throw .noPools("no fit is of the law goyal") }
        (pools, warnings) = ([], [])
        for fit in fits {
            let name = Self.name(of: fit)
            if fit["termination"]?.string != "converged" {
                warnings.append("pool '\(name)' is left out: its fit is \(fit["termination"]?.string ?? "unfinished")")
                continue
            }
            guard let size = sizes[name] ?? fit["samples_per_epoch"]?.double else {
                throw .unknownSize(pool: name, known: sizes.keys.sorted())
            }
            pools.append(try Self.pool(fit, name: name, size: size))
        }
        let units = Set(fits.map { $0["n0"]?.double ?? 1 })
        if units.count > 1 {
            throw .notAFit(
                "pools have different N0 (\(units.sorted().map { significant($0) }.joined(separator: ", ")))")
        }
        n0 = units.first ?? 1
        shared = MixtureAnalysis.parameters.filter { name in
            fits.allSatisfy { $0["parameters"]?[name]?["shared"]?.bool == true }
        }
        try MixtureAnalysis.check(pools)
    }

    /// The values of its group, in the order of their columns' names.
    private static func name(of fit: JSON) -> String {
        let values = (fit["group"]?.members ?? [:]).sorted { $0.key < $1.key }.compactMap(\.value.string)
        return values.isEmpty ? "all" : values.joined(separator: "/")
    }

    private static func pool(_ fit: JSON, name: String, size: Double) throws(MixtureError) -> MixtureAnalysis.Pool {
        var (values, errors) = ([Double](), [Double]())
        for parameter in MixtureAnalysis.parameters {
            let found = fit["parameters"]?[parameter]
            guard let value = found?["value"]?.double ?? (parameter == "tau" && found != nil ? .nan : nil) else {
                throw .notAFit("\(parameter) of pool '\(name)' is missing")
            }
            values.append(value)
            // Held, on a bound or not determined: taken as known.
            errors.append(found?["standard_error"]?.double ?? 0)
        }
        let degrees = fit["degrees_of_freedom"]?.int ?? 0
        let hasErrors = degrees > 0 && errors.contains { $0 > 0 }
        let pool = MixtureAnalysis.Pool(
            name: name, a: values[0], b: values[1], tau: values[2], d: values[3], size: size,
            covariance: hasErrors ? covariance(errors, fit["correlations"]) : nil,
            degreesOfFreedom: hasErrors ? degrees : nil)
        if let problem = pool.problem { throw .invalidPool(place: "pool '\(name)'", problem: problem) }
        return pool
    }

    /// From standard errors and correlations, the latter under "first,second".
    private static func covariance(_ errors: [Double], _ correlations: JSON?) -> [Double] {
        let names = MixtureAnalysis.parameters
        var result = [Double](repeating: 0, count: 16)
        for i in 0..<4 {
            for j in 0..<4 {
                let key = "\(names[min(i, j)]),\(names[max(i, j)])"
                let r = i == j ? 1 : correlations?[key]?.double ?? 0
                result[4 * i + j] = r * errors[i] * errors[j]
            }
        }
        return result
    }
}

extension MixtureAnalysis {
    /// The pools of a table; `MixturePools` has the columns.
    public static func pools(from table: Table) throws -> [Pool] { try MixturePools(table).pools }

    /// Predicts mixtures of pools that were read.
    public init(
        _ read: MixturePools, samplesSeen: [Double], upTo: Int? = nil, level: Double = 0.95
    ) throws(MixtureError) {
        try self.init(
            pools: read.pools, samplesSeen: samplesSeen, upTo: upTo, n0: read.n0, level: level, shared: read.shared,
            warnings: read.warnings)
    }
}
