import Records
import Tables
import Testing

@testable import Importers

@Suite struct TensorBoardTests {
    private func runs() throws -> [ImportedRun] {
        try Importer.tensorboard.read([LogFixtures.path("tensorboard")], .testing { $0.stepsPerEpoch = 1 })
    }

    @Test(arguments: ["plain", "restart", "purge", "x", "tensors"])
    func scalarsAreWhatTheirWriterWasGiven(folder: String) throws {
        let expected = try #require(try LogFixtures.expected("tensorboard.json")[folder]?.members)
        let run = try runs().run(folder)
        expectNumbers(run.epochs, expected["epochs"], "epochs")
        for (name, values) in expected where name != "epochs" { expectColumn(run, name, values) }
    }

    @Test func whatIsNoScalarIsCounted() throws {
        let runs = try runs()
        #expect(try runs.run("plain").notes(with: "left out: 1 histograms.") == 1)
        #expect(try runs.run("tensors").notes(with: "left out: 3 other, 3 text.") == 1)
        #expect(try runs.run("x").warnings == ["'loss' is infinite at 1 checkpoint."])
    }

    @Test func aLaterFileWinsFromItsFirstStepOn() throws {
        let run = try runs().run("restart")
        // Steps 3, 4 and 5 of val/loss and of lr, step 4 of acc.
        #expect(run.notes(with: "7 values at steps that a later file or session begins anew left out.") == 1)
        #expect(run.sources.count == 2)
    }

    @Test func everyPrefixEndsInAnErrorOrAWarning() throws {
        let folder = try TemporaryFolder()
        let bytes = try LogFixtures.bytes("tensorboard/restart/events.out.tfevents.1.host")
        let whole = try records(bytes, in: folder)
        var complete = 0
        for length in 0..<bytes.count {
            let part = try records(Array(bytes[..<length]), in: folder)
            #expect(part.count < whole.count)
            if part.warning == nil { complete += 1 }
        }
        #expect(whole.warning == nil && complete == whole.count)
    }

    @Test func noFlippedByteIsBelieved() throws {
        let folder = try TemporaryFolder()
        let bytes = try LogFixtures.bytes("tensorboard/tensors/events.out.tfevents.0.host")
        let whole = try records(bytes, in: folder)
        var generator = SplitMix(state: 2)
        for _ in 0..<200 {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            var broken = bytes
            broken[place] ^= UInt8(1 << Int.random(in: 0..<8, using: &generator))
            do {
                let part = try records(broken, in: folder)
                #expect(part.warning != nil && part.count < whole.count, "byte \(place)")
            } catch is ImportError {}
        }
    }

    @Test func damageInTheMiddleNamesItsByte() throws {
        let folder = try TemporaryFolder()
        var bytes = try LogFixtures.bytes("tensorboard/restart/events.out.tfevents.1.host")
        bytes[14] ^= 1
        let path = try folder.write("events.out.tfevents.1", bytes)
        #expect(
            throws: ImportError(path, at: "byte 0", "the checksum does not fit: the file is damaged here")
        ) { try Importer.tensorboard.read([path], .testing()) }
    }

    /// Records with sound checksums around bytes that are no event.
    @Test func soundChecksumsDoNotMakeAnEvent() throws {
        var generator = SplitMix(state: 3)
        let folder = try TemporaryFolder()
        for round in 0..<200 {
            let data = (0..<Int.random(in: 1..<60, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            let path = try folder.write("events.tfevents.\(round)", Self.framed(data))
            do { _ = try EventScalars(path) } catch {
                #expect(error.place == "byte 0" && error.reason.contains("no event"))
            }
        }
    }

    /// A length with a sound checksum that no file can hold takes no memory.
    @Test func declaredSizesAreNotBelieved() throws {
        let folder = try TemporaryFolder()
        var bytes = try LogFixtures.bytes("tensorboard/x/events.out.tfevents.0.host")
        let whole = try records(bytes, in: folder)
        for length in [UInt64(1) << 40, .max, .max - 15, UInt64(Int.max)] {
            let head = withUnsafeBytes(of: length.littleEndian) { Array($0) }
            let crc = withUnsafeBytes(of: CRC32.maskedCastagnoli(head[...]).littleEndian) { Array($0) }
            let part = try records(bytes + head + crc + [0, 0, 0, 0], in: folder)
            #expect(part.count == whole.count && part.warning?.contains("torn (from byte \(bytes.count) of") == true)
        }
        // Zeros at the end, as a disk that lost power leaves them.
        bytes += [UInt8](repeating: 0, count: 5000)
        let padded = try records(bytes, in: folder)
        #expect(padded.count == whole.count && padded.warning != nil)
    }

    @Test func aFolderWithoutScalarsKeepsNoOtherFromBeingRead() throws {
        let folder = try TemporaryFolder()
        let bytes = try LogFixtures.bytes("tensorboard/plain/events.out.tfevents.0.host")
        _ = try folder.write("full/events.tfevents.1", bytes)
        _ = try folder.write("torn/events.tfevents.1", Array(bytes[..<40]))
        let runs = try Importer.tensorboard.read([folder.path], .testing { $0.stepsPerEpoch = 1 })
        #expect(runs.map(\.description.id) == ["full"])
        #expect(runs[0].warnings == ["1 run without metrics left out: torn."])
    }

    @Test func compressedFilesAreRefused() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("events.out.tfevents.1.gz", [0x1F, 0x8B, 8, 0])
        let error = #expect(throws: ImportError.self) { try Importer.tensorboard.read([path], .testing()) }
        #expect(error?.reason == "compressed with gzip, which is not read here; gunzip it first")
    }

    /// CRC-32C of RFC 3720, appendix B.4: 32 bytes of zeros, of ones, and counting up.
    @Test func checksumsAreThoseOfTheStandard() {
        let known: [([UInt8], UInt32)] = [
            ([UInt8](repeating: 0, count: 32), 0x8A91_36AA), ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
            ((0..<32).map { UInt8($0) }, 0x46DD_794E),
        ]
        for (bytes, crc) in known {
            #expect(CRC32.maskedCastagnoli(bytes[...]) == ((crc >> 15) | (crc << 17)) &+ 0xA282_EAD8)
        }
    }

    static func framed(_ data: [UInt8]) -> [UInt8] {
        func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
            withUnsafeBytes(of: number.littleEndian) { Array($0) }
        }
        let length = bytes(UInt64(data.count))
        return length + bytes(CRC32.maskedCastagnoli(length[...])) + data + bytes(CRC32.maskedCastagnoli(data[...]))
    }

    /// Pieces smaller than a record must not show.
    private func records(_ bytes: [UInt8], in folder: TemporaryFolder) throws -> (count: Int, warning: String?) {
        var file = try EventFile(folder.write("x", bytes), pieceSize: 64)
        var count = 0
        while try file.next() != nil { count += 1 }
        #expect(try file.source().bytes == bytes.count)
        return (count, file.warning)
    }
}
