import Fitting

/// The named laws that are plain formulas. In these texts names are the laws' own: a user's columns are matched by position.
extension ExpressionLaw {
    /// - Parameters:
    ///   - text: what is computed, where that is not `formula` itself.
    private init(
        _ name: String, _ formula: String, _ source: String, computedAs text: String? = nil, columns: [LawColumn],
        positive: Set<Int> = [], undetermined: Undetermined? = nil, remarks: [Remark] = [], parameters: [LawParameter]
    ) {
        let expression: Expression
        do {
            expression = try Expression(text ?? formula)
        } catch {
            preconditionFailure("the law \(name) is written wrongly: \(error)")
        }
        self.init(
            name: name, formula: formula, source: source, expression, columns: columns, parameters: parameters,
            positive: positive, undetermined: undetermined, remarks: remarks)
    }

    private static let x = [LawColumn(name: "x", meaning: "samples, steps, parameters or compute")]
    private static let positive = Bounds(0, .infinity)

    /// Exponents of learning curves lie within a few tenths of zero: half of the starts above −0.3.
    private static let falling = LawParameter(
        name: "c", meaning: "exponent", bounds: Bounds(-5, 0), spread: .given(.denseNear(.upper, k: 5.5, -5, 0)))
    private static let flat = Remark(
        parameter: "c", side: .upper, sentence: "y does not fall as x grows (an accuracy is fitted as --y \"1-acc\")")
    private static let floorless = Remark(
        parameter: "err_inf", side: .lower, sentence: "the points show no floor that a power of x does not explain")
    /// y x^c, for exponents about 0.5.
    private static let amplitude = LawSpread.scaled(columns: [0.5], y: 1)

    static let power = ExpressionLaw(
        "power", "beta*x^c", "Alabdulmohsin et al. 2022, M1", columns: x, positive: [0], remarks: [flat],
        parameters: [
            LawParameter(name: "beta", meaning: "y at x = 1", bounds: positive, spread: amplitude),
            falling,
        ])

    static let powerOffset = ExpressionLaw(
        "power-offset", "beta*x^c + err_inf", "Alabdulmohsin et al. 2022, M2", columns: x, positive: [0],
        remarks: [flat, floorless],
        parameters: [
            LawParameter(name: "beta", meaning: "y − err_inf at x = 1", bounds: positive, spread: amplitude),
            falling,
            LawParameter(
                name: "err_inf", meaning: "y as x grows without end", bounds: positive, staysBelowData: true,
                spread: .likeY),
        ])

    static let m3 = ExpressionLaw(
        "m3", "beta*(1/x + gamma)^c", "Alabdulmohsin et al. 2022, M3", columns: x, positive: [0],
        parameters: [
            LawParameter(name: "beta", meaning: "y where 1/x + gamma = 1", bounds: positive, spread: amplitude),
            LawParameter(
                name: "gamma", meaning: "1/x at which y levels off", bounds: positive, spread: .inverse(column: 0)),
            LawParameter(
                name: "c", meaning: "exponent", bounds: positive, spread: .given(.denseNear(.lower, k: 5.5, 0, 5))),
        ])

    /// The broken neural scaling law.
    ///
    /// (1 + (x/d)^(1/f))^f is computed as max(x/d, 1) (1 + min(x/d, d/x)^(1/f))^f: sharp breaks (f → 0) do not overflow.
    static func brokenPower(breaks: Int) -> ExpressionLaw {
        let indices = Array(1...max(1, breaks))
        let factors = indices.map { i in
            "*(max(x, d\(i))/d\(i))^(-c\(i))*(1 + min(d\(i)/x, x/d\(i))^(1/f\(i)))^(-c\(i)*f\(i))"
        }
        let own = indices.flatMap { i in
            [
                LawParameter(
                    name: "c\(i)", meaning: "change of the exponent at break \(i)",
                    spread: .given(.signed(0.02, 2))),
                LawParameter(
                    name: "d\(i)", meaning: "x at break \(i)", bounds: positive, spread: .like(column: 0)),
                LawParameter(
                    name: "f\(i)", meaning: "width of break \(i) in ln x", bounds: positive,
                    spread: .given(.logarithmic(0.05, 5))),
            ]
        }
        return ExpressionLaw(
            "bnsl:\(breaks)", "a + b*x^(-c0)*prod_i (1 + (x/d_i)^(1/f_i))^(-c_i*f_i), i = 1…n",
            "Caballero et al. 2023", computedAs: "a + b*x^(-c0)" + factors.joined(), columns: x, positive: [0],
            parameters: [
                LawParameter(name: "a", meaning: "y that the last power falls to", bounds: positive, spread: .likeY),
                LawParameter(name: "b", meaning: "y − a at x = 1 without breaks", bounds: positive, spread: amplitude),
                LawParameter(
                    name: "c0", meaning: "exponent before the first break",
                    spread: .given(.denseNear(.lower, k: 3, 0, 2))),
            ] + own)
    }

    static let exponential = ExpressionLaw(
        "exponential", "a*exp(-x/s) + d", "", columns: x,
        parameters: [
            LawParameter(name: "a", meaning: "y − d at x = 0", spread: .likeY),
            LawParameter(
                name: "s", meaning: "x in which y − d falls to 1/e", bounds: positive, spread: .like(column: 0)),
            LawParameter(name: "d", meaning: "y as x grows without end", spread: .likeY),
        ])

    /// s > 0: (lo, hi, s) and (hi, lo, −s) are the same curve.
    static let logistic = ExpressionLaw(
        "logistic", "lo + (hi - lo)/(1 + exp(-(x - m)/s))", "", columns: x,
        parameters: [
            LawParameter(name: "lo", meaning: "y far below m", spread: .likeY),
            LawParameter(name: "hi", meaning: "y far above m", spread: .likeY),
            LawParameter(name: "m", meaning: "x in the middle", spread: .along(column: 0)),
            LawParameter(name: "s", meaning: "width of the step in x", bounds: positive, spread: .like(column: 0)),
        ])
}

// MARK: - Laws of model and data size

extension ExpressionLaw {
    private static let sizes = [
        LawColumn(name: "N", meaning: "parameters of the model"), LawColumn(name: "D", meaning: "tokens seen"),
    ]

    /// E, A, B, alpha, beta.
    private static let exponentsAndAmplitudes: [LawParameter] = {
        func exponent(_ name: String, _ meaning: String) -> LawParameter {
            LawParameter(name: name, meaning: meaning, bounds: positive, spread: .given(.logarithmic(0.02, 2)))
        }
        return [
            LawParameter(name: "E", meaning: "loss of an ideal model", bounds: positive, spread: .likeY),
            LawParameter(
                name: "A", meaning: "loss at N = 1 for want of parameters", bounds: positive,
                spread: .scaled(columns: [0.5, 0], y: 1)),
            LawParameter(
                name: "B", meaning: "loss at D = 1 for want of data", bounds: positive,
                spread: .scaled(columns: [0, 0.5], y: 1)),
            exponent("alpha", "exponent of N"), exponent("beta", "exponent of D"),
        ]
    }()

    static let chinchilla = ExpressionLaw(
        "chinchilla", "E + A/N^alpha + B/D^beta", "Hoffmann et al. 2022", columns: sizes, positive: [0, 1],
        parameters: exponentsAndAmplitudes)

    /// U enters as min(U, D): no more is unique than was seen. U_N = min(N, N that is optimal for U), where ∂/∂N and ∂/∂D
    /// of `chinchilla` bring equally much per unit of compute N D: N^alpha = (alpha A / (beta B)) U^beta.
    static let dataConstrained: ExpressionLaw = {
        let unique = "min(U, D)"
        let needed = "min(N, (alpha*A/(beta*B))^(1/alpha)*\(unique)^(beta/alpha))"
        func effective(_ size: String, of unique: String, _ decay: String) -> String {
            "(\(unique) + \(unique)*\(decay)*(1 - exp(-(\(size)/\(unique) - 1)/\(decay))))"
        }
        let decays = [
            ("R_D", "repetitions of data after which they are worth little"), ("R_N", "the same for parameters"),
        ]
        return ExpressionLaw(
            "data-constrained",
            "E + A/N'^alpha + B/D'^beta, D' = U + U*R_D*(1 - exp(-(D/U - 1)/R_D)), N' likewise with R_N and "
                + "U_N = min(N, (alpha*A/(beta*B))^(1/alpha)*U^(beta/alpha))",
            "Muennighoff et al. 2023",
            computedAs:
                "E + A/\(effective("N", of: needed, "R_N"))^alpha + B/\(effective("D", of: unique, "R_D"))^beta",
            columns: sizes + [LawColumn(name: "U", meaning: "unique tokens; at most D count")], positive: [0, 1, 2],
            undetermined: { points in
                let isRepeated = zip(points.columns[1], points.columns[2]).contains { $0 > $1 }
                return isRepeated ? [] : [(5, "R_D is not identified: no point repeats its data (D > U)")]
            },
            parameters: exponentsAndAmplitudes
                + decays.map {
                    LawParameter(name: $0.0, meaning: $0.1, bounds: positive, spread: .given(.logarithmic(0.1, 1000)))
                })
    }()
}
