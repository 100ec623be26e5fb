import Statistics
import Tables
import Testing

@testable import Analysis

@Suite struct DistillationCorrelationTests {
    typealias Options = DistillationCorrelation.Options

    /// 36 sets of three sizes: size drives error and loss, and within a size the loss `dm` falls with the error while
    /// `random` does not.
    static let sets: Table = {
        var (ipc, error, dm, random) = ([Int](), [Double](), [Double](), [Double]())
        for (k, size) in [10, 50, 100].enumerated() {
            for i in 0..<12 {
                ipc.append(size)
                error.append(0.8 - 0.2 * Double(k) + 0.01 * Double(i))
                dm.append(10 - 3 * Double(k) + 0.1 * Double((i * 7) % 12) + 0.15 * Double(i))
                random.append(10 - 3 * Double(k) + 0.1 * Double((i * 5 + k) % 12))
            }
        }
        return Table([
            Column("ipc", ipc), Column("test_error", error), Column("dm", dm), Column("random", random),
            Column("subset", ipc.indices.map { "s\($0)" }),
        ])
    }()

    static func options(_ losses: String..., adjustFor: [String] = ["ipc"]) -> Options {
        var options = Options(losses: losses, error: "test_error")
        options.adjustFor = adjustFor
        options.resamples = 999
        return options
    }

    @Test func sizeExplainsAwayAnObjectiveThatKnowsOnlySize() throws {
        let dcs = try DistillationCorrelation(Self.sets, options: Self.options("dm", "random"))
        let (dm, random) = (dcs.objectives[0], dcs.objectives[1])
        #expect(dm.m == 36 && dm.effectiveM == 36)
        #expect(try #require(random.rhoUnadjusted) > 0.8)
        #expect(abs(try #require(random.rho)) < 0.4)
        #expect(try #require(random.pValue) > 0.05)
        #expect(try #require(dm.rho) > 0.5)
        #expect(try #require(dm.pValue) < 0.01)
        #expect(dm.pMethod == "permutation within ipc")
        #expect(dm.rho == dm.rhoWithin)
        // Holm: the smaller p doubles, the larger stays (or rises to it). The largest |ρ| costs no more than that.
        #expect(dm.pHolm == 2 * (try #require(dm.pValue)))
        #expect(random.pHolm == random.pValue)
        #expect(dm.pFamilyMethod == "max |rho| over shared permutations")
        #expect(try #require(dm.pFamily) >= #require(dm.pValue))
        #expect(try #require(dm.pFamily) <= #require(dm.pHolm))
        #expect(try #require(random.pFamily) >= #require(random.pValue))
    }

    @Test func theHeadlineFollowsTheAdjustment() throws {
        let x = try Self.sets.numbers("dm")
        let y = try Self.sets.numbers("test_error")
        let z = try Self.sets.numbers("ipc")
        var options = Self.options("dm")
        options.adjust = .partial
        let partial = try DistillationCorrelation(Self.sets, options: options).objectives[0]
        #expect(partial.rho == partialSpearman(x, y, given: [z]))
        options.adjust = .residual
        let residual = try DistillationCorrelation(Self.sets, options: options).objectives[0]
        #expect(residual.rho == residualSpearman(x, y, onLogOf: [z]))
        let plain = try DistillationCorrelation(Self.sets, options: Self.options("dm", adjustFor: [])).objectives[0]
        #expect(plain.rho == spearman(x, y))
        #expect(plain.rhoWithin == nil && plain.rhoPartial == nil)
        #expect(plain.pMethod == "permutation")
    }

    @Test func turnedErrorsTurnTheSign() throws {
        var turned = Self.sets
        turned.columns[1] = Column("test_error", try Self.sets.numbers("test_error").map { 1 - $0 })
        let straight = try DistillationCorrelation(Self.sets, options: Self.options("dm")).objectives[0]
        let flipped = try DistillationCorrelation(turned, options: Self.options("dm")).objectives[0]
        #expect(abs(try #require(straight.rho) + #require(flipped.rho)) < 1e-12)  // atanh of a sum: one rounding each
        #expect(straight.pValue == flipped.pValue)
    }

    @Test func rowOrderAndThreadsDoNotCount() throws {
        let options = Self.options("dm")
        let dcs = try DistillationCorrelation(Self.sets, options: options)
        let reversed = try DistillationCorrelation(Self.sets.rows((0..<36).reversed()), options: options)
        #expect(abs(try #require(dcs.objectives[0].rho) - #require(reversed.objectives[0].rho)) < 1e-12)
        var parallel = options
        parallel.threads = 3
        #expect(try DistillationCorrelation(Self.sets, options: parallel).objectives == dcs.objectives)
    }

    @Test func undefinedIsNullWithAWarning() throws {
        let table = Table([Column("dm", [1.0, 1, 1, 1]), Column("test_error", [0.1, 0.2, 0.3, 0.4])])
        let constant = try DistillationCorrelation(table, options: Self.options("dm", adjustFor: []))
        #expect(constant.objectives[0].warnings == ["the loss is the same for all 4 sets: ρ is undefined"])
        var strata = table
        strata.columns.append(Column("ipc", [1, 1, 1, 1]))
        let within = try DistillationLeaderboard(strata, options: Self.options("dm"), against: ["test_error"])
        #expect(within.entries[0].result.objectives[0].warnings == constant.objectives[0].warnings)
        #expect(!within.isAnswered)
        let json = constant.json()["objectives"]?[0]
        for key in ["rho", "low", "high", "p_value", "p_family", "rho_within"] { #expect(json?[key] == .null) }
        let three = try DistillationCorrelation(
            Self.sets.rows([0, 1, 2]), options: Self.options("dm", adjustFor: [])
        ).objectives[0]
        #expect(three.rho != nil && three.interval == nil && three.pValue != nil)
        #expect(
            three.warnings == [
                "no interval: 3 independent sets do not tell how far ρ could vary",
                "the sets have 6 arrangements: no ρ can have a p below 0.33",
            ])
        let two = try DistillationCorrelation(table.rows([0, 1]), options: Self.options("dm", adjustFor: []))
        #expect(two.objectives[0].rho == nil && two.objectives[0].m == 2)
        #expect(two.objectives[0].warnings == ["m = 2: a correlation needs at least 3 sets with a loss and an error"])
    }

    @Test func smallAndConstantStrataAreNamed() throws {
        let table = Table([
            Column("ipc", [1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3]),
            Column("dm", [1.0, 3, 2, 5, 4, 1, 2, 3, 7, 7, 7, 7]),
            Column("test_error", [0.1, 0.2, 0.3, 0.4, 0.5, 0.1, 0.2, 0.3, 0.1, 0.2, 0.3, 0.4]),
        ])
        let o = try DistillationCorrelation(table, options: Self.options("dm")).objectives[0]
        #expect(o.m == 5 && o.effectiveM == 5)
        #expect(o.warnings.contains("left out, fewer than 4 sets: ipc=2 (3)"))
        #expect(o.warnings.contains("left out, the loss or the error does not vary: ipc=3 (4)"))
        let none = try DistillationCorrelation(table.rows([0, 6, 10]), options: Self.options("dm")).objectives[0]
        #expect(none.rho == nil)
        #expect(none.warnings.contains("no stratum of ipc can be used; try partial"))
    }

    @Test func emptyCellsAreDroppedAndNamed() throws {
        let table = try Table.csv("dm,test_error\n1,0.1\n,0.2\n3,0.3\n2,0.5\n4,0.4\n", source: "t.csv")
        let dcs = try DistillationCorrelation(table, options: Self.options("dm", adjustFor: []))
        #expect(dcs.notes == ["dm: 1 row with an empty cell left out (line 3)"])
        #expect(dcs.objectives[0].m == 4)
        #expect(dcs.objectives[0].pMethod == "exact permutation")
        let text = try Table.csv("dm,test_error\n1,0.1\nx,0.2\n", source: "t.csv")
        let error = #expect(throws: TableError.self) {
            try DistillationCorrelation(text, options: Self.options("dm", adjustFor: []))
        }
        #expect(error?.description == "t.csv:3:1: 'x' in column 'dm' is not a number")
    }

    @Test func clustersCountOnce() throws {
        var copies = Self.sets.rows((0..<36).flatMap { [$0, $0, $0] })
        copies.columns.append(Column("seed", (0..<108).map { $0 % 3 }))
        var options = Self.options("dm")
        options.cluster = "subset"
        let clustered = try DistillationCorrelation(copies, options: options).objectives[0]
        let once = try DistillationCorrelation(Self.sets, options: Self.options("dm")).objectives[0]
        #expect(clustered.m == 108 && clustered.effectiveM == 36)
        #expect(clustered.pMethod == "permutation of cluster means within ipc")
        #expect(clustered.pValue == once.pValue)
    }

    @Test func theJSONHasItsFixedKeys() throws {
        let json = try DistillationCorrelation(Self.sets, options: Self.options("dm")).json()
        #expect(json["format"] == "assay-dcs" && json["version"] == 1)
        let keys = Set(json["objectives"]?[0]?.members?.keys.map { $0 } ?? [])
        #expect(
            keys.isSuperset(of: [
                "objective", "m", "effective_m", "rho", "low", "high", "p_value", "p_family", "p_method",
                "adjusted_for",
                "adjust", "rho_within", "rho_partial", "rho_unadjusted", "warnings",
            ]))
        #expect(json["objectives"]?[0]?["adjusted_for"] == ["ipc"])
        #expect(json["objectives"]?[0]?["adjust"] == "within")
    }

    @Test func lossesOfTheirOwnFileMeetTheirRows() throws {
        let errors = try Table.csv("subset,seed,test_error\na,1,0.5\na,2,0.6\nb,1,0.4\nc,1,0.3\n")
        let wide = try Table.csv("subset,dm,dc,note\nb,2,20,x\na,3,30,y\n", source: "losses.csv")
        let joined = try DistillationCorrelation.joining(wide, to: errors, error: "test_error")
        #expect(joined.objectives == ["dm", "dc"] && joined.problem == nil)
        #expect(joined.table.columns.last == Column("dc", [30.0, 30, 20, .nan]))
        let long = try Table.csv("objective,subset,loss\ndm,b,2\ndm,a,3\ndc,b,20\ndc,a,30\n")
        #expect(try DistillationCorrelation.joining(long, to: errors, error: "test_error").table == joined.table)
        let stranger = try Table.csv("subset,dm\na,3\nz,4\n", source: "losses.csv")
        #expect(
            try DistillationCorrelation.joining(stranger, to: errors, error: "test_error").problem
                == "losses.csv: 1 row belongs to nothing in the table (line 3: subset=z)")
        let twice = try Table.csv("subset,dm\na,3\na,4\n", source: "losses.csv")
        let error = #expect(throws: TableError.self) {
            try DistillationCorrelation.joining(twice, to: errors, error: "test_error")
        }
        #expect(error?.description == "losses.csv:3: a second 'dm' for subset=a")
        #expect(throws: TableError.self) {
            try DistillationCorrelation.joining(Table([Column("dm", [1.0])]), to: errors, error: "test_error")
        }
    }

    @Test func onlyTheHeadlineFollowsTheIntervalAsked() throws {
        var options = Self.options("dm")
        options.interval = .bca
        let bca = try DistillationCorrelation(Self.sets, options: options).objectives[0]
        options.interval = .percentile
        let percentile = try DistillationCorrelation(Self.sets, options: options).objectives[0]
        #expect(bca.interval == bca.bca && percentile.interval == percentile.percentile)
        #expect(bca.bca == percentile.bca && bca.percentile == percentile.percentile && bca.bca != bca.percentile)
    }

    /// Family 'odd' carries the whole association: without it nothing is left.
    @Test func theFamilyThatCarriesRhoIsNamed() throws {
        let n = 24
        var (loss, error) = ([Double](), [Double]())
        for i in 0..<n {
            let (x, y): (Int, Int) = i < 12 ? (i, i) : (i * 7 % 12, (i * 5 + 3) % 12)
            loss.append(Double(x))
            error.append(Double(y))
        }
        let family =
            [String](repeating: "odd", count: 12) + [String](repeating: "b", count: 6)
            + [String](repeating: "c", count: 6)
        let table = Table([Column("loss", loss), Column("test_error", error), Column("family", family)])
        let o = try DistillationCorrelation(table, options: Self.options("loss", adjustFor: [])).objectives[0]
        let influence = try #require(o.influence)
        #expect(influence.column == "family" && influence.mostInfluential == "odd")
        let rest = spearman(Array(loss[12...]), Array(error[12...]))
        #expect(influence.rhoWithout == rest && influence.low == rest)
        #expect(influence.high > (try #require(o.rho)))
    }

    @Test func poorSetsAreLeftOutAndStandBeside() throws {
        var options = Self.options("dm")
        options.leaveOut = try LeaveOutRule("test_error > 0.85")
        let o = try DistillationCorrelation(Self.sets, options: options).objectives[0]
        let all = try DistillationCorrelation(Self.sets, options: Self.options("dm")).objectives[0]
        let errors = try Self.sets.numbers("test_error")
        #expect(o.leftOut.count == errors.count { $0 > 0.85 } && o.m == 36 - o.leftOut.count && o.m < 36)
        #expect(o.rhoWithLeftOut == all.rho && o.rho != all.rho)
        #expect(throws: ScalingLawError.self) { try LeaveOutRule("test_error") }
        #expect(throws: ScalingLawError.self) { try LeaveOutRule("test_error > ") }
        options.leaveOut = try LeaveOutRule("test_eror > 0.5")
        #expect(throws: TableError.self) { try DistillationCorrelation(Self.sets, options: options) }
    }

    @Test func seedNoiseIsTakenAwayWhereItIsKnown() throws {
        var noisy = Self.sets
        noisy.columns += [
            Column("test_error_std", [Double](repeating: 0.03, count: 36)), Column("n", [Int](repeating: 3, count: 36)),
        ]
        let o = try DistillationCorrelation(noisy, options: Self.options("dm")).objectives[0]
        let attenuation = try #require(o.attenuation)
        // Within a size the errors are 0…11 steps of 0.01: variance 13e-4, noise 9e-4/3.
        #expect(abs(attenuation.reliability - (1 - 3.0 / 13)) < 1e-12)
        #expect(attenuation.rho > (try #require(o.rho)) && attenuation.interval != nil)
        #expect(try DistillationCorrelation(Self.sets, options: Self.options("dm")).objectives[0].attenuation == nil)
        // Only two of the three seeds have this figure.
        noisy.columns.append(Column("test_error_n", [Int](repeating: 2, count: 36)))
        let fewer = try DistillationCorrelation(noisy, options: Self.options("dm")).objectives[0]
        #expect(abs(try #require(fewer.attenuation).reliability - (1 - 4.5 / 13)) < 1e-12)
    }

    /// What ρ does not rest on does not count: a small stratum, one without a varying loss, however noisy its errors are.
    @Test func strataThatAreLeftOutAddNoNoise() throws {
        var noisy = Self.sets
        noisy.columns += [
            Column("test_error_std", [Double](repeating: 0.03, count: 36)), Column("n", [Int](repeating: 3, count: 36)),
        ]
        let o = try DistillationCorrelation(noisy, options: Self.options("dm")).objectives[0]
        func with(_ name: String, _ more: [Double]) throws -> Column { Column(name, try noisy.numbers(name) + more) }
        let more = Table([
            try with("ipc", [200, 200, 200, 300, 300, 300, 300]),
            try with("test_error", [0.1, 0.9, 0.5, 0.1, 0.9, 0.5, 0.3]), try with("dm", [1, 2, 3, 5, 5, 5, 5]),
            try with("test_error_std", [.nan] + [Double](repeating: 0.3, count: 6)),
            try with("n", [Double](repeating: 3, count: 7)),
        ])
        let all = try DistillationCorrelation(more, options: Self.options("dm")).objectives[0]
        #expect(all.m == 36 && all.rho == o.rho && all.attenuation?.reliability == o.attenuation?.reliability)
    }

    /// Nor do they come back where whole clusters are drawn and rearranged.
    @Test func strataThatAreLeftOutStayOutOfResamples() throws {
        var options = Self.options("dm")
        options.cluster = "rule"
        func table(_ more: [(ipc: Int, error: Double, dm: Double)]) throws -> Table {
            let (ipc, error, dm) = (
                try Self.sets.numbers("ipc"), try Self.sets.numbers("test_error"), try Self.sets.numbers("dm")
            )
            return Table([
                Column("ipc", ipc + more.map { Double($0.ipc) }), Column("test_error", error + more.map(\.error)),
                Column("dm", dm + more.map(\.dm)),
                Column("rule", (0..<(36 + more.count)).map { "r\($0 % 12)" }),
            ])
        }
        let few = try DistillationCorrelation(table([]), options: options).objectives[0]
        let more = try DistillationCorrelation(
            table([(200, 0.1, 9), (200, 0.2, 5), (200, 0.3, 1)]), options: options
        ).objectives[0]
        #expect(more.m == few.m && more.rho == few.rho && more.pValue == few.pValue)
        #expect(more.percentile == few.percentile && more.effectiveM == 12)
    }

    @Test func aPerfectStratumSaysHowItCounts() throws {
        let table = Table([
            Column("ipc", [1, 1, 1, 1, 2, 2, 2, 2, 2]), Column("dm", [1.0, 2, 3, 4, 1, 3, 2, 5, 4]),
            Column("test_error", [0.1, 0.2, 0.3, 0.4, 0.1, 0.2, 0.3, 0.4, 0.5]),
        ])
        let o = try DistillationCorrelation(table, options: Self.options("dm")).objectives[0]
        // √(1 − 3/60)
        #expect(
            o.warnings.contains("rho is 1 within ipc=1 (4 sets): its z is infinite, and ±0.975 counts"), "\(o.warnings)"
        )
        let alike = try DistillationCorrelation(table.rows([0, 1, 2, 3]), options: Self.options("dm")).objectives[0]
        #expect(alike.rho == 1 && !alike.warnings.contains { $0.contains("infinite") })
    }

    @Test func whatIsLeftOutIsSaidOnce() throws {
        var table = Self.sets
        let errors = try table.numbers("test_error")
        table.columns.append(Column("ood_error", errors))
        table.columns[1] = Column("test_error", [.nan] + errors.dropFirst())
        let board = try DistillationLeaderboard(
            table, options: Self.options("dm", "random"), against: ["test_error", "ood_error"])
        #expect(board.notes == ["against test_error: dm, random: 1 row with an empty cell left out (line 2)"])
        table.columns.removeLast()
        table.columns.append(Column("ood_error", [.nan] + errors.dropFirst()))
        let both = try DistillationLeaderboard(
            table, options: Self.options("dm", "random"), against: ["test_error", "ood_error"])
        #expect(
            both.notes == [
                "against test_error; against ood_error: dm, random: 1 row with an empty cell left out (line 2)"
            ])
    }

    @Test func differencesAreOfTheSameSets() throws {
        var table = Self.sets
        let dm = try table.numbers("dm")
        table.columns.append(Column("some", dm.indices.map { $0 % 9 == 0 ? .nan : dm[$0] }))
        let dcs = try DistillationCorrelation(table, options: Self.options("dm", "random", "some"))
        let all = try dcs.differences(.all, in: table)
        #expect(all.map { [$0.first, $0.second] } == [["dm", "random"], ["dm", "some"], ["random", "some"]])
        let (a, b) = (dcs.objectives[0], dcs.objectives[1])
        #expect(all[0].value == (try #require(a.rho)) - (try #require(b.rho)))
        #expect(try #require(all[0].interval).low > 0 && #require(all[0].pHolm) < 0.05)
        // Interval and p-value are of one method: the percentile interval of level 1 − p just reaches zero.
        let evidence = try [a, b].map { try #require($0.evidence?.bootstrap) }
        let difference = evidence[0].minus(evidence[1])
        #expect(all[0].interval == difference.percentile(level: 0.95) && all[0].pValue == difference.pValueOfZero)
        // 'some' is 'dm' on 32 sets: on those they do not differ at all.
        #expect(all[1].m == 32 && all[1].value == 0 && all[1].pValue == 1)
        #expect(try dcs.differences(.pair("random", "dm"), in: table)[0].value == -(try #require(all[0].value)))
        #expect(throws: TableError.self) { try dcs.differences(.pair("dm", "dc"), in: table) }
    }

    @Test func groupsAndErrorsAreOneFamily() throws {
        var table = Self.sets
        let errors = try table.numbers("test_error")
        table.columns += [
            Column("regime", errors.indices.map { $0 % 2 == 0 ? "HL" : "SL" }),
            Column("ood_error", errors.indices.map { errors[$0] + 0.001 * Double(($0 * 11) % 7) }),
        ]
        let board = try DistillationLeaderboard(
            table, options: Self.options("dm", "random"), per: ["regime"], against: ["test_error", "ood_error"])
        #expect(
            board.entries.map { "\($0.title) \($0.error)" } == [
                "HL test_error", "HL ood_error", "SL test_error", "SL ood_error",
            ])
        let objectives = board.json()["objectives"]
        #expect(objectives?.items?.count == 8)
        #expect(objectives?[2]?["group"]?["regime"] == "HL" && objectives?[2]?["error"] == "ood_error")
        for entry in board.entries {
            for o in entry.result.objectives { #expect(try #require(o.pFamily) >= #require(o.pValue)) }
        }
        // The best of a group stands first.
        let rho = try board.table().numbers("rho")
        #expect(rho[0] >= rho[1] && rho[2] >= rho[3])
    }

    @Test func lossesAlongEpochsAreOneObjective() throws {
        let found = EpochLosses.among(["dm", "tm@10", "tm@0", "dc@1", "tm@2.5", "x@"])
        #expect(found == [EpochLosses(name: "tm", epochs: [0, 2.5, 10], columns: ["tm@0", "tm@2.5", "tm@10"])])
        let table = Table([Column("tm@0", [1.0, 4]), Column("tm@2.5", [2.0, 5]), Column("tm@10", [3.0, .nan])])
        #expect(try found[0].average(in: table) == Column("tm", [2.0, .nan]))
    }

    @Test func holmStepsDown() {
        let p: [Double?] = [0.01, nil, 0.04, 0.03]
        #expect(holm(p) == [0.03, nil, 0.06, 0.06])  // statsmodels.stats.multitest.multipletests(…, "holm")
        #expect(holm([0.9, 0.8]) == [1, 1])
    }
}
