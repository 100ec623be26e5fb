internal import GRDB

/// MLflow's SQLite database, opened for reading only.
enum MLflowDatabase {
    static func logs(_ path: String) throws(ImportError) -> [MetricLog] {
        var file = try LogFile(path)
        let head = try file.next(16)
        guard head.elementsEqual(Array("SQLite format 3\0".utf8)) else {
            throw ImportError(path, "not an SQLite database; mlflow.db or an mlruns folder is expected")
        }
        while try !file.next(1 << 20).isEmpty {}
        let (runs, deleted): ([MLflowRun], Int)
        do {
            var configuration = Configuration()
            configuration.readonly = true
            (runs, deleted) = try DatabaseQueue(path: path, configuration: configuration).read(Self.runs)
        } catch let error as DatabaseError {
            throw ImportError(path, "SQLite: \(error.message ?? error.resultCode.description)")
        } catch {
            throw ImportError(path, "SQLite: \(error)")
        }
        if runs.isEmpty {
            throw ImportError(path, "no run in this database\(deleted > 0 ? " that is not deleted" : "")")
        }
        var logs = runs.map { $0.log(path: path, sources: [file.source]) }
        MetricLogs.note(deleted: deleted, in: &logs)
        return logs
    }

    private static func runs(_ database: Database) throws -> ([MLflowRun], Int) {
        try requireTables(database)
        var runs: [MLflowRun] = []
        var deleted = 0
        let found = try Row.fetchAll(
            database,
            sql: """
                SELECT runs.run_uuid AS id, runs.name AS name, runs.lifecycle_stage AS stage,
                    experiments.name AS experiment
                FROM runs LEFT JOIN experiments ON runs.experiment_id = experiments.experiment_id
                ORDER BY runs.start_time, runs.run_uuid
                """)
        for row in found {
            guard let id = String.fromDatabaseValue(row["id"]) else { continue }
            if String.fromDatabaseValue(row["stage"]) == "deleted" {
                deleted += 1
                continue
            }
            var run = MLflowRun(
                id: id, name: String.fromDatabaseValue(row["name"]),
                experiment: String.fromDatabaseValue(row["experiment"]))
            try add(metricsOf: id, to: &run, database)
            let params = try Row.fetchCursor(
                database, sql: "SELECT key, value FROM params WHERE run_uuid = ?", arguments: [id])
            while let param = try params.next() {
                guard let key = String.fromDatabaseValue(param["key"]) else { continue }
                run.params[key] = String.fromDatabaseValue(param["value"])
            }
            runs.append(run)
        }
        return (runs, deleted)
    }

    /// A view in place of a table could compute without end.
    private static func requireTables(_ database: Database) throws {
        let tables = try String.fetchSet(
            database, sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE TABLE%'")
        for name in ["runs", "experiments", "metrics", "params"] where !tables.contains(name) {
            throw DatabaseError(message: "no table '\(name)'; a database of MLflow is expected")
        }
    }

    private static func add(metricsOf id: String, to run: inout MLflowRun, _ database: Database) throws {
        let rows = try Row.fetchCursor(
            database,
            sql: "SELECT key, value, timestamp, step, is_nan FROM metrics WHERE run_uuid = ? ORDER BY timestamp, step",
            arguments: [id])
        while let row = try rows.next() {
            guard let key = String.fromDatabaseValue(row["key"]), let time = Int64.fromDatabaseValue(row["timestamp"]),
                let step = Int64.fromDatabaseValue(row["step"]), let value = Double.fromDatabaseValue(row["value"])
            else {
                throw DatabaseError(message: "a metric of run \(id) without key, value, timestamp or step")
            }
            let isNaN = Bool.fromDatabaseValue(row["is_nan"]) ?? false
            run.metrics[key, default: []].append(
                MLflowRun.Point(time: time, value: isNaN ? .nan : infinite(value), step: step))
        }
    }

    /// MLflow's database holds no infinities: it writes the largest double for them.
    private static func infinite(_ value: Double) -> Double {
        value.magnitude == .greatestFiniteMagnitude ? (value < 0 ? -.infinity : .infinity) : value
    }
}
