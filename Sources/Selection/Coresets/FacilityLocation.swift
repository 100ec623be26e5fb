import LinearAlgebra

extension CoresetGroup {
    /// Greedy facility location by cosines: the largest Σ_j max(0, s(j, x) − max_{i chosen} s(j, i)).
    func facilityLocation(_ count: Int, limits: LazyCoverage.Limits = .init()) -> CoresetPicks {
        features.withRows { x in
            var coverage = LazyCoverage(SimilarityBlocks(cosinesOf: x), ids: ids, limits: limits)
            return coverage.run(count)
        }
    }

    /// CRAIG: facility location by the distance of last-layer gradients; the trace is Σ_j min_i ‖u_j − u_i‖.
    func craig(
        _ count: Int, weights: CoresetRule.CraigWeights, limits: LazyCoverage.Limits = .init()
    ) -> CoresetPicks {
        guard let errors else { return CoresetPicks() }
        return features.withRows { x in
            errors.withRows { g in
                let blocks = SimilarityBlocks(distancesOf: g, x)
                var coverage = LazyCoverage(blocks, ids: ids, limits: limits)
                var result = coverage.run(count)
                result.trace = result.trace?.map { max(0, Double(x.count) * blocks.offset - $0) }
                result.weights = [Double](repeating: weights == .deepCore ? 1 : 0, count: count)
                for place in coverage.nearest { result.weights?[Int(place)] += 1 }
                return result
            }
        }
    }
}
