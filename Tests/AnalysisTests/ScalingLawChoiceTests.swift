import Fitting
import Foundation
import Tables
import Testing

@testable import Analysis

@Suite struct ScalingLawChoiceTests {
    private let oracle: AnswerOracle
    private let laws: [any ScalingLaw]

    init() throws {
        oracle = try AnswerOracle()
        laws = try ["E + A/x^alpha", "A/x^alpha", "E + A/x^alpha + C/x"].map { try AnswerOracle.law($0) }
    }

    @Test func weightsFollowTheCriteria() throws {
        let analysis = try oracle.analyse(laws: laws)
        let choice = try #require(analysis.choice)
        #expect(choice.groups.count == 3 && analysis.fits.count == 9)
        for group in choice.groups {
            #expect(group.rows.map(\.deltaAICc).min() == 0 && group.rows.map(\.deltaBIC).min() == 0)
            #expect(abs(group.rows.map(\.weight).reduce(0, +) - 1) < 1e-12)
            for row in group.rows {
                // Ratios of weights are exp(−Δ/2) by definition.
                #expect(abs(row.weight / group.rows[0].weight - exp((group.rows[0].aicc - row.aicc) / 2)) < 1e-9)
                #expect(row.errors.leaveOneOut?.n == 20 && row.errors.future?.n == 4)
            }
            // The law without a floor is far behind on these curves.
            #expect(group.rows[1].deltaAICc > 20 && group.rows[1].k == 2)
        }
    }

    @Test func whatTheDataCannotTellIsSaid() throws {
        let choice = try #require(try oracle.analyse(laws: laws).choice)
        for group in choice.groups {
            let near = group.rows.filter { $0.deltaAICc < 2 }
            let sentence = try #require(group.verdicts.first)
            #expect(sentence.hasPrefix(near.count > 1 ? "AICc cannot tell between" : "AICc: \(near[0].law), "))
        }
        let twins = try ["E + A/x^alpha", "D + B/x^beta"].map { try AnswerOracle.law($0) }
        let tie = try #require(try oracle.analyse(laws: twins).choice)
        #expect(
            tie.groups[0].verdicts[0]
                == "AICc cannot tell between E + A/x^alpha and D + B/x^beta (differences below 2)")
    }

    @Test func theTableHasARowPerGroupAndLaw() throws {
        let choice = try #require(
            try oracle.analyse(laws: laws) { $0.holdout = .condition(column: "x", .above, 30) }.choice)
        let table = choice.table()
        #expect(
            table.columnNames == [
                "group", "law", "n", "k", "rmse", "aicc", "delta_aicc", "weight", "bic", "delta_bic", "loo_rmsle",
                "future_rmsle", "holdout_rmsle", "holdout_n",
            ])
        #expect(table.rowCount == 9)
        let counts = AnswerOracle.groups.flatMap { [Double](repeating: oracle.number($0, "holdout_n"), count: 3) }
        #expect(try table.numbers("holdout_n") == counts)
        let json = choice.json()
        #expect(json[0]?["group"]?["group"] == "easy" && json[0]?["laws"]?[2]?["law"] == "E + A/x^alpha + C/x")
        #expect(json[0]?["laws"]?[0]?["holdout_rmsle"]?.double == (try table.numbers("holdout_rmsle"))[0])
        #expect(choice.text().contains("holdout_rmsle") && choice.text().contains("error at the rows held out: "))
    }

    @Test func criteriaOfOtherPointsAreNotCompared() throws {
        // E is of the first law alone: its criteria are of all groups, those of the second of one.
        let choice = try #require(try oracle.analyse(laws: Array(laws[...1])) { $0.shared = ["E"] }.choice)
        for group in choice.groups {
            #expect(group.rows.allSatisfy { $0.aicc.isFinite && $0.bic.isFinite })
            #expect(group.rows.allSatisfy { $0.deltaAICc.isNaN && $0.weight.isNaN && $0.deltaBIC.isNaN })
            #expect(group.verdicts.first?.hasPrefix("no choice by AICc or BIC: those of E + A/x^alpha are of") == true)
            #expect(!group.verdicts.contains { $0.hasPrefix("AICc") || $0.hasPrefix("BIC") })
        }
        let both = try #require(try oracle.analyse(laws: Array(laws[...1])) { $0.shared = ["alpha"] }.choice)
        for group in both.groups {
            #expect(group.rows.map(\.deltaAICc).min() == 0 && group.verdicts.contains { $0.hasPrefix("AICc: ") })
        }
    }

    @Test func oneLawIsNoChoice() throws {
        #expect(try oracle.analyse().choice == nil)
        #expect(try oracle.analyse { $0.crossValidates = true }.choice?.groups[0].verdicts == [])
    }

    @Test func theLargestShareIsHeldOutPerGroup() throws {
        let analysis = try oracle.analyse { $0.holdout = .largest(0.25) }
        for fit in analysis.fits {
            #expect(fit.n == 15 && fit.predictionErrors.holdout?.n == 5)
            // The same rows as by their condition: x is log-spaced alike in all groups.
        }
        let x = try oracle.table.numbers("x")
        let cut = Array(x[..<20].sorted()[15...])
        let other = try oracle.analyse { $0.holdout = .condition(column: "x", .notBelow, cut[0]) }
        #expect(other.fits[0].predictionErrors.holdout == analysis.fits[0].predictionErrors.holdout)
    }

    @Test func pointsThatShareTheirXAreNotParted() throws {
        let table = try Table.csv("group,x,y\n" + [1, 2, 3, 4, 5, 5, 5].map { "a,\($0),\(1 / Double($0))\n" }.joined())
        let points = try oracle.analyse(table: table) { $0.fixed = ["E": 0, "alpha": 1] }
        let group = points.groups[0].points(points.data, points.options).fitted
        #expect(group.splitByX(last: 0.2).last == [4, 5, 6] && group.splitByX(last: 0.2).first == [0, 1, 2, 3])
        #expect(group.splitByX(last: 0.99).first == [])
    }

    @Test func aHoldOutOfEverythingRefusesTheGroup() throws {
        let fits = try oracle.analyse { $0.holdout = .condition(column: "x", .above, 0) }.fits
        #expect(fits.allSatisfy { $0.isRefused })
        #expect(fits[0].warnings == ["no row of this group is left to fit"])
        #expect(throws: TableError.self) { try oracle.analyse { $0.holdout = .condition(column: "z", .above, 0) } }
    }

    @Test func errorsThatAreNotDefinedAreNull() {
        #expect(LogError(predicted: [1, -1], actual: [1, 1]).rmsle.isNaN)
        #expect(LogError(predicted: [1, 2], actual: [1, 0]).rmsle.isNaN)
        #expect(
            LogError(predicted: [exp(1.0), exp(3.0)], actual: [1, 1])
                == LogError(predicted: [exp(3.0), exp(-1.0)], actual: [1, 1]))
    }
}

@Suite struct ScalingLawPredictionsTests {
    private let oracle: AnswerOracle
    private let new: Table

    init() throws {
        oracle = try AnswerOracle()
        new = try .csv("x,group,note\n40,hard,p\n2,easy,q\n,easy,r\n9,nobody,s\n1000,easy,t\n", source: "new.csv")
    }

    @Test func rowsAreMatchedByTheirGroupAndKeepTheirOrder() throws {
        let analysis = try oracle.analyse()
        let predictions = try ScalingLawPredictions(analysis, for: new)
        let values = predictions.inRowOrder().map { $0?.value }
        #expect(
            values == [
                analysis.fits[1].predict([40]), analysis.fits[0].predict([2]), nil, nil,
                analysis.fits[0].predict([1000]),
            ])
        #expect(
            predictions.leftOut == [
                .init(reason: "x is empty", places: ["line 4"]),
                .init(reason: "no group of the fitted table matches", places: ["line 5"]),
            ])
        #expect(predictions.parts.map(\.rows) == [[1, 4], [0], []])
    }

    @Test func theirJSONStandsAtTheTopAndInEachFit() throws {
        let analysis = try oracle.analyse()
        let predictions = try ScalingLawPredictions(analysis, for: new)
        let json = analysis.json(predictions: predictions)
        #expect(json["predictions"]?.items?.count == 5 && json["predictions"]?[2] == .null)
        #expect(json["predictions"]?[1]?.double == analysis.fits[0].predict([2]))
        let fit = json["fits"]?[0]
        #expect(fit?["prediction_rows"] == [1, 4])
        #expect(fit?["predictions"]?[1]?.double == analysis.fits[0].predict([1000]))
        let band = try #require(analysis.fits[0].band(at: [1000]))
        #expect(fit?["prediction_intervals"]?[1]?["low"]?.double == band.low)
        #expect((fit?["prediction_intervals"]?[1]?["prediction_high"]?.double ?? 0) > band.high)
        #expect(json["fits"]?[2]?["predictions"] == [])
    }

    @Test func theTableAddsToTheRowsAskedFor() throws {
        let laws = try ["E + A/x^alpha", "A/x^alpha"].map { try AnswerOracle.law($0) }
        let analysis = try oracle.analyse(laws: laws)
        let predictions = try ScalingLawPredictions(analysis, for: new)
        let table = predictions.table()
        #expect(
            table.columnNames == [
                "x", "group", "note", "law", "predicted", "low", "high", "prediction_low", "prediction_high",
            ])
        #expect(table.rowCount == 10)
        #expect(try table.texts("law")[5] == "A/x^alpha")
        #expect(try table.numbers("predicted")[6] == analysis.fits[1].predict([2]))
        // With several laws there is no single array.
        #expect(analysis.json(predictions: predictions)["predictions"] == nil)
        #expect(analysis.json(predictions: predictions)["fits"]?[1]?["predictions"]?.items?.count == 2)
    }

    @Test func refusedFitsPredictNothing() throws {
        let few = try Table.csv("group,x,y\neasy,1,0.9\neasy,2,0.8\n")
        let predictions = try ScalingLawPredictions(oracle.analyse(table: few), for: new)
        #expect(predictions.inRowOrder().allSatisfy { $0 == nil })
        #expect(throws: TableError.self) {
            try ScalingLawPredictions(oracle.analyse(), for: .csv("group,z\neasy,1\n"))
        }
    }

    @Test func rowsOutsideTheDomainAreNamed() throws {
        let table = Table([
            Column("n", [1.0, 2, 3, 4, 5]), Column("s", [2.0, 2, 2, 2, 2]), Column("y", [1, 0.8, 0.7, 0.65, 0.62]),
        ])
        let analysis = try ScalingLawAnalysis(of: table, law: GoyalLaw(), x: ["n", "s"], y: "y")
        let zero = try ScalingLawPredictions(analysis, for: .csv("n,s\n0,2\n3,2\n"))
        #expect(zero.inRowOrder().map { $0 == nil } == [true, false])
        #expect(zero.leftOut.map(\.reason) == ["no sample seen yet"])
        #expect(
            throws: ScalingLawError.invalidPoint(
                place: "new.csv:2", problem: "samples per epoch must be positive, not -2.0")
        ) { try ScalingLawPredictions(analysis, for: .csv("n,s\n1,-2\n", source: "new.csv")) }
    }
}
