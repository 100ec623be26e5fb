extension FitChoice {
    /// The options of `fit: { law: …, y: … }`; the keys are the options of `assay fit`.
    init?(_ reader: MappingReader) {
        let vocabulary = reader.place.findings.vocabulary
        let laws = reader.required("law")?.list().map { ($0, $0.string()) } ?? []
        let x =
            reader.optional("x")?.words("column", among: vocabulary.columns) ?? ["samples_seen", "samples_per_epoch"]
        for (place, law) in laws {
            if let law, let problem = vocabulary.lawProblem(law, x) { place.problem(problem) }
        }
        let y = reader.required("y")
        let text = y?.string()
        if let text, let problem = vocabulary.expressionProblem(text, vocabulary.columns) { y?.problem(problem) }
        self.init(laws: laws.compactMap(\.1), x: x, y: text ?? "")
        n0 = reader.optional("n0")?.number("above 0") { $0 > 0 }
        checkpoints =
            reader.optional("points")?.word("kind of points", among: ["finals", "checkpoints"]) == "checkpoints"
        start = reader.optional("start").map(Self.numbers) ?? [:]
        fixed = reader.optional("fix").map(Self.numbers) ?? [:]
        bounds = reader.optional("bound").map(Self.intervals) ?? [:]
        shared = reader.optional("share")?.list().compactMap { $0.string() } ?? []
        if let loss = reader.optional("loss") { readLoss(loss) }
        let kinds = ["none", "asymptotic", "profile", "bootstrap"]
        interval = reader.optional("interval")?.word("kind of interval", among: kinds) ?? interval
        cluster = reader.optional("cluster")?.word("column", among: vocabulary.columns)
        weights = reader.optional("weights")?.word("column", among: vocabulary.columns)
        holdout = reader.optional("holdout")?.string()
        compare = reader.optional("compare")?.flag() ?? false
        if laws.isEmpty || text == nil { return nil }
    }

    private static func numbers(_ place: Place) -> [String: Double] {
        let entries = place.entries().compactMap { entry in
            entry.place.number("finite") { _ in true }.map { (entry.name, $0) }
        }
        return Dictionary(entries) { first, _ in first }
    }

    /// `b: [-2, 0]`.
    private static func intervals(_ place: Place) -> [String: [Double]] {
        var result: [String: [Double]] = [:]
        for entry in place.entries() {
            let ends = entry.place.list().compactMap { $0.number("finite") { _ in true } }
            if ends.count == 2 && ends[0] <= ends[1] {
                result[entry.name] = ends
            } else {
                entry.place.problem("expected a list of two numbers, low and high")
            }
        }
        return result
    }

    /// `log-squares`, or `{ huber: 0.001 }`.
    private mutating func readLoss(_ place: Place) {
        guard let (kind, options) = place.kinded("loss", among: ["squares", "log-squares", "huber", "log-huber"])
        else { return }
        loss = kind
        delta = options?.number("above 0") { $0 > 0 }
        let isHuber = kind.hasSuffix("huber")
        if isHuber && options == nil { place.problem("\(kind) needs its delta: { \(kind): 0.001 }") }
        if !isHuber && options != nil { place.problem("\(kind) takes no number") }
    }
}
