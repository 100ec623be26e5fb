import RunStore
import Scoring
import Tables

@testable import Workflow

/// The two scores that these tests ask for.
enum Asked {
    case el2n(checkpoints: Range<Int>?)
    case cadPrune(span: Int, window: Int, allowMismatched: Bool)

    func job(_ runs: [RunFile], threads: Int = 1) throws -> ScoringJob {
        var options = ScoringOptions()
        options.threads = threads
        switch self {
        case .el2n(let checkpoints):
            return try ScoringJob(runs, [ScoreRequest("el2n", checkpoints: checkpoints)], options: options)
        case .cadPrune(let span, let window, let allowMismatched):
            options.allowMismatched = allowMismatched
            return try ScoringJob(runs, [ScoreRequest("cad-prune", span: span, window: window)], options: options)
        }
    }
}

/// One score of one or more runs: its table, its sidecar, and what they say.
struct Scored {
    let table: Table
    let sidecar: JSON
    let warnings: [String]

    init(_ runs: [RunFile], _ asked: Asked, threads: Int = 1) throws {
        let scores = SampleScores(try asked.job(runs, threads: threads))
        table = try scores.tables()[0]
        sidecar = try scores.sidecar(0)
        warnings = scores.warnings
    }

    init(_ run: RunFile, _ asked: Asked) throws { try self.init([run], asked) }

    var values: [Double] { (try? table.numbers("score")) ?? [] }
    var epochs: [Double] { sidecar["epochs"]?.items?.compactMap(\.double) ?? [] }
    var positions: [Int] { sidecar["positions"]?.items?.compactMap(\.double).map { Int($0) } ?? [] }
    var records: [String] { sidecar["runs"]?.items?.first?["records"]?.items?.compactMap(\.string) ?? [] }
}
