import Testing
import Training

@testable import Distillation

@Suite struct ObjectiveErrorTests {
    private func error(
        _ objective: any DistillationObjective, _ sets: [ObjectiveSet] = ObjectiveFixture.sets,
        _ context: ObjectiveContext = ObjectiveFixture.context()
    ) -> ObjectiveError? {
        #expect(throws: ObjectiveError.self) { try objective.values(of: sets, in: context) }
    }

    @Test func whatIsMissingIsSaid() {
        #expect(error(SRe2L()) == .noObserver(objective: "sre2l"))
        #expect(error(DistributionMatching(networks: .observers)) == .noObserver(objective: "dm-observers"))
        #expect(error(TrajectoryMatching(.tm)) == .noTrajectory(objective: "tm"))
        let plain = ObjectiveFixture.context(observers: [ObjectiveFixture.observer(.instance, seed: 2)])
        for objective in [SRe2L(), DWA(), CDA()] as [any DistillationObjective] {
            #expect(
                error(objective, ObjectiveFixture.sets, plain)
                    == .noBatchNorm(objective: objective.name, observer: "observer2"))
        }
        let batches = DistributionMatching(
            networks: .random(1, .convnet(depth: 2, width: 8, norm: .batch)), form: .batches(4))
        #expect(error(batches)?.description.contains("norm: instance") == true)
    }

    @Test func badSetsAreNamed() {
        func reason(_ set: ObjectiveSet) -> String {
            error(DistributionMatching(networks: .random(1, .convnet(depth: 1, width: 4))), [set])?.description ?? ""
        }
        #expect(reason(ObjectiveSet(name: "a", positions: [], labels: [])) == "set 'a': it has no images")
        #expect(
            reason(ObjectiveSet(name: "a", positions: [60], labels: [0])) == "set 'a': position 60 is none of 60 images"
        )
        #expect(reason(ObjectiveSet(name: "a", positions: [1], labels: [3])) == "set 'a': label 3 is none of 3 classes")
        #expect(reason(ObjectiveSet(name: "a", positions: [1], labels: [0, 1])).contains("1 images and 2 labels"))
        #expect(
            reason(ObjectiveSet(name: "a", pixels: [0], labels: [0])).contains("1 pixels are not 1 images of 1×8×8"))
        let torn = [Float](repeating: 0, count: 63) + [.nan]
        #expect(reason(ObjectiveSet(name: "a", pixels: torn, labels: [0])) == "set 'a': image 0 has the pixel nan")
    }

    @Test func startEpochsLieInTheRangeAndHaveTheirEnds() throws {
        func pairs(_ objective: TrajectoryMatching, _ epochs: [Double]) throws -> [[Double]] {
            let expert = ExpertTrajectory(name: "e", network: .mlp(hidden: []), epochs: epochs) { _ in [] }
            return try objective.startPairs(expert).map { [epochs[$0.start], epochs[$0.end]] }
        }
        let all = (0...50).map(Double.init)
        #expect(try pairs(TrajectoryMatching(.datm), all) == [[20, 22], [25, 27], [30, 32], [35, 37]])
        #expect(try pairs(TrajectoryMatching(.tm, starts: 3), all) == [[0, 2], [17, 19], [35, 37]])
        #expect(try pairs(TrajectoryMatching(.tm, range: 3...4), [0, 3, 4, 6.001]) == [[4, 6.001]])
        let missing = #expect(throws: ObjectiveError.self) {
            try pairs(TrajectoryMatching(.datm, range: 20...35), [0, 1, 2])
        }
        #expect(
            missing?.description
                == "datm: e keeps weights at epochs 0.0, 1.0, 2.0; a start epoch t needs those of t and t + 2.0, with t "
                + "in 20.0…35.0")
    }

    @Test func anExpertThatRestsHasNoDistance() {
        let weights = ObjectiveFixture.weights(.instance, seed: 10)
        let resting = ExpertTrajectory(
            name: "e", network: ObjectiveFixture.network(.instance), epochs: [0, 1, 2]
        ) { _ in weights }
        #expect(
            error(TrajectoryMatching(.tm), ObjectiveFixture.sets, ObjectiveFixture.context(trajectories: [resting]))
                == .restingExpert(objective: "tm", trajectory: "e", epoch: 0))
    }
}
