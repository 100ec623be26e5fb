internal import Foundation
internal import SwiftProtobuf
import Tables

/// Runs of W&B: offline files, and the wide CSV that a chart exports.
enum WandBLog {
    static func read(_ paths: [String], _ options: ImportOptions) throws(ImportError) -> [ImportedRun] {
        let files = try MetricLogs.files(paths, "*.wandb file") { LogFolder.ending($0) == "wandb" }
        let exports = files.filter { ["csv", "tsv"].contains(LogFolder.ending($0)) }
        let offline = files.filter { !exports.contains($0) }
        var logs: [MetricLog] = []
        for (path, name) in zip(offline, LogNames.distinct(offline.map { TableLog.withoutEnding($0) })) {
            logs.append(try log(path, name: name))
        }
        return try MetricLogs.runs(logs + WandBExport.logs(exports, options), options)
    }

    private static func log(_ path: String, name: String) throws(ImportError) -> MetricLog {
        var file = try WandBFile(path)
        var log = MetricLog(name: name, path: path) { "history entry \($0)" }
        log.stepHint =
            "its steps count calls of log(); give --steps-per-epoch N and, since they begin at 0, --epoch-base 0"
        var history = HistoryReader()
        var number = 0
        while let record = try file.next() {
            number += 1
            let message: Assay_Wandb_Record
            do { message = try Assay_Wandb_Record(serializedBytes: record) } catch {
                throw ImportError(path, at: "record \(number)", "no record of W&B's (\(error))")
            }
            try history.add(message, to: &log, at: "record \(number)")
        }
        history.finish(&log)
        log.sources = [try file.source()]
        if let warning = file.warning { log.warnings.append(warning) }
        return log
    }
}

/// What the records of one run add up to.
private struct HistoryReader {
    private var words: Set<String> = []
    /// Histograms, tables and the like: what they are is told by a member `_type`, and their numbers are no metrics.
    private var typed: Set<String> = []
    private var summary: Set<String> = []
    private var exit: Assay_Wandb_Exit?

    mutating func add(_ message: Assay_Wandb_Record, to log: inout MetricLog, at place: String) throws(ImportError) {
        switch message.record {
        case .history(let history):
            log.addRow()
            for item in history.item { try add(item, to: &log, at: place) }
            if history.hasStep { log.add("_step", Double(history.step.num)) }
        case .run(let run):
            let name = run.displayName.isEmpty ? run.runID : run.displayName
            if !name.isEmpty { log.name = LogNames.idPiece(name) }
            for (name, text) in [("project", run.project), ("group", run.runGroup), ("job_type", run.jobType)]
            where !text.isEmpty {
                log.attributes[name] = text
            }
            try configure(run.config, &log, at: place)
        case .config(let config): try configure(config, &log, at: place)
        case .summary(let items): summary.formUnion(items.update.map(Self.name))
        case .exit(let exit): self.exit = exit
        case nil: break
        }
    }

    private static func name(_ item: Assay_Wandb_Item) -> String {
        item.nestedKey.isEmpty ? item.key : item.nestedKey.joined(separator: ".")
    }

    /// Whatever form the value has: newer writers use fields of their own for numbers and words.
    private static func value(_ item: Assay_Wandb_Item, _ path: String, at place: String) throws(ImportError) -> JSON {
        let text: String
        switch item.value {
        case .boolean(let flag): return .bool(flag)
        case .integer(let number): return .integer(Int(number))
        case .number(let number): return .number(number)
        case .text(let text): return .string(text)
        case .json(let json), .valueJson(let json): text = json
        case nil, .some(.none): return .null
        }
        do throws(JSONError) { return try JSON.parse(text) } catch {
            throw ImportError(path, at: "\(place), '\(name(item))'", "no JSON: \(error.problem)")
        }
    }

    private mutating func add(
        _ item: Assay_Wandb_Item, to log: inout MetricLog, at place: String
    ) throws(ImportError) {
        try add(Self.name(item), try Self.value(item, log.path, at: place), to: &log)
    }

    private mutating func add(_ name: String, _ value: JSON, to log: inout MetricLog) throws(ImportError) {
        if let number = value.double {
            log.add(name, number)
        } else if let text = value.string, let number = Self.numbers[text] {
            log.add(name, number)
        } else if let members = value.members, members["_type"] == nil {
            for (key, value) in members { try add(name + "." + key, value, to: &log) }
        } else if value.members != nil || name.hasSuffix("._type") {
            typed.insert(name.hasSuffix("._type") ? String(name.dropLast("._type".count)) : name)
        } else if value != .null {
            words.insert(name)
        }
    }

    /// W&B's JSON has no such numbers, and writes them as words.
    private static let numbers = ["NaN": Double.nan, "Infinity": .infinity, "-Infinity": -.infinity]

    private mutating func configure(
        _ config: Assay_Wandb_Items, _ log: inout MetricLog, at place: String
    ) throws(ImportError) {
        for item in config.update {
            let name = Self.name(item)
            if name.hasPrefix("_wandb") { continue }
            flatten(name, try Self.value(item, log.path, at: place), into: &log.attributes)
        }
    }

    private func flatten(_ name: String, _ value: JSON, into attributes: inout [String: String]) {
        switch value {
        case .null: break
        case .string(let text): attributes[name] = text
        case .object(let members): for (key, value) in members { flatten(name + "." + key, value, into: &attributes) }
        default: attributes[name] = value.text(pretty: false)
        }
    }

    func finish(_ log: inout MetricLog) {
        let isPart = { (name: String) in typed.contains { name == $0 || name.hasPrefix($0 + ".") } }
        for name in log.series.keys where isPart(name) { log.remove(name) }
        let others = words.filter { !isPart($0) }.union(typed).sorted()
        if !others.isEmpty { log.notes.append("Not numbers, and left out: \(others.joined(separator: ", ")).") }
        let alone = summary.filter {
            !$0.hasPrefix("_") && log.series[$0] == nil && !others.contains($0) && !isPart($0)
        }
        if !alone.isEmpty {
            log.notes.append("In the summary but not in the history: \(alone.sorted().joined(separator: ", ")).")
        }
        if let exit, exit.exitCode != 0 { log.warnings.append("The run ended with exit code \(exit.exitCode).") }
        for name in log.series.keys where name.hasPrefix("_wandb") { log.remove(name) }
        // Lightning's logger counts epochs from 0 and names its step so.
        log.isLightnings = log.series["trainer/global_step"] != nil
    }
}
