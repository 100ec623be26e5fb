import Foundation
import Glibc
import Records
import Synchronization
import Testing

@testable import RunStore

/// What stops a writer in the middle.
private let crash = RunStoreError("crash", .inUse)

@Suite struct CrashTests {
    static let checkpoints = 4

    /// Writes what is still to be written, and stops before the `stop`-th step. Returns what was acknowledged.
    @discardableResult
    private func write(_ path: String, created: String, stop: Int, steps: Mutex<Int>.Box) throws -> Int {
        var writer = try RunWriter(path: path, header: Example.header(created: created), resuming: true)
        if !writer.isSealed {
            #expect(
                try writer.resumeState() == (writer.acknowledged > 0 ? Example.state(writer.acknowledged - 1) : nil))
        }
        writer.onStep = { _ throws(RunStoreError) in
            let step = steps.value.withLock { count in
                count += 1
                return count
            }
            if step == stop { throw crash }
        }
        let first = writer.acknowledged
        do throws(RunStoreError) {
            for index in first..<Self.checkpoints {
                let last = index == Self.checkpoints - 1
                try writer.append(Example.checkpoint(index, last: last), state: Example.state(index))
                #expect(writer.acknowledged == index + 1)
            }
            try writer.seal()
        } catch {
            if error != crash { throw error }
        }
        return writer.acknowledged
    }

    @Test func everyStepIsRecoverable() throws {
        let scratch = try Scratch()
        let total = Mutex<Int>.Box(0)
        try write(scratch.path + "/whole.h5", created: "first", stop: .max, steps: total)
        let whole = try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/whole.h5"))
        let steps = total.value.withLock { $0 }
        // Four parts of 3 steps, three states dropped in 2, sealing in 3, four parts removed.
        #expect(steps == 4 * 3 + 3 * 2 + 3 + 4)
        for stop in 1...steps {
            let path = scratch.path + "/stopped-\(stop).h5"
            let acknowledged = try write(path, created: "first", stop: stop, steps: .init(0))
            // A torn temporary file, as a process killed while writing leaves it.
            let partial = scratch.path + "/stopped-\(stop).partial"
            if FileManager.default.fileExists(atPath: partial) {
                try Data("torn".utf8).write(to: URL(fileURLWithPath: partial + "/.part-000002.h5.new"))
            }
            try Data("torn".utf8).write(to: URL(fileURLWithPath: scratch.path + "/.stopped-\(stop).h5.new"))
            if acknowledged > 0 {
                let between = try RunFile(path: path)
                #expect(between.checkpointCount >= acknowledged)
                #expect(between.verify().isSound)
                for index in 0..<between.checkpointCount {
                    #expect(try between.logits(checkpoint: index) == Example.checkpoint(index).logits)
                }
            }
            // The first step stops before anything has its name: a run that begins then has its own date.
            try write(path, created: stop == 1 ? "first" : "second", stop: .max, steps: .init(0))
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == whole, "stopped at step \(stop)")
            #expect(!FileManager.default.fileExists(atPath: partial))
        }
    }

    @Test func onlyOneProcessWrites() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/r.h5"
        let writer = try RunWriter(path: path, header: Example.header(), resuming: true)
        let error = #expect(throws: RunStoreError.self) {
            _ = try RunWriter(path: path, header: Example.header(), resuming: true)
        }
        #expect(error?.description == scratch.path + "/r.partial: another process is writing this run")
        _ = consume writer
        _ = try RunWriter(path: path, header: Example.header(), resuming: true)
    }

    @Test func anotherRunIsNeverMixedIn() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/r.h5"
        var writer = try RunWriter(path: path, header: Example.header(), resuming: false)
        try writer.append(Example.checkpoint(0), state: nil)
        _ = consume writer
        var other = Example.header()
        other.description.digest = "cd"
        let digest = String(repeating: "ab", count: 32)
        let error = #expect(throws: RunStoreError.self) {
            _ = try RunWriter(path: path, header: other, resuming: true)
        }
        #expect(
            error?.description == scratch.path + "/r.partial: holds another run: its digest is \(digest), but cd was "
                + "asked for. Remove it to train this one")
        other = Example.header()
        other.samples?.labels[3] = 0
        #expect(throws: RunStoreError.self) { _ = try RunWriter(path: path, header: other, resuming: true) }
        #expect(throws: RunStoreError.self) {
            _ = try RunWriter(path: path, header: Example.header(precision: .half), resuming: true)
        }
        // Not resuming begins anew.
        let anew = try RunWriter(path: path, header: other, resuming: false)
        #expect(anew.acknowledged == 0)
    }

    @Test func sealedRunsAreNeverChanged() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/r.h5"
        try Example.write(path)
        #expect(throws: RunStoreError(path, .alreadySealed)) {
            _ = try RunWriter(path: path, header: Example.header(), resuming: false)
        }
        var writer = try RunWriter(path: path, header: Example.header(), resuming: true)
        #expect(writer.isSealed && writer.acknowledged == 4)
        try writer.seal()
        let error = #expect(throws: RunStoreError.self) { try writer.append(Example.checkpoint(4), state: nil) }
        #expect(error?.fault == .alreadySealed)
    }

    @Test func checkpointsThatDoNotContinueAreRefused() throws {
        let scratch = try Scratch()
        var writer = try RunWriter(path: scratch.path + "/r.h5", header: Example.header(), resuming: false)
        try writer.append(Example.checkpoint(1), state: nil)
        var wrong: [Checkpoint] = [Example.checkpoint(1), Example.checkpoint(2), Example.checkpoint(2)]
        wrong[1].logits = nil
        wrong[2].scores["el2n"]?.removeLast()
        let reasons = [
            "its epoch is 0.5 after 0.5", "it has not the same records (logits, scores) as the checkpoints before it",
            "its score 'el2n' has 36 values for 37 samples",
        ]
        for (checkpoint, reason) in zip(wrong, reasons) {
            let error = #expect(throws: RunStoreError.self) { try writer.append(checkpoint, state: nil) }
            #expect(error?.fault == .badCheckpoint(reason))
        }
        #expect(writer.acknowledged == 1)
    }

    @Test func damagedPartIsNotSealed() throws {
        let scratch = try Scratch()
        var writer = try RunWriter(path: scratch.path + "/r.h5", header: Example.header(), resuming: false)
        for index in 0..<2 { try writer.append(Example.checkpoint(index), state: nil) }
        let part = scratch.path + "/r.partial/part-000001.h5"
        try python("import h5py, sys; h5py.File(sys.argv[1], 'a')['logits'][0, 3, 1] += 1", part)
        let error = #expect(throws: RunStoreError.self) { try writer.seal() }
        #expect(error == RunStoreError(part, dataset: "/logits", checkpoint: 1, .damaged))
        #expect(!FileManager.default.fileExists(atPath: scratch.path + "/r.h5"))
        #expect(FileManager.default.fileExists(atPath: scratch.path + "/r.partial/part-000000.h5"))
    }

    /// What is reserved must suffice, or a full disk would meet HDF5 in the middle of a file.
    @Test func reservedRoomSuffices() throws {
        let scratch = try Scratch()
        let path = scratch.path + "/r.h5"
        let header = Example.header()
        var state = Example.state(0)
        state.tensors = (0..<60).map { NamedTensor(name: "w/layer\($0)/weight", shape: [1], values: [1]) }
        var writer = try RunWriter(path: path, header: header, resuming: false)
        for index in 0..<25 {
            let checkpoint = Example.checkpoint(index, last: index == 24)
            try writer.append(checkpoint, state: state)
            let room = Room.part(checkpoint, state, header, isFirst: index == 0)
            #expect(try #require(FileSystem.size(writer.partPath(index))) <= room)
        }
        let room = Room.sealed(try RunFile(path: path))
        try writer.seal()
        #expect(try #require(FileSystem.size(path)) <= room)
    }

    @Test(arguments: [3, 10, 25, 45, 70, 110]) func killedWriterLosesNothing(milliseconds: Int) async throws {
        let scratch = try Scratch()
        let path = scratch.path
        let count = 12
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [path = path as String, milliseconds = milliseconds as Int] in
            Thread.detachNewThread {
                usleep(UInt32(milliseconds) * 1000)
                kill(getpid(), SIGKILL)
            }
            var writer = try RunWriter(path: path + "/r.h5", header: Example.header(), resuming: true)
            for index in 0..<12 {
                try writer.append(Example.checkpoint(index, last: index == 11), state: Example.state(index))
                // What the outside world has been told: one byte per acknowledged checkpoint.
                let told = open(path + "/told", O_WRONLY | O_CREAT | O_APPEND, 0o666)
                _ = Glibc.write(told, ".", 1)
                close(told)
            }
            try writer.seal()
            sleep(10)
        }
        let told = (try? Data(contentsOf: URL(fileURLWithPath: path + "/told")))?.count ?? 0
        var writer = try RunWriter(path: path + "/r.h5", header: Example.header(), resuming: true)
        #expect((told...(told + 1)).contains(writer.acknowledged))
        for index in writer.acknowledged..<count {
            try writer.append(Example.checkpoint(index, last: index == count - 1), state: Example.state(index))
        }
        try writer.seal()
        try Example.write(path + "/whole.h5", count: count)
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: path + "/r.h5"))
                == Data(contentsOf: URL(fileURLWithPath: path + "/whole.h5")))
    }

    @Test func fullDiskSaysHowManyAreSafe() async throws {
        let scratch = try Scratch()
        await #expect(processExitsWith: .success) { [path = scratch.path as String] in
            // The limit on a file's size stands for a full disk: the same calls fail at the same places.
            signal(SIGXFSZ, SIG_IGN)
            func limit(_ bytes: UInt) {
                var limit = rlimit(rlim_cur: bytes, rlim_max: .max)
                precondition(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            }
            var writer = try RunWriter(path: path + "/r.h5", header: Example.header(), resuming: false)
            for index in 0..<3 { try writer.append(Example.checkpoint(index), state: Example.state(index)) }
            for bytes: UInt in [0, 100, 1000, 3000, 6000] {
                limit(bytes)
                let error = #expect(throws: RunStoreError.self) {
                    try writer.append(Example.checkpoint(3), state: Example.state(3))
                }
                limit(.max)
                let message =
                    path + "/r.partial: File too large: 3 checkpoints are safe; make room, then run again to "
                    + "go on from there"
                precondition(error?.description == message, "\(bytes): \(error?.description ?? "no error")")
                precondition(error?.exitCode == 74)
                let between = try RunFile(path: path + "/r").verify()
                precondition(between.isSound)
            }
            try writer.append(Example.checkpoint(3, last: true), state: Example.state(3))
            limit(12000)
            let error = #expect(throws: RunStoreError.self) { try writer.seal() }
            limit(.max)
            precondition(error?.fault == .diskFull("File too large", safe: 4), "\(error?.description ?? "no error")")
            try writer.seal()
            let between = try RunFile(path: path + "/r").verify()
            precondition(between.isSound)
        }
        try Example.write(scratch.path + "/whole.h5")
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/r.h5"))
                == Data(contentsOf: URL(fileURLWithPath: scratch.path + "/whole.h5")))
    }
}

extension Mutex where Value == Int {
    /// A counter that closures share.
    final class Box: Sendable {
        let value: Mutex<Int>
        init(_ start: Int) { value = Mutex(start) }
    }
}
