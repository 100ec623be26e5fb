import Foundation
import Tables
import Testing

@testable import Analysis

private typealias Pool = MixtureAnalysis.Pool

/// Predictions by a loop over epochs in NumPy; Fixtures/make_mixture_oracle.py wrote them.
private struct MixtureCase: CustomTestStringConvertible {
    let name: String
    let pools: [Pool]
    let level: Double
    let n0: Double
    let mixtures: [(pools: [String], n: Double, y: Double, error: Double, half: Double)]

    var testDescription: String { name }
    var analysis: MixtureAnalysis {
        get throws {
            let n = Array(Set(mixtures.map(\.n))).sorted()
            return try MixtureAnalysis(
                pools: pools, samplesSeen: n, n0: n0, level: level, shared: name == "shared" ? ["a", "d"] : [])
        }
    }

    init?(_ json: JSON) {
        func numbers(_ json: JSON?) -> [Double] { (json?.items ?? []).compactMap(\.double) }
        guard let name = json["name"]?.string, let level = json["level"]?.double, let n0 = json["n0"]?.double
        else { return nil }
        (self.name, self.level, self.n0) = (name, level, n0)
        let (sizes, degrees) = (numbers(json["sizes"]), numbers(json["degrees"]))
        pools = (json["pools"]?.items ?? []).enumerated().map { i, pool in
            let p = numbers(pool)
            return Pool(
                name: "pool\(i)", a: p[0], b: p[1], tau: p[2], d: p[3], size: sizes[i],
                covariance: numbers(json["covariances"]?[i]), degreesOfFreedom: Int(degrees[i]))
        }
        mixtures = (json["mixtures"]?.items ?? []).compactMap { row in
            guard let n = row["n"]?.double, let y = row["y"]?.double, let error = row["standard_error"]?.double,
                let half = row["half"]?.double
            else { return nil }
            return (numbers(row["members"]).map { "pool\(Int($0))" }, n, y, error, half)
        }
    }

    static let all: [MixtureCase] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/mixture-oracle.json")
        guard let bytes = try? Data(contentsOf: file), let json = try? JSON.parse(Array(bytes)) else { return [] }
        return (json.items ?? []).compactMap(MixtureCase.init)
    }()
}

/// More useful, but soon worn out.
private let easy = Pool(name: "easy", a: 0.6, b: -0.25, tau: 1, d: 0.1, size: 1000)
private let hard = Pool(name: "hard", a: 0.6, b: -0.2, tau: 3, d: 0.1, size: 1000)

private func predict(_ pools: [Pool], _ n: Double) throws -> Double {
    try MixtureAnalysis(pools: pools, samplesSeen: [n]).predict(pools.map(\.name), samplesSeen: n).y
}

private func message(_ body: () throws -> Void) -> (String, Int32) {
    do {
        try body()
    } catch let error as MixtureError {
        return (error.description, error.exitCode)
    } catch let error as TableError {
        return (error.description, error.exitCode)
    } catch {
        return ("\(error)", -1)
    }
    return ("", 0)
}

@Suite struct MixtureTests {
    @Test func theOracleIsRead() { #expect(MixtureCase.all.map(\.mixtures.count) == [60, 60, 28]) }

    @Test(arguments: MixtureCase.all) private func curvesAreThoseOfTheProductOverEpochs(_ oracle: MixtureCase) throws {
        let analysis = try oracle.analysis
        #expect(analysis.predictions.count == oracle.mixtures.count)
        for row in oracle.mixtures {
            let found = try #require(
                analysis.predictions.first { $0.pools == row.pools && $0.samplesSeen == row.n })
            // A product over up to 412 epochs against its closed form.
            #expect(abs(found.y / row.y - 1) < 1e-13)
            // The covariance of b and d cancels to four digits: ε of a quadratic form a hundred million times larger.
            let error = try #require(found.standardError)
            #expect(abs(error / row.error - 1) < 1e-7, "\(error), NumPy \(row.error)")
            let (low, high) = (try #require(found.low), try #require(found.high))
            #expect(abs((high - low) / 2 / row.half - 1) < 1e-7, "\((high - low) / 2), SciPy \(row.half)")
            #expect(abs((high + low) / 2 - found.y) < 1e-15)
            let again = try analysis.predict(row.pools, samplesSeen: row.n)
            #expect(again.y == found.y && again.standardError == found.standardError && again.rank == nil)
        }
    }

    @Test func aSinglePoolKeepsItsCurve() throws {
        for n in [300.0, 1000, 5500, 123_456] {
            let own = GoyalLaw().values([easy.a, easy.b, easy.tau, easy.d], at: LawPoints([[n], [easy.size]]))[0]
            #expect(abs(try predict([easy], n) - own) < 1e-15)
        }
    }

    @Test func equalPoolsAreOnePoolOfHalfTheRepeats() throws {
        var twin = easy
        twin.name = "twin"
        var both = easy
        (both.size, both.tau) = (2000, 2 * easy.tau)
        for n in [300.0, 2000, 5500, 123_456] {
            #expect(abs(try predict([easy, twin], n) - predict([both], n)) < 1e-15)
        }
    }

    @Test func aPoolSplitByWeightIsTheSamePool() throws {
        var (part, rest, whole) = (easy, easy, easy)
        (part.name, part.size, part.tau) = ("part", 250, easy.tau / 4)
        (rest.name, rest.size, rest.tau) = ("rest", 750, easy.tau * 3 / 4)
        whole.name = "whole"
        for n in [300.0, 1000, 5500] { #expect(abs(try predict([part, rest], n) - predict([whole], n)) < 1e-15) }
    }

    @Test func theBestMixtureDependsOnTheSamplesSeen() throws {
        let analysis = try MixtureAnalysis(pools: [easy, hard], samplesSeen: [500, 20_000])
        #expect(analysis.predictions.map(\.samplesSeen) == [500, 500, 500, 20_000, 20_000, 20_000])
        #expect(analysis.predictions.map(\.rank) == [1, 2, 3, 1, 2, 3])
        #expect(analysis.predictions[0].pools == ["easy"] && analysis.predictions[3].pools == ["easy", "hard"])
        for (better, worse) in zip(analysis.predictions, analysis.predictions.dropFirst())
        where better.samplesSeen == worse.samplesSeen { #expect(better.y <= worse.y) }
        #expect(analysis.predictions[3].epochs == 10 && analysis.predictions[3].size == 2000)
        #expect(analysis.warnings.isEmpty)
    }

    @Test func theOrderOfPoolsDoesNotMatter() throws {
        let pools = try #require(MixtureCase.all.first { $0.name == "unequal" }).pools
        let one = try MixtureAnalysis(pools: pools, samplesSeen: [1e6])
        let other = try MixtureAnalysis(pools: pools.reversed(), samplesSeen: [1e6])
        for (x, y) in zip(one.predictions, other.predictions) {
            #expect(Set(x.pools) == Set(y.pools))
            // Sums in another order.
            #expect(abs(x.y / y.y - 1) < 1e-14)
        }
    }

    @Test func whatIsNotKnownRanksLast() throws {
        var unknown = hard
        unknown.tau = .nan
        let analysis = try MixtureAnalysis(pools: [unknown, easy], samplesSeen: [900, 1500, 2500])
        let missing = analysis.predictions.filter { $0.rank == nil }
        #expect(missing.map(\.samplesSeen) == [1500, 2500, 2500] && missing.allSatisfy(\.y.isNaN))
        #expect(missing.map(\.pools) == [["hard"], ["hard"], ["hard", "easy"]])
        #expect(
            analysis.warnings == [
                "tau is not known of hard: no prediction beyond one epoch of a mixture with it"
            ])
        #expect(analysis.json()["mixtures"]?[5]?["y"] == .null)
    }

    @Test func everySubsetIsThereOnce() throws {
        func pools(_ count: Int) -> [Pool] {
            (0..<count).map { i in
                var pool = easy
                pool.name = "p\(i)"
                pool.b = -0.01 * Double(i + 1)
                return pool
            }
        }
        let all = try MixtureAnalysis(pools: pools(12), samplesSeen: [100]).predictions
        #expect(all.count == 4095 && Set(all.map(\.pools)).count == 4095)
        #expect(try MixtureAnalysis(pools: pools(13), samplesSeen: [100], upTo: 2).predictions.count == 13 + 78)
        let (text, code) = message { _ = try MixtureAnalysis(pools: pools(13), samplesSeen: [100]) }
        #expect(text.hasPrefix("13 pools have more than 4095 mixtures of up to 13") && code == 64)
        // Equal curves: fewer pools first, in the given order.
        var twin = easy
        twin.name = "twin"
        let equal = try MixtureAnalysis(pools: [twin, easy], samplesSeen: [100]).predictions
        #expect(equal.map(\.pools) == [["twin"], ["easy"], ["twin", "easy"]])
    }

    @Test func whatTheTheoremDoesNotCoverIsSaid() throws {
        var other = hard
        (other.a, other.d, other.size) = (0.7, 0.2, 3000)
        let analysis = try MixtureAnalysis(pools: [easy, other], samplesSeen: [100], n0: 100)
        #expect(analysis.warnings.count == 3)
        #expect(analysis.warnings[0].hasPrefix("a differs between pools (0.6…0.7 at N0 = 100)"))
        #expect(analysis.warnings[1].hasPrefix("d differs between pools (0.1…0.2)"))
        #expect(analysis.warnings[2].contains("our extension"))
        // Within the first epoch at N0 samples y = a + d: means by weight.
        let both = try analysis.predict(["easy", "hard"], samplesSeen: 100)
        #expect(abs(both.y - (0.25 * 0.7 + 0.75 * 0.9)) < 1e-15)
        let errors = try #require(MixtureCase.all.first { $0.name == "shared" }).pools
        let warnings = try MixtureAnalysis(pools: errors, samplesSeen: [100]).warnings
        #expect(warnings.count == 2 && warnings.allSatisfy { $0.contains("too narrow") })
    }

    @Test func withoutCovariancesThereIsNoInterval() throws {
        var known = easy
        known.covariance = (0..<16).map { $0 % 5 == 0 ? 1e-6 : 0 }
        let analysis = try MixtureAnalysis(pools: [known, hard], samplesSeen: [100])
        for prediction in analysis.predictions {
            #expect((prediction.standardError != nil) == (prediction.pools == ["easy"]))
            #expect((prediction.low != nil) == (prediction.high != nil))
        }
        #expect(analysis.warnings.contains { $0.hasPrefix("no errors are known of hard") })
        #expect(try !MixtureAnalysis(pools: [easy], samplesSeen: [100]).table().has("low"))
    }

    @Test func wrongQuestionsAreErrors() {
        func problem(
            _ pools: [Pool] = [easy, hard], n: [Double] = [100], upTo: Int? = nil, level: Double = 0.95,
            shared: [String] = []
        ) -> String {
            message { _ = try MixtureAnalysis(pools: pools, samplesSeen: n, upTo: upTo, level: level, shared: shared) }
                .0
        }
        func changed(_ change: (inout Pool) -> Void) -> [Pool] {
            var pool = easy
            change(&pool)
            return [pool]
        }
        #expect(problem([]) == "no pool to mix: none is given")
        #expect(problem([easy, easy]) == "pool 'easy': two pools have this name")
        #expect(problem(changed { $0.size = 0 }) == "pool 'easy': the size must be positive, not 0.0")
        #expect(problem(changed { $0.tau = -1 }) == "pool 'easy': tau must be positive, not -1.0")
        #expect(problem(changed { $0.b = .nan }) == "pool 'easy': b must be a number, not nan")
        #expect(problem(changed { $0.a = -1 }).hasSuffix("a must not be negative, but is -1.0"))
        #expect(problem(changed { $0.covariance = [1] }).hasSuffix("a covariance has 16 entries, not 1"))
        #expect(problem(changed { $0.degreesOfFreedom = 0 }).contains("without degrees of freedom"))
        #expect(problem(n: []) == "no number of samples seen is given")
        #expect(problem(n: [100, 0]) == "samples seen must be positive, not 0.0")
        #expect(problem(upTo: 0).contains("at least one pool"))
        #expect(problem(level: 95).contains("--level"))
        #expect(problem(shared: ["delta"]).hasPrefix("pools cannot share 'delta'"))
        let (text, code) = message {
            _ = try MixtureAnalysis(pools: [easy, hard], samplesSeen: [100]).predict(["esy"], samplesSeen: 100)
        }
        #expect(text == "no pool 'esy' (did you mean 'easy'?)" && code == 64)
    }

    @Test func outputsHaveTheFixedForm() throws {
        let analysis = try #require(MixtureCase.all.first).analysis
        let json = analysis.json()
        #expect(json["format"] == "assay-mixture" && json["version"] == 1 && json["interval"] == "delta")
        let first = try #require(json["mixtures"]?[0])
        #expect(first["samples_seen"] == 30_000 && first["rank"] == 1)
        #expect(first["pools"] == JSON(analysis.predictions[0].pools))
        for key in ["size", "epochs", "y", "standard_error", "low", "high"] { #expect(first[key]?.double != nil) }
        #expect(json["pools"]?.items?.count == 4 && json["n0"] == 100_000)
        #expect(try analysis.json().text() == MixtureCase.all[0].analysis.json().text())
        #expect(
            analysis.table().columnNames == [
                "samples_seen", "rank", "pools", "size", "epochs", "y", "standard_error", "low", "high",
            ])
        #expect(analysis.table().rowCount == 60 && analysis.table(best: 2).rowCount == 8)
        #expect(try analysis.table(best: 2).numbers("rank") == [1, 2, 1, 2, 1, 2, 1, 2])
        #expect(analysis.explanation().count == 2 && analysis.explanation()[1].contains("90 % interval"))
    }
}

@Suite struct MixturePoolsTests {
    @Test func poolsAreReadFromATable() throws {
        let csv = "name,a,b,tau,d,samples_per_epoch\neasy,0.6,-0.25,1,0.1,1000\nhard,0.6,-0.2,,0.1,1000\n"
        let pools = try MixtureAnalysis.pools(from: .csv(csv, source: "pools.csv"))
        #expect(pools[0] == easy && pools[1].tau.isNaN && pools[1].size == 1000)
        var (text, code) = message {
            _ = try MixtureAnalysis.pools(from: .csv(csv + "bad,0.6,-0.1,0,0.1,1000\n", source: "pools.csv"))
        }
        #expect(text == "pools.csv:4: tau must be positive, not 0.0" && code == 65)
        (text, code) = message { _ = try MixtureAnalysis.pools(from: .csv("name,a,b,tua,d,size\nx,1,-1,1,0,1\n")) }
        #expect(text.contains("did you mean 'tua'?") && code == 64)
        (text, code) = message {
            _ = try MixtureAnalysis.pools(from: .csv(csv + "easy,0.6,-0.1,1,0.1,1000\n", source: "pools.csv"))
        }
        #expect(text == "pool 'easy': two pools have this name" && code == 65)
    }

    private func fit(_ name: String, termination: String = "converged", law: String = "goyal", n0: Double = 1) -> JSON {
        func parameter(_ value: JSON, _ error: JSON, isShared: Bool = false) -> JSON {
            ["value": value, "standard_error": error, "shared": .bool(isShared)]
        }
        return [
            "law": .string(law), "group": ["subset": .string(name), "ipc": "10"], "n0": .exact(n0),
            "termination": .string(termination), "degrees_of_freedom": 46,
            "parameters": [
                "a": parameter(0.6, 0.02, isShared: true), "b": parameter(-0.2, 0.01), "tau": parameter(4, 0.5),
                "d": parameter(0, nil, isShared: true),
            ],
            "correlations": ["a,b": 0.5, "b,tau": -0.25],
        ]
    }

    private func fits(_ fits: JSON...) -> JSON { ["format": "assay-fit", "version": 1, "fits": .array(fits)] }

    @Test func poolsAreReadFromFits() throws {
        let json = fits(fit("x"), fit("y", termination: "refused"), fit("x", law: "power"), fit("z"))
        let read = try MixturePools(fits: json, sizes: ["10/x": 500, "10/z": 700])
        #expect(read.pools.map(\.name) == ["10/x", "10/z"] && read.pools.map(\.size) == [500, 700])
        #expect(read.n0 == 1 && read.shared == ["a", "d"])
        #expect(read.warnings == ["pool '10/y' is left out: its fit is refused"])
        let pool = read.pools[0]
        #expect([pool.a, pool.b, pool.tau, pool.d] == [0.6, -0.2, 4, 0] && pool.degreesOfFreedom == 46)
        let c = try #require(pool.covariance)
        #expect(c[0] == 0.02 * 0.02 && c[1] == 0.5 * 0.02 * 0.01 && c[4] == c[1] && c[6] == -0.25 * 0.01 * 0.5)
        #expect(c[15] == 0 && c[3] == 0)
        // d is held and shared: what it tells of the others is nothing.
        let analysis = try MixtureAnalysis(read, samplesSeen: [3000])
        #expect(
            analysis.predictions.allSatisfy { $0.standardError?.isFinite == true } && analysis.shared == ["a", "d"])
        #expect(analysis.warnings.first == read.warnings.first)
    }

    @Test func fitsThatAreNoPoolsAreNamed() {
        func problem(_ json: JSON, _ sizes: [String: Double] = ["10/x": 1, "10/y": 1]) -> (String, Int32) {
            message { _ = try MixturePools(fits: json, sizes: sizes) }
        }
        #expect(problem(["format": "assay-dcs"]).0.hasPrefix("not the JSON of a fit: format \"assay-fit\""))
        #expect(problem(fits(fit("x", law: "power"))) == ("no pool to mix: no fit is of the law goyal", 65))
        #expect(problem(fits(fit("x", termination: "refused"))).0 == "no pool to mix: none is given")
        #expect(problem(fits(fit("q"))).0.hasPrefix("the size of pool '10/q' is unknown (given are 10/x, 10/y)"))
        #expect(
            problem(fits(fit("x"), fit("y", n0: 1e5))).0 == "not the JSON of a fit: pools have different N0 (1, 100000)"
        )
        #expect(problem(fits(["law": "goyal", "termination": "converged"]), ["all": 1]).0.contains("a of pool 'all'"))
    }

    @Test func aHalfLifeThatIsNotKnownIsNone() throws {
        let json = try JSON.parse(
            Array(
                """
                {"format":"assay-fit","fits":[{"law":"goyal","termination":"converged","samples_per_epoch":100,"parameters":
                {"a":{"value":1},"b":{"value":-0.1},"tau":{"value":null},"d":{"value":0}}}]}
                """.utf8))
        let pool = try MixturePools(fits: json).pools[0]
        #expect(pool.name == "all" && pool.tau.isNaN && pool.size == 100 && pool.covariance == nil)
    }
}
