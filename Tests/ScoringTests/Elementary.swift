import Foundation

func exponential(_ x: Double) -> Double { exp(x) }
func logarithm(_ x: Double) -> Double { log(x) }

/// The largest error in units in the last place of the exact value.
func worstULP(_ x: [Float], _ y: [Float], _ function: (Double) -> Double) -> Double {
    zip(x, y).reduce(0) { worst, pair in
        let exact = function(Double(pair.0))
        return max(worst, abs(Double(pair.1) - exact) / Double(Float(exact).ulp))
    }
}
