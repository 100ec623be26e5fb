import Testing

@testable import Studies

@Suite struct RecipeChoiceTests {
    private static func text(
        recipe: String = "{ optimizer: { sgd: { learning-rate: 0.1 } } }", regime: String = "{ labels: hard }",
        budgets: String = "[1]", more: String = ""
    ) -> String {
        """
        study: 1
        dataset: glyphs
        models: { mlp: { mlp: { hidden: [8] } }, big: { mlp: { hidden: [9] } } }
        recipes: { mine: \(recipe) }
        regimes: { R: \(regime) }
        subsets: { full: all, random: { method: random, ipc: 2 }, noise: { method: noise, ipc: 3 } }
        budgets: \(budgets)
        \(more)
        runs: [{ models: mlp, regimes: R, subsets: full }]
        """
    }

    private static func read(_ text: String) -> (study: Study?, problems: [String]) {
        do {
            return (try Study.parse(text, path: "a.yaml", vocabulary: StudyReaderTests.vocabulary), [])
        } catch {
            return (nil, error.problems.map { "\($0.place): \($0.message)" })
        }
    }

    private static func recipe(_ recipe: String) throws -> RecipeChoice {
        let (study, problems) = read(text(recipe: recipe))
        return try #require(study?.recipes.first?.value, "\(problems)")
    }

    @Test(arguments: [
        ("cosine", ScheduleChoice.cosine), ("constant", .constant),
        (
            "{ cosine: { floor: 0.01, warm-up: 5, every: epoch } }",
            .init(.cosine(floor: 0.01), warmUp: .epochs(5), perEpoch: true)
        ),
        (
            "{ smooth-cosine: { zeta: 1.5, warm-up: { fraction: 0.1 } } }",
            .init(.smoothCosine(zeta: 1.5), warmUp: .fraction(0.1))
        ),
        ("smooth-cosine", .init(.smoothCosine(zeta: 2))),
        ("{ constant: { warm-up: { steps: 7 } } }", .init(.constant, warmUp: .steps(7))),
        ("{ step: { epochs: [60, 120], factor: 0.2 } }", .init(.stepAtEpochs([60, 120], factor: 0.2))),
        ("{ step: { at: 0.5, factor: 0.2, every: epoch } }", .init(.step(at: [0.5], factor: 0.2), perEpoch: true)),
        ("dc-evaluation", .init(.dcEvaluation)),
        ("{ trunk: constant, cooldown: 0.2 }", .init(.trunk(share: 0.2, descent: "linear"))),
        (
            "{ trunk: constant, cooldown: { fraction: 0.1, shape: sqrt }, warm-up: 1 }",
            .init(.trunk(share: 0.1, descent: "sqrt"), warmUp: .epochs(1))
        ),
    ])
    func schedulesAreRead(text: String, schedule: ScheduleChoice) throws {
        #expect(
            try Self.recipe("{ optimizer: { sgd: { learning-rate: 0.1 } }, schedule: \(text) }").schedule == schedule)
    }

    @Test func optimisersLossesAndAveragesAreRead() throws {
        let recipe = try Self.recipe(
            "{ optimizer: { adamw: { learning-rate: 0.1, beta2: 0.9 } }, loss: { mse: { cross-entropy: 0.3 } }, average: 0.99 }"
        )
        #expect(recipe.optimizer == .adamW(learningRate: 0.1, beta2: 0.9))
        #expect(recipe.loss == .meanSquares(crossEntropy: 0.3) && recipe.average == 0.99 && recipe.batch == 128)
        let losses: [(String, LossChoice)] = [
            ("cross-entropy", .crossEntropy(smoothing: 0)),
            ("{ cross-entropy: { smoothing: 0.1 } }", .crossEntropy(smoothing: 0.1)),
            ("kl", .kl(scaled: false, temperature: nil)),
            ("{ kl: { scale: T2, temperature: 4 } }", .kl(scaled: true, temperature: 4)),
            ("mse", .meanSquares(crossEntropy: 0.1)),
        ]
        for (text, loss) in losses {
            #expect(try Self.recipe("{ optimizer: { sgd: { learning-rate: 1 } }, loss: \(text) }").loss == loss)
        }
    }

    @Test func aNamedRecipeIsTakenWholeOrWithKeysOfOnesOwn() throws {
        let known = try #require(NamedRecipe.all.first { $0.name == "paper1-small-hl" }?.choice)
        #expect(try Self.recipe("paper1-small-hl") == known)
        var mine = known
        mine.batch = 128
        guard case .sgd(_, let momentum, let nesterov, let decay, let decays) = known.optimizer else {
            Issue.record("the recipe is not of SGD")
            return
        }
        #expect(momentum > 0 && decay > 0)
        mine.optimizer = .sgd(
            learningRate: 0.02, momentum: momentum, nesterov: nesterov, weightDecay: decay, decays: decays)
        #expect(
            try Self.recipe("{ recipe: paper1-small-hl, batch: 128, optimizer: { sgd: { learning-rate: 0.02 } } }")
                == mine)
        // Of another kind nothing can be kept.
        mine = known
        mine.optimizer = .adamW(learningRate: 0.001)
        #expect(try Self.recipe("{ recipe: paper1-small-hl, optimizer: { adamw: { learning-rate: 0.001 } } }") == mine)
    }

    @Test(arguments: [
        ("{ labels: soft, teacher: full }", RegimeChoice.Labels.soft, 1),
        ("{ labels: soft, teacher: full, labels-per-image: 1 }", .soft, 1),
        ("{ labels: soft, teacher: full, temperature: 20, mix: cutmix }", .views(perImage: nil), 1),
        ("{ labels: views, teacher: [full, R/full/1] }", .views(perImage: nil), 2),
        (
            "{ labels: soft, teacher: { run: full, checkpoint: 0.5, model: big }, labels-per-image: 3 }",
            .views(perImage: 3), 1
        ),
        ("{ labels: soft, teacher: full, labels-per-image: every }", .views(perImage: nil), 1),
    ])
    func regimesAreRead(text: String, labels: RegimeChoice.Labels, teachers: Int) throws {
        let (study, problems) = Self.read(Self.text(regime: text))
        let regime = try #require(study?.regimes.first?.value, "\(problems)")
        #expect(regime.labels == labels && regime.teachers.count == teachers)
        if text.contains("checkpoint") {
            #expect(regime.teachers[0].checkpoint == 0.5 && regime.teachers[0].model == "big")
        }
        #expect((regime.mix?.kind == .cutmix) == text.contains("cutmix"))
    }

    @Test func teachersAreRunsOrFiles() throws {
        let (study, problems) = Self.read(
            Self.text(regime: "{ labels: views, teacher: [random-ipc3, { file: other/a.h5, checkpoint: 5 }] }"))
        let teachers = try #require(study?.regimes.first?.value.teachers, "\(problems)")
        guard case .run(let run) = teachers[0].origin, case .file(let path) = teachers[1].origin else {
            Issue.record("\(teachers)")
            return
        }
        #expect(run.subset == "random-ipc3" && path == "other/a.h5" && teachers[1].checkpoint == 5)
    }

    @Test func aDepthOfAResNetIsItsLayers() {
        let text = Self.text().replacingOccurrences(
            of: "models: {", with: "models: { deep: { resnet: { depth: 18, stem: cifar } },")
        let problems = Self.read(text).problems
        #expect(problems.count { $0.contains("did you mean 'layers'") } == 1, "\(problems)")
    }

    @Test func budgetsRecordsAndCheckpointsAreRead() throws {
        let (study, problems) = Self.read(
            Self.text(
                budgets: "{ a: 2, b: { steps: 40 }, c: { samples: 500 }, d: { passes: 30 }, e: { epochs: 0.5 } }",
                more:
                    "checkpoints: { at: [0, 0.25, 1] }\nrecord: { runs: all, pass: train, weights: [0.25, 1], features: true }"
            ).replacingOccurrences(of: "subsets: full }", with: "subsets: full, budgets: a }"))
        let read = try #require(study, "\(problems)")
        #expect(read.budgets.map(\.value) == [.epochs(2), .steps(40), .samples(500), .passes(30), .epochs(0.5)])
        #expect(read.checkpoints.at == [0, 0.25, 1])
        #expect(
            read.record
                == RecordChoice(
                    ofAllRuns: true, pass: .train, weights: .epochs([0.25, 1]), features: true, mark: read.record.mark))
        let both = try #require(Self.read(Self.text(more: "record: { pass: [eval, train], samples: all }")).study)
        #expect(both.record.pass == .both && both.record.ofAllSamples)
        #expect(read.subsets[2].value == .noise(ipc: [3]))
        #expect(try #require(Self.read(Self.text()).study).record == RecordChoice())
    }

    @Test(arguments: [
        (text(recipe: "paper1-smal-hl"), "recipes.mine: unknown recipe 'paper1-smal-hl'"),
        (text(recipe: "{ recipe: cda, optimiser: 1 }"), "recipes.mine: unknown key 'optimiser'"),
        (text(recipe: "{ optimizer: sgd }"), "recipes.mine.optimizer: sgd needs its learning rate"),
        (
            text(recipe: "{ optimizer: { adamw: { learning-rate: 1, beta1: 1 } } }"),
            "recipes.mine.optimizer.adamw.beta1: 1 must be in 0…1 (1 excluded)"
        ),
        (
            text(recipe: "{ optimizer: { sgd: { learning-rate: 0.1 } }, schedule: { cosine: { floor: 0.1 } } }"),
            "recipes.mine: the cosine's floor 0.1 is not below the learning rate 0.1"
        ),
        (
            text(recipe: "{ optimizer: { sgd: { learning-rate: 0.1 } }, schedule: { trunk: constant } }"),
            "recipes.mine.schedule: the key 'cooldown' is missing"
        ),
        (
            text(
                recipe:
                    "{ optimizer: { sgd: { learning-rate: 0.1 } }, schedule: { step: { at: 0.5, epochs: 3, factor: 0.1 } } }"
            ), "recipes.mine.schedule.step.epochs: 'at' and 'epochs' exclude each other"
        ),
        (
            text(recipe: "{ optimizer: { sgd: { learning-rate: 0.1 } }, schedule: { dc-evaluation: { E: 3 } } }"),
            "recipes.mine.schedule: dc-evaluation takes no options"
        ),
        (
            text(recipe: "{ optimizer: { sgd: { learning-rate: 0.1 } }, average: 1 }"),
            "recipes.mine.average: 1 must be in 0…1 (1 excluded)"
        ),
        (text(regime: "{ labels: hard, mix: cutmix }"), "regimes.R.mix: a recipe mixes images of hard labels"),
        (
            text(regime: "{ labels: hard, labels-per-image: 2 }"),
            "regimes.R.labels-per-image: hard labels have no teacher"
        ),
        (
            text(regime: "{ labels: soft, teacher: full, mix: flip }"),
            "regimes.R.mix: expected one mixture, cutmix or mixup"
        ),
        (
            text(regime: "{ labels: soft, teacher: full, mix: cutmix, labels-per-image: 1 }"),
            "regimes.R.labels-per-image: one label per image is that of the image itself"
        ),
        (
            text(regime: "{ labels: views, teacher: { run: full, model: huge } }"),
            "regimes.R.teacher: unknown model 'huge'"
        ),
        (
            text(regime: "{ labels: soft, teacher: { file: a.h5, run: full } }"),
            "regimes.R.teacher.run: 'run' (of this study) and 'file' exclude each other"
        ),
        (text(regime: "{ labels: soft, teacher: a.h5 }"), "regimes.R.teacher: a run's file is named by 'file'"),
        (text(regime: "{ labels: soft, teacher: { checkpoint: 5 } }"), "regimes.R.teacher: the key 'run' is missing"),
        (text(regime: "{ labels: soft, teacher: rand }"), "regimes.R.teacher: unknown subset 'rand'"),
        (text(more: "record: { pass: [eval, trian] }"), "record.pass[2]: unknown pass 'trian'"),
        (text(more: "record: { samples: some }"), "record.samples: unknown samples 'some'"),
        (
            text(recipe: "{ optimizer: { sgd: { learning-rate: 0.1, decays: weight } } }"),
            "recipes.mine.optimizer.sgd.decays: unknown choice of parameters 'weight'"
        ),
        (text(budgets: "{ a: { step: 3 } }"), "budgets.a: unknown budget 'step'"),
        (text(budgets: "{ a: { steps: 0 } }"), "budgets.a.steps: 0 is outside 1…"),
        (text(more: "record: { weights: lst }"), "record.weights: unknown choice of checkpoints 'lst'"),
        (text(more: "checkpoints: { at: [1, 0.5] }"), "checkpoints.at: epochs must increase"),
    ])
    func faultsNameTheirPlace(text: String, message: String) {
        let problems = Self.read(text).problems
        #expect(problems.contains { $0.hasPrefix(message) }, "\(problems)")
        #expect(problems.count == 1, "\(problems)")
    }
}
