import Randomness
import Synchronization
import Testing
import Training

@testable import Distillation

@Suite struct ObjectivePropertyTests {
    private static let convnet = NetworkSpec.convnet(depth: 2, width: 8)

    /// Small forms of all objectives.
    static let all: [any DistillationObjective] = [
        DistributionMatching(networks: .random(2, convnet)),
        DistributionMatching(networks: .random(2, convnet), form: .batches(8)),
        GradientMatching(networks: .random(2, convnet), realBatch: 8),
        GradientMatching(networks: .random(1, .convnet(depth: 2, width: 8, norm: .batch)), realBatch: 8),
        TrajectoryMatching(.tm, steps: 4, range: 0...1, learningRate: 0.1, batch: 7),
        TrajectoryMatching(.datm, steps: 4, range: 1...1, learningRate: 0.1, batch: 7, dsa: true),
        SRe2L(), SRe2L(.code, batch: 6), CDA(scales: [1, 0.5]), DWA(radius: 0.5, steps: 2, batch: 6),
        ObserverEntropy(.nll), ObserverEntropy(.entropy), Realism(crops: 2),
    ]

    static func context(threads: Int = 1) -> ObjectiveContext {
        ObjectiveFixture.context(
            observers: [3, 4].map { ObjectiveFixture.observer(.batch, seed: $0) },
            trajectories: [ObjectiveFixture.expert(.instance)], seed: 1, threads: threads)
    }

    @Test(arguments: all.indices)
    func valuesDependOnTheSetAlone(index: Int) throws {
        let (objective, sets) = (Self.all[index], ObjectiveFixture.sets)
        let values = try objective.values(of: sets, in: Self.context())
        #expect(try objective.values(of: sets, in: Self.context(threads: 2)) == values)
        #expect(values.allSatisfy { $0.literal.allSatisfy(\.isFinite) && $0.networks == values[0].networks })
        // By itself, among other sets, its images in another order: the same bits.
        var stream = RandomStream(seed: 5, purpose: "order")
        let order = stream.permutation(of: sets[1].count)
        let shuffled = ObjectiveSet(name: "shuffled", positions: order, labels: order.map { sets[1].labels[$0] })
        #expect(try objective.values(of: [shuffled], in: Self.context())[0] == values[1])
        #expect(try objective.values(of: [sets[3]], in: Self.context())[0] == values[3])
    }

    @Test(arguments: all.indices)
    func repeatsChangeNothingButTrajectories(index: Int) throws {
        let objective = Self.all[index]
        let values = try objective.values(of: ObjectiveFixture.sets, in: Self.context())
        if objective is TrajectoryMatching {
            #expect(values[2] != values[0])  // twice as many images in batches of the same size
        } else {
            #expect(values[2] == values[0])
            // Images of one's own, too.
            let own = ObjectiveFixture.sets[3]
            let pixels = try Self.context().pixels(of: own)
            let twice = ObjectiveSet(name: "twice", pixels: pixels + pixels, labels: own.labels + own.labels)
            #expect(try objective.values(of: [twice], in: Self.context())[0] == values[3])
        }
    }

    /// Images of a set's own are read when they are asked for, and those of one set are held.
    @Test func imagesOfOneSetAreHeldAtATime() throws {
        let own = ObjectiveFixture.sets[3]
        let pixels = try Self.context().pixels(of: own)
        let reads = Mutex([0, 0])
        let sets = [0, 1].map { set in
            ObjectiveSet(name: "own\(set)", labels: own.labels) {
                reads.withLock { $0[set] += 1 }
                return pixels
            }
        }
        for objective in Self.all {
            let values = try objective.values(of: sets, in: Self.context())
            #expect(try values == objective.values(of: [own, own], in: Self.context()), "\(objective.name)")
        }
        let table = try ElementTable(sets, in: Self.context())
        let firsts = sets.indices.map { table.members[$0][0].element }
        let before = reads.withLock { $0 }
        for element in [firsts[0], firsts[0], firsts[1], firsts[0]] { _ = try table.pixels(of: [element]) }
        #expect(reads.withLock { $0 } == [before[0] + 2, before[1] + 1])
    }

    @Test(arguments: all.indices)
    func definitionsTellFormsApart(index: Int) {
        let definitions = Self.all.map(\.definition)
        #expect(definitions.count { $0 == definitions[index] } == 1)
        #expect(definitions[index].hasPrefix(Self.all[index].name + ":"))
    }

    /// An image shown through its views is an image of its own.
    @Test func cropsAreWhatTheStatisticsAreTakenOf() throws {
        let (context, set) = (Self.context(), ObjectiveFixture.sets[0])
        let table = try ElementTable([set], in: context)
        func shown(_ operations: [ImageOperation], _ run: String, epoch: Int) throws -> ObjectiveSet {
            let augmenter = Augmenter(
                Augmentation(operations), shape: context.shape, run: run, seed: context.seed,
                samples: ElementTable.samples)
            let views = table.elements.indices.map { augmenter.view(epoch: epoch, batch: 0, sample: table.sample($0)) }
            let pixels = Viewer(context.shape).draw(try table.pixels(of: table.elements.indices), views)
            return ObjectiveSet(name: "shown", pixels: pixels, labels: table.elements.map(\.label))
        }
        let crop = try shown([.randomResizedCrop(scale: 0.5...1), .flip], "cda/0.5", epoch: 0)
        #expect(
            try CDA(scales: [0.5]).values(of: [set], in: context)[0].literal
                == SRe2L().values(of: [crop], in: context)[0].literal)
        let first = try shown([.randomResizedCrop(scale: 0.08...1, ratio: 1...1)], "rded", epoch: 0)
        #expect(
            try Realism(crops: 1).values(of: [set], in: context)[0].literal
                == ObserverEntropy(.nll).values(of: [first], in: context)[0].literal)
        let (one, five) = (Realism(crops: 1), Realism(crops: 5))
        #expect(
            try five.values(of: [set], in: context)[0].literal[0] < one.values(of: [set], in: context)[0].literal[0])
    }

    @Test func batchesHoldOneImageOfEachClassInTurn() throws {
        let table = try ElementTable([ObjectiveFixture.sets[0]], in: Self.context())
        let order = table.classByClass(0, seed: 1)
        #expect(order.sorted() == Array(0..<30))
        #expect(table.labels(of: order) == (0..<30).map { Int32($0 % 3) })
        let batches = BatchStatisticsLoss(batch: 12).batches(table, sets: 1, seed: 1)
        #expect(batches[0].count == 2)
        #expect(batches[0].allSatisfy { $0.reduce(0) { $0 + $1.times } == 12 })
        let whole = try SRe2L().values(of: [ObjectiveFixture.sets[0]], in: Self.context())[0]
        #expect(try SRe2L(batch: 12).values(of: [ObjectiveFixture.sets[0]], in: Self.context())[0] != whole)
    }

    @Test func aResNetIsAnObserverAndAnEmbedding() throws {
        let spec = NetworkSpec.resnet(layers: 18, stem: .cifar)
        let start = try NetworkGradients(spec, shape: ObjectiveFixture.shape, classes: 3, batch: 1)
        start.initialise(identity: "observer", seed: 1)
        var context = Self.context(threads: 2)
        context.observers = [TrainedNetwork(name: "resnet", network: spec, weights: start.weights)]
        let sets = [
            ObjectiveSet(name: "a", positions: [0, 1, 2], labels: [0, 1, 2]),
            ObjectiveSet(name: "b", positions: [3, 4, 5, 6, 7, 8], labels: [0, 1, 2, 0, 1, 2]),
        ]
        let objectives: [any DistillationObjective] = [
            SRe2L(), DWA(steps: 1), ObserverEntropy(.nll), DistributionMatching(networks: .observers),
            GradientMatching(networks: .random(1, spec), realBatch: 2),
        ]
        for objective in objectives {
            let values = try objective.values(of: sets, in: context)
            #expect(values.allSatisfy { $0.literal[0].isFinite && $0.literal[0] > 0 })
            #expect(values[0].literal != values[1].literal)
        }
    }
}
