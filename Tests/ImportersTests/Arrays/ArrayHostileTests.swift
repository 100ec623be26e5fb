import Foundation
import Importers
import RunStore
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// Files that are cut off, damaged or made to do harm: each is an error, and none takes memory or time.
@Suite struct ArrayHostileTests {
    private static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: ArrayFixtures.folder + "/" + name)))
    }

    private static let maps = ["hdf5/foreign.h5": ["logits": "outputs/z", "labels": "klass"]]

    /// Reads every value; says what was thrown.
    private func outcome(_ path: String, _ importer: Importer, map: [String: String] = [:]) -> String? {
        let map = map.isEmpty ? ["labels": "labels"] : map
        do {
            for run in try importer.read([path], ArrayFixtures.options(map: map)) {
                for array in run.arrays {
                    let rows = array.shape.count > 1 && (array.object == "/logits" || array.object.hasPrefix("/scores"))
                    for checkpoint in 0..<(rows ? array.shape[0] : 1) {
                        _ = try array.read(checkpoint, 0..<array.shape[rows ? 1 : 0])
                    }
                }
            }
            return nil
        } catch let error as ImportError {
            return error.description
        } catch { return "\(error)" }
    }

    /// Arrays whose sizes tell what went wrong, E = 6, N = 4, C = 5.
    @Test(arguments: [
        (
            [6, 4, 5], [4, 5],
            "'labels': [4, 5] are one-hot labels; the class of each sample is needed, [N]: labels.argmax(1)"
        ),
        ([4, 6, 5], [4], "the samples seem to be the first axis, and [E, N, C] is needed: logits.transpose(1, 0, 2)"),
        ([6, 5, 4], [4], "the samples seem to be the last axis, and [E, N, C] is needed: logits.transpose(0, 2, 1)"),
    ])
    func axesInAnotherOrderAreNamed(logits: [Int], labels: [Int], message: String) throws {
        let scratch = try ScratchFolder()
        _ = try scratch.write("logits.npy", Self.zeros("<f4", logits))
        _ = try scratch.write("labels.npy", Self.zeros("<i4", labels))
        let found = try #require(outcome(scratch.path, .npy, map: ["logits": "logits"]))
        #expect(found.contains(message), "\(found)")
    }

    @Test func oneNumberPerCheckpointIsAMetric() throws {
        let scratch = try ScratchFolder()
        for (name, type, shape) in [("logits", "<f4", [6, 4, 5]), ("labels", "<i4", [4]), ("loss", "<f4", [6])] {
            _ = try scratch.write(name + ".npy", Self.zeros(type, shape))
        }
        let found = try #require(outcome(scratch.path, .npy, map: ["logits": "logits"]))
        #expect(found.contains("name the metric, --map train_loss=loss"), "\(found)")
        let run = try Importer.npy.read([scratch.path], ArrayFixtures.options(map: ["train_loss": "loss"]))[0]
        #expect(run.metrics["train_loss"] == [0, 0, 0, 0, 0, 0])
    }

    /// A .npy file of zeros, four bytes each.
    private static func zeros(_ type: String, _ shape: [Int]) -> [UInt8] {
        let sizes = shape.map { "\($0)," }.joined()
        var header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(sizes)), }"
        header += String(repeating: " ", count: 117 - header.utf8.count) + "\n"
        return [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(header.utf8)
            + [UInt8](repeating: 0, count: 4 * shape.reduce(1, *))
    }

    private static let files: [(String, Importer)] = [
        ("npy/logits-lef4.npy", .npy), ("npz/stored.npz", .npy), ("npz/deflated.npz", .npy),
        ("torch/plain-zip.pt", .pt),
        ("torch/plain-legacy.pt", .pt), ("pickle/protocol0.pkl", .pt), ("pickle/protocol2.pkl", .pt),
        ("pickle/protocol5.pkl", .pt), ("pickle/td-2.pickle", .pt),
    ]

    @Test(arguments: files.map(\.0)) func everyPrefixIsAnError(name: String) throws {
        let scratch = try ScratchFolder()
        let importer = try #require(Self.files.first { $0.0 == name }).1
        let whole = try Self.bytes(name)
        // A step that is no divisor of any block, so that all kinds of places are met.
        let step = whole.count > 4000 ? 97 : 3
        for length in stride(from: 0, to: whole.count, by: step) {
            let path = try scratch.write("cut", Array(whole[..<length]))
            let message = try #require(outcome(path, importer), "\(length) of \(whole.count) bytes are no whole file")
            #expect(message.hasPrefix(path), "\(message)")
        }
    }

    @Test func everyPrefixOfAnHDF5FileIsAnError() throws {
        let scratch = try ScratchFolder()
        let whole = try Self.bytes("hdf5/foreign.h5")
        for length in stride(from: 0, to: whole.count, by: 997) {
            let path = try scratch.write("cut", Array(whole[..<length]))
            #expect(outcome(path, .h5, map: Self.maps["hdf5/foreign.h5"] ?? [:]) != nil)
        }
    }

    /// No crash, whatever byte is another one. (HDF5 1.10 has known overflows: its files are left out.)
    @Test(arguments: files.map(\.0)) func flippedBytesDoNotCrash(name: String) throws {
        let scratch = try ScratchFolder()
        let importer = try #require(Self.files.first { $0.0 == name }).1
        let whole = try Self.bytes(name)
        // A linear congruential generator: the same damage at every run.
        var state: UInt64 = 0x2545_F491_4F6C_DD1D
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var refused = 0
        for _ in 0..<400 {
            var damaged = whole
            for _ in 0...next(3) { damaged[next(whole.count)] ^= UInt8(1 + next(255)) }
            if outcome(try scratch.write("damaged", damaged), importer) != nil { refused += 1 }
        }
        #expect(refused > 40)
    }

    /// A stored member's checksum covers its values, which have no other redundancy.
    @Test(arguments: ["npz/stored.npz", "npz/deflated.npz", "torch/plain-zip.pt"]) func damagedValuesAreFound(
        name: String
    ) throws {
        let scratch = try ScratchFolder()
        var damaged = try Self.bytes(name)
        // The last byte of the first member's data: before the second local header.
        let second = try #require(
            (4..<damaged.count - 4).first { Array(damaged[$0..<($0 + 4)]) == [0x50, 0x4b, 3, 4] })
        damaged[second - 20] ^= 0x10
        let message = try #require(outcome(try scratch.write("damaged", damaged), name.hasSuffix("pt") ? .pt : .npy))
        #expect(message.contains("damaged zip archive"), "\(message)")
    }

    // MARK: Pickles that would take memory

    private func refusal(_ pickle: [UInt8]) throws -> String {
        let scratch = try ScratchFolder()
        return try #require(outcome(try scratch.write("bomb.pkl", pickle), .pt))
    }

    @Test func deepNestingIsRefused() throws {
        let deep =
            [UInt8](repeating: UInt8(ascii: "]"), count: 200_000)
            + [UInt8](repeating: UInt8(ascii: "a"), count: 199_999)
        #expect(try refusal(deep + [UInt8(ascii: ".")]).contains("nested more than 32 deep"))
    }

    @Test func listsThatHoldThemselvesAreRefused() throws {
        // l = []; l.append(l)
        #expect(try refusal(Array("]q\0h\0a.".utf8)).contains("nested more than 32 deep"))
        // Each list holds the one before ten times: 10^20 leaves in 600 bytes.
        var laughs: [UInt8] = Array("]q\0".utf8)
        for level in 0..<20 {
            laughs += [UInt8(ascii: "]"), UInt8(ascii: "q"), UInt8(level + 1), UInt8(ascii: "(")]
            for _ in 0..<10 { laughs += [UInt8(ascii: "h"), UInt8(level)] }
            laughs.append(UInt8(ascii: "e"))
        }
        #expect(try refusal(laughs + [UInt8(ascii: ".")]).contains("hold one another more than"))
    }

    @Test func declaredSizesAreCheckedFirst() throws {
        let huge: [UInt8] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]
        #expect(try refusal([0x80, 4, 0x8e] + huge + [0x2e]).contains("declares 9223372036854775807 bytes"))
        #expect(try refusal([0x80, 4, 0x95] + huge + [0x2e]).contains("a frame of 9223372036854775807 bytes"))
        #expect(try refusal([0x80, 4, 0x8b, 0xff, 0xff, 0xff, 0x7f]).contains("an integer of 2147483647 bytes"))
        let digits = [UInt8](repeating: UInt8(ascii: "9"), count: 1_000_000)
        #expect(try refusal([UInt8(ascii: "L")] + digits + Array("L\n.".utf8)).contains("a line of more than 64 bytes"))
    }

    @Test func tensorsLargerThanTheirStorageAreRefused() throws {
        let scratch = try ScratchFolder()
        var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (9000000000, 1281167, 1000), }"
        header += String(repeating: " ", count: 117 - header.utf8.count) + "\n"
        let npy = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8)
        let message = try #require(outcome(try scratch.write("logits.npy", npy), .npy))
        #expect(message.contains("but only 0 bytes are there"), "\(message)")
        let wide = header.replacingOccurrences(of: "9000000000", with: "9999999999999999999")
        let wrong = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(wide.utf8.count), 0] + Array(wide.utf8)
        #expect(try #require(outcome(try scratch.write("logits.npy", wrong), .npy)).contains("is no value"))
    }

    @Test func zipBombsAreRefused() throws {
        let scratch = try ScratchFolder()
        var bomb = try Self.bytes("npz/deflated.npz")
        // The first member of the directory declares 4 GB.
        let directory = try #require((0..<bomb.count - 4).first { Array(bomb[$0..<($0 + 4)]) == [0x50, 0x4b, 1, 2] })
        bomb.replaceSubrange((directory + 24)..<(directory + 28), with: [0xfe, 0xff, 0xff, 0xff])
        let message = try #require(outcome(try scratch.write("bomb.npz", bomb), .npy))
        #expect(message.contains("more than") && message.contains("can become"), "\(message)")
    }

    /// A directory that names one member many times declares more than any archive of that size can hold.
    @Test func membersThatShareTheirBytesAreRefused() throws {
        let scratch = try ScratchFolder()
        let whole = try Self.bytes("npz/deflated.npz")
        let start = try #require(
            (0..<whole.count - 4).first { Array(whole[$0..<($0 + 4)]) == [0x50, 0x4b, 1, 2] })
        let end = whole.count - 22
        let (copies, directory) = (40, Array(whole[start..<end]))
        var tail = Array(whole[end...])
        func put(_ value: Int, _ at: Int, _ count: Int) {
            for byte in 0..<count { tail[at + byte] = UInt8(value >> (8 * byte) & 255) }
        }
        let members = Int(tail[10]) * copies
        put(members, 8, 2)
        put(members, 10, 2)
        put(directory.count * copies, 12, 4)
        let bomb = Array(whole[..<start]) + Array(repeatElement(directory, count: copies).joined()) + tail
        let message = try #require(outcome(try scratch.write("overlap.npz", bomb), .npy))
        #expect(message.contains("they overlap"), "\(message)")
    }

    // MARK: What is no file

    @Test func whatIsNoFileIsSaid() throws {
        let scratch = try ScratchFolder()
        #expect(outcome(scratch.path + "/absent.npy", .npy)?.hasSuffix("no such file") == true)
        #expect(outcome(scratch.path, .npy)?.contains("the folder holds no file that ends in .npy, .npz") == true)
        let pipe = scratch.path + "/pipe.npy"
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(outcome(pipe, .npy)?.contains("not a regular file") == true)
        #expect(outcome(try scratch.write("empty.npy", []), .npy)?.hasSuffix("the file is empty") == true)
        #expect(
            outcome(try scratch.write("text.pt", Array("hello".utf8)), .pt)?.contains("is it a pickle at all?") == true)
        #expect(outcome(try scratch.write("x.npy", [0x1f, 0x8b, 8, 0]), .npy)?.contains("gunzip") == true)
    }

    @Test func aPathWithSpacesIsRead() throws {
        let scratch = try ScratchFolder()
        let path = try scratch.write("my run (1).npz", try Self.bytes("npz/stored.npz"))
        #expect(outcome(path, .npy) == nil)
        let run = try Importer.npy.read([path], ArrayFixtures.options())[0]
        #expect(run.description.id == "my-run--1-")
    }
}

/// Runs that come in very many files or members.
@Suite struct ManyFilesTests {
    @Test func moreFilesThanAProcessMayOpen() throws {
        let scratch = try ScratchFolder()
        let labels = try Data(contentsOf: URL(fileURLWithPath: ArrayFixtures.folder + "/npy/labels.npy"))
        try labels.write(to: URL(fileURLWithPath: scratch.path + "/labels.npy"))
        let one = try Data(contentsOf: URL(fileURLWithPath: ArrayFixtures.folder + "/npy-epochs/epoch_1.npy"))
        let count = 1100
        for epoch in 1...count { try one.write(to: URL(fileURLWithPath: scratch.path + "/epoch_\(epoch).npy")) }
        let run = try #require(try Importer.npy.read([scratch.path], ArrayFixtures.options(id: "many")).first)
        #expect(run.arrays.first?.shape == [count, 7, 4])
        #expect(try run.arrays.first?.read(0, 0..<7) == run.arrays.first?.read(count - 1, 0..<7))
        _ = try run.write(to: Store(scratch.path + "/runs"), kind: "npy", writer: "w")
        #expect(try Store(scratch.path + "/runs").open("many").epochs.last == Double(count))
    }

    @Test(arguments: ["1000000000000, 0, 4", "9000000000000000000, 9000000000000000000, 0"])
    func emptyArraysAreRefused(shape: String) throws {
        let scratch = try ScratchFolder()
        var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(shape)), }"
        header += String(repeating: " ", count: 117 - header.utf8.count) + "\n"
        let path = try scratch.write("logits.npy", [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(header.utf8))
        let error = #expect(throws: ImportError.self) { try Importer.npy.read([path], ArrayFixtures.options()) }
        #expect(error?.reason == "it is empty")
    }
}
