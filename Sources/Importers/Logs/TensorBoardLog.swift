internal import Foundation
internal import SwiftProtobuf
import Tables

/// Scalars of tfevents files. A folder is a run, as TensorBoard has it; its files follow one another in time.
enum TensorBoardLog {
    static func read(_ paths: [String], _ options: ImportOptions) throws(ImportError) -> [ImportedRun] {
        let files = try MetricLogs.files(paths, "tfevents file") { $0.contains("tfevents") }
        var folders: [(folder: String, files: [String])] = []
        for file in files {
            let folder = LogFolder.parent(file)
            if let known = folders.firstIndex(where: { $0.folder == folder }) {
                folders[known].files.append(file)
            } else {
                folders.append((folder, [file]))
            }
        }
        var logs: [MetricLog] = []
        for (group, name) in zip(folders, LogNames.distinct(folders.map(\.folder))) {
            logs.append(try log(group.files, folder: group.folder, name: name))
        }
        if let first = files.first, logs.allSatisfy(\.series.isEmpty) {
            let found = logs.flatMap { $0.warnings + $0.notes }
            throw ImportError(first, (["no scalar is in it"] + found).joined(separator: "; "))
        }
        return try MetricLogs.runs(logs, options)
    }

    private static func log(_ files: [String], folder: String, name: String) throws(ImportError) -> MetricLog {
        var read: [EventScalars] = []
        for file in files { read.append(try EventScalars(file)) }
        read.sort { ($0.started, $0.source.path) < ($1.started, $1.source.path) }
        var history = ScalarHistory()
        for file in read { history.add(file) }

        var log = MetricLog(name: name, path: folder) { "row \($0)" }
        log.sources = read.map(\.source)
        log.warnings = read.compactMap(\.warning)
        let skipped = read.reduce(into: [:]) { $0.merge($1.skipped, uniquingKeysWith: +) }
        if !skipped.isEmpty {
            let named = skipped.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
            log.notes.append("Values that are no scalars, left out: \(named).")
        }
        if history.purged > 0 {
            log.notes.append(
                "\(counted(history.purged, "value")) at steps that a later file or session begins anew left out.")
        }
        if history.replaced > 0 {
            log.notes.append("\(counted(history.replaced, "value")) logged again at one step: the later counts.")
        }
        history.fill(&log)
        // Lightning's logger writes its settings beside the events, and its epochs as a scalar.
        log.isLightnings = log.series["epoch"] != nil && LogFolder.exists(folder + "/hparams.yaml")
        if log.isLightnings, log.series["hp_metric"] != nil {
            log.remove("hp_metric")
            log.notes.append("Left out: hp_metric, which Lightning writes in the place of a metric.")
        }
        return log
    }
}

/// The scalars of one event file in the order in which they were written.
struct EventScalars {
    enum Entry {
        case value(tag: String, step: Int64, time: Double, Double)
        /// A session begins: what stood at this step and after it is void.
        case start(step: Int64)
    }

    private(set) var entries: [Entry] = []
    /// Wall time of the first event, seconds since 1970.
    private(set) var started = Double.infinity
    /// Values that are no scalars, by what they are.
    private(set) var skipped: [String: Int] = [:]
    private(set) var source: ImportSource
    private(set) var warning: String?
    /// What a tag's values are, told by the first alone.
    private var plugins: [String: String] = [:]

    init(_ path: String) throws(ImportError) {
        source = ImportSource(path: path, bytes: 0, sha256: "")
        var file = try EventFile(path)
        while true {
            let offset = file.position
            guard let record = try file.next() else { break }
            let event: Assay_Tensorboard_Event
            do { event = try Assay_Tensorboard_Event(serializedBytes: record) } catch {
                throw ImportError(path, at: "byte \(offset)", "no event of TensorFlow's (\(error))")
            }
            add(event)
        }
        warning = file.warning
        source = try file.source()
    }

    private mutating func add(_ event: Assay_Tensorboard_Event) {
        if event.wallTime < started { started = event.wallTime }
        if event.sessionLog.status == 1 { entries.append(.start(step: event.step)) }
        for value in event.summary.value {
            if value.hasMetadata { plugins[value.tag] = value.metadata.pluginData.pluginName }
            let plugin = plugins[value.tag] ?? ""
            var number: Double?
            var kind = plugin.isEmpty ? "other" : plugin
            switch value.value {
            case .simpleValue(let float): number = Double(float)
            case .tensor(let tensor) where plugin.isEmpty || plugin == "scalars": number = tensor.scalar
            case .tensor, nil: break
            case .image: kind = "images"
            case .histo: kind = "histograms"
            case .audio: kind = "audio"
            }
            if let number {
                entries.append(.value(tag: value.tag, step: event.step, time: event.wallTime, number))
            } else {
                skipped[kind, default: 0] += 1
            }
        }
    }
}

/// The scalars of a run while its files are read one after another.
private struct ScalarHistory {
    private struct Point {
        var time: Double
        var value: Double
    }

    private var tags: [String: [Int64: Point]] = [:]
    private(set) var purged = 0
    private(set) var replaced = 0

    /// A file that goes on with a tag voids what earlier files say of it from its first step on. Other tags are left
    /// alone: Lightning writes settings and a test into files of their own.
    mutating func add(_ file: EventScalars) {
        var first: [String: Int64] = [:]
        for case .value(let tag, let step, _, _) in file.entries { first[tag] = min(first[tag] ?? .max, step) }
        for (tag, step) in first { purge(tag, from: step) }
        for entry in file.entries {
            switch entry {
            case .start(let step): for tag in tags.keys { purge(tag, from: step) }
            case .value(let tag, let step, let time, let value):
                if tags[tag, default: [:]].updateValue(Point(time: time, value: value), forKey: step) != nil {
                    replaced += 1
                }
            }
        }
    }

    private mutating func purge(_ tag: String, from step: Int64) {
        guard let points = tags[tag] else { return }
        let kept = points.filter { $0.key < step }
        purged += points.count - kept.count
        tags[tag] = kept
    }

    /// One row per step.
    func fill(_ log: inout MetricLog) {
        var steps: [Int64: [(tag: String, point: Point)]] = [:]
        for (tag, points) in tags { for (step, point) in points { steps[step, default: []].append((tag, point)) } }
        for (step, values) in steps.sorted(by: { $0.key < $1.key }) {
            log.addRow()
            log.add("step", Double(step))
            for (tag, point) in values where tag != "step" { log.add(tag, point.value) }
            if let time = values.map(\.point.time).max(), tags["wall_time"] == nil { log.add("wall_time", time) }
        }
    }
}
