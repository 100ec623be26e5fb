/// One entry of a study's `objectives:`: a name, or `{ tm: { steps: 80, expert-epochs: 2 } }`.
public struct ObjectiveChoice: Sendable, Equatable {
    /// `dm`, `tm`, …
    public var objective: String
    /// The column's name, where it is not the objective's own (`as:`).
    public var name: String?
    /// What was written, in the order of the objective's options.
    public var options: [Setting]
    public var mark: SourceMark
    /// The name of the losses' column.
    public var column: String { name ?? objective }

    public enum Value: Sendable, Equatable {
        case number(Double)
        case numbers([Double])
        case word(String)
        case flag(Bool)
    }

    public struct Setting: Sendable, Equatable {
        public var key: String
        public var value: Value
    }

    public init(
        _ objective: String, name: String? = nil, options: [Setting] = [],
        mark: SourceMark = .init(line: 1, column: 1)
    ) {
        self.objective = objective
        self.name = name
        self.options = options
        self.mark = mark
    }

    /// What was written for an option.
    public subscript(key: String) -> Value? { options.first { $0.key == key }?.value }
}

/// An option that an objective has, and what may be written there.
public struct ObjectiveOption: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        /// A whole number above 0; `all` where that is allowed.
        case count(orAll: Bool)
        case number(above: Double?, from: Double?)
        /// Shares in 0…1, 0 excluded.
        case shares
        case word([String])
        case flag
        /// One of the study's models.
        case model
    }
    public var name: String
    public var kind: Kind

    public init(_ name: String, _ kind: Kind) {
        self.name = name
        self.kind = kind
    }
}

/// Trained networks that objectives ask: the runs of `run`, of all seeds.
public struct ObserverReference: Sendable, Equatable {
    public var run: SourceReference
    /// nil: the study's first model.
    public var model: String?

    public init(run: SourceReference, model: String? = nil) {
        self.run = run
        self.model = model
    }
}

/// The objectives of one analysis, and the runs whose networks they ask.
public struct ObjectiveList: Sendable, Equatable {
    public var choices: [ObjectiveChoice]
    /// Whose last weights are asked.
    public var observers: [ObserverReference]
    /// Whose weights along training are followed.
    public var experts: [ObserverReference]

    public init(
        _ choices: [ObjectiveChoice] = [], observers: [ObserverReference] = [], experts: [ObserverReference] = []
    ) {
        self.choices = choices
        self.observers = observers
        self.experts = experts
    }
}

extension ObjectiveList {
    /// The keys `objectives`, `observer` and `experts` of an analysis; without the last two, the runs on all images.
    init(_ reader: MappingReader, in study: Study) {
        let places = reader.required("objectives")?.list() ?? []
        let choices = places.compactMap { ObjectiveChoice($0, in: study) }
        func references(_ key: String) -> [ObserverReference] {
            guard let place = reader.optional(key) else {
                let full = study.subsets.first { $0.value == .all }?.name ?? "full"
                return [ObserverReference(run: SourceReference(subset: full, mark: reader.place.mark))]
            }
            return place.list().compactMap { ObserverReference($0, in: study) }
        }
        self.init(choices, observers: references("observer"), experts: references("experts"))
        var seen: Set<String> = []
        for (place, choice) in zip(places, choices) where choices.count == places.count {
            if !seen.insert(choice.column).inserted {
                place.problem("'\(choice.column)' stands twice; name one of them ('as: NAME')")
            }
        }
    }
}

extension ObjectiveChoice {
    init?(_ place: Place, in study: Study) {
        let vocabulary = place.findings.vocabulary
        guard let (objective, options) = place.kinded("objective", among: vocabulary.objectives) else { return nil }
        self.init(objective, mark: place.mark)
        guard let options else { return }
        var values: [Setting] = []
        var name: String?
        let isRead: Bool? = options.mapping { reader in
            if let place = reader.optional("as") {
                name = place.string()
                if let name, !Place.isName(name) { place.problem("'\(name)' cannot be the name of a column") }
            }
            for option in vocabulary.objectiveOptions[objective] ?? [] {
                guard let place = reader.optional(option.name) else { continue }
                guard let value = Value(place, option.kind, models: study.models.map(\.name)) else { continue }
                values.append(Setting(key: option.name, value: value))
            }
            return true
        }
        guard isRead == true else { return nil }
        self.name = name
        self.options = values
    }
}

extension ObjectiveChoice.Value {
    init?(_ place: Place, _ kind: ObjectiveOption.Kind, models: [String]) {
        switch kind {
        case .count(let orAll):
            if orAll, case .scalar(let scalar) = place.node, scalar.string == "all" {
                self = .word("all")
                return
            }
            guard let count = place.integer(1...1_000_000_000) else { return nil }
            self = .number(Double(count))
        case .number(let above, let from):
            let must = above.map { "above \($0)" } ?? from.map { "\($0) or more" } ?? "finite"
            guard let value = place.number(must, { $0 > above ?? -.infinity && $0 >= from ?? -.infinity }) else {
                return nil
            }
            self = .number(value)
        case .shares:
            let values = place.list().compactMap { $0.number("above 0 and at most 1") { $0 > 0 && $0 <= 1 } }
            if values.isEmpty { return nil }
            self = .numbers(values)
        case .word(let words):
            guard let word = place.word("choice", among: words) else { return nil }
            self = .word(word)
        case .flag:
            guard let flag = place.flag() else { return nil }
            self = .flag(flag)
        case .model:
            guard let model = place.word("model", among: models) else { return nil }
            self = .word(model)
        }
    }
}

extension ObserverReference {
    /// `full`, `HL/full/mid`, or `{ run: full, model: resnet18 }`.
    init?(_ place: Place, in study: Study) {
        var model: String?
        var run: SourceReference?
        if case .mapping = place.node {
            let isRead: Bool? = place.mapping { reader in
                run = reader.required("run").flatMap { SourceReference($0) }
                model = reader.optional("model")?.word("model", among: study.models.map(\.name))
                return true
            }
            guard isRead == true else { return nil }
        } else {
            run = SourceReference(place)
        }
        guard let run else { return nil }
        let full = study.subsets.filter { $0.value == .all }.map(\.name)
        if !full.contains(run.subset) {
            place.problem(
                "'\(run.subset)' is no subset of all images\(place.findings.vocabulary.hint(run.subset, full))")
        }
        self.init(run: run, model: model)
    }
}
