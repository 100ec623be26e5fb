import Tables

extension MixtureAnalysis {
    static func check(_ pools: [Pool]) throws(MixtureError) {
        if pools.isEmpty { throw .noPools("none is given") }
        for (i, pool) in pools.enumerated() {
            if let problem = pool.problem { throw .invalidPool(place: "pool '\(pool.name)'", problem: problem) }
            if pools[..<i].contains(where: { $0.name == pool.name }) {
                throw .invalidPool(place: "pool '\(pool.name)'", problem: "two pools have this name")
            }
        }
    }

    static func warnings(_ pools: [Pool], n0: Double, shared: [String]) -> [String] {
        var result: [String] = []
        let unknown = pools.filter(\.tau.isNaN).map(\.name)
        if !unknown.isEmpty {
            result.append(
                "tau is not known of \(unknown.joined(separator: ", ")): no prediction beyond one epoch of a mixture with it"
            )
        }
        guard pools.count > 1 else { return result }
        for (name, values) in [("a", pools.map(\.a)), ("d", pools.map(\.d))] {
            guard let low = values.min(), let high = values.max() else { continue }
            // Beyond the rounding of a table's digits.
            if high - low > 1e-6 * max(abs(low), abs(high)) {
                let place = name == "a" ? " at N0 = \(significant(n0))" : ""
                result.append(
                    "\(name) differs between pools (\(significant(low))…\(significant(high))\(place)): mixtures take the mean, "
                        + "weighted by size; fit the pools with --share a,d for one \(name)")
            } else if pools.contains(where: { $0.covariance != nil && $0.error(name) > 0 }) && !shared.contains(name) {
                result.append(
                    "\(name) is the same in all pools, but its errors are taken as independent: intervals are too narrow if "
                        + "one joint fit gave it")
            }
        }
        if let first = pools.first?.size, pools.contains(where: { $0.size != first }) {
            result.append(
                "pools of unequal size are weighted by it: our extension of Goyal et al., who mix equal pools")
        }
        let without = pools.filter { $0.covariance == nil }.map(\.name)
        if !without.isEmpty && without.count < pools.count {
            result.append("no errors are known of \(without.joined(separator: ", ")): no interval of a mixture with it")
        }
        return result
    }
}

extension MixtureAnalysis.Pool {
    /// What keeps it from being mixed.
    var problem: String? {
        for (name, value) in [("a", a), ("b", b), ("d", d)] where !value.isFinite {
            return "\(name) must be a number, not \(value)"
        }
        if !(a >= 0) { return "a must not be negative, but is \(a)" }
        if tau <= 0 || tau.isInfinite { return "tau must be positive, not \(tau)" }
        if !(size > 0 && size.isFinite) { return "the size must be positive, not \(size)" }
        if let degreesOfFreedom, degreesOfFreedom < 1 {
            return "a fit without degrees of freedom has no errors, but \(degreesOfFreedom) are given"
        }
        guard let covariance else { return nil }
        if covariance.count != 16 { return "a covariance has 16 entries, not \(covariance.count)" }
        if !covariance.allSatisfy(\.isFinite) { return "the covariance is not finite" }
        return nil
    }

    func error(_ parameter: String) -> Double {
        guard let covariance, let j = MixtureAnalysis.parameters.firstIndex(of: parameter) else { return 0 }
        return max(0, covariance[5 * j]).squareRoot()
    }
}
