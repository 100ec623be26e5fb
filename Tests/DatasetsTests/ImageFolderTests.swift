import Foundation
import Testing

@testable import Datasets

/// A tree of images that is removed with this value.
final class Tree {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "assay-tree-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        // A leftover in the temporary directory harms no test.
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Copies `Fixtures/images/<image>` to a path below the tree.
    func put(_ image: String, _ place: String) throws {
        try write(Data(contentsOf: URL(fileURLWithPath: Fixture.path("images/\(image)"))), place)
    }

    func write(_ data: Data, _ place: String) throws {
        let url = URL(fileURLWithPath: "\(path)/\(place)")
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: url)
    }

    func folder(_ place: String) throws {
        try FileManager.default.createDirectory(atPath: "\(path)/\(place)", withIntermediateDirectories: true)
    }

    func link(_ place: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: "\(path)/\(place)", withDestinationPath: target)
    }

    /// Two classes of two training images and one test image, all 9×7.
    static func good() throws -> Tree {
        let tree = try Tree()
        try tree.put("rgb8.png", "train/ant/1.png")
        try tree.put("rgb16.png", "train/ant/0.png")
        try tree.put("grey8.png", "train/Zebra/a.PNG")
        try tree.put("rgba8.png", "train/Zebra/b.png")
        try tree.put("palette4.png", "test/ant/x.png")
        try tree.put("palette8.png", "test/Zebra/y.png")
        return tree
    }
}

@Suite struct ImageFolderTests {
    private func oracle(_ name: String) throws -> [UInt8] {
        let image = try #require(try ImageOracle.read().decode[name])
        let pixels = [UInt8](image.pixels)
        let plane = image.width * image.height
        return (0..<3).flatMap { c in (0..<plane).map { pixels[3 * $0 + c] } }
    }

    @Test func readsClassesAndImagesInTheOrderOfTheirBytes() throws {
        let tree = try Tree.good()
        try tree.put("rgb8.png", "train/ant/sub/0.png")
        try tree.put("rgb8.png", "train/ant/sub-b/0.png")
        try tree.write(Data("boxes".utf8), "train/ant/ant_boxes.txt")
        try tree.write(Data(), "train/ant/.DS_Store")
        let data = try ImageFolder(path: tree.path).dataset()
        #expect(data.classNames == ["Zebra", "ant"])
        // Python's sorted(os.walk(…)): folders by their whole path ('-' is before '/'), then names.
        #expect(
            data.train.names == [
                "Zebra/a.PNG", "Zebra/b.png", "ant/0.png", "ant/1.png", "ant/sub/0.png", "ant/sub-b/0.png",
            ])
        #expect(data.train.labels == [0, 0, 1, 1, 1, 1])
        #expect(data.test.names == ["Zebra/y.png", "ant/x.png"])
        #expect([data.train.channels, data.train.height, data.train.width] as [Int] == [3, 7, 9])
        let size = data.train.valuesPerImage
        #expect(try Array(data.train.pixels[..<size]) == oracle("grey8.png"))
        #expect(try Array(data.train.pixels[2 * size..<3 * size]) == oracle("rgb16.png"))
        #expect(try Array(data.test.pixels[..<size]) == oracle("palette8.png"))
    }

    @Test func tinyImageNetsLayoutsAreTheSameData() throws {
        let plain = try Tree.good()
        try plain.put("rgb8.png", "test/Zebra/z.png")
        let tiny = try Tree()
        try tiny.put("rgb8.png", "train/ant/images/1.png")
        try tiny.put("rgb16.png", "train/ant/images/0.png")
        try tiny.put("grey8.png", "train/Zebra/images/a.PNG")
        try tiny.put("rgba8.png", "train/Zebra/images/b.png")
        try tiny.put("rgb8.png", "test/images/test_0.png")  // without labels: not the test images
        try tiny.put("palette4.png", "val/images/x.png")
        try tiny.put("palette8.png", "val/images/y.png")
        try tiny.put("rgb8.png", "val/images/z.png")
        try tiny.write(
            Data("z.png\tZebra\t0\t0\t62\t62\nx.png\tant\t0\t0\t62\t62\r\ny.png\tZebra\t1\t1\t2\t2\n".utf8),
            "val/val_annotations.txt")
        let (one, other) = (
            try ImageFolder(path: plain.path).dataset(), try ImageFolder(path: tiny.path).dataset()
        )
        #expect(bytes(one) == bytes(other))
        #expect(other.train.names?.first == "Zebra/images/a.PNG")
        #expect(other.test.names == ["images/y.png", "images/z.png", "images/x.png"])
    }

    private func bytes(_ data: Dataset) -> [UInt8] {
        var bytes: [UInt8] = []
        data.forEachDigestBlock { bytes += Array($0) }
        return bytes
    }

    @Test func foldersGoByOtherNames() throws {
        let tree = try Tree.good()
        try FileManager.default.moveItem(atPath: tree.path + "/train", toPath: tree.path + "/a")
        try FileManager.default.moveItem(atPath: tree.path + "/test", toPath: tree.path + "/b")
        #expect(try ImageFolder(path: tree.path, train: "a", test: "b").dataset().train.count == 4)
        refused(tree, ["/train: no such file", "train: NAME"], code: 66)
        try FileManager.default.moveItem(atPath: tree.path + "/a", toPath: tree.path + "/train")
        refused(tree, ["/test: no such file", "val/<class>/"], code: 66)
        try FileManager.default.moveItem(atPath: tree.path + "/b", toPath: tree.path + "/val")
        #expect(try ImageFolder(path: tree.path).dataset().test.count == 2)
    }

    @Test func threadsDoNotMoveABit() throws {
        let tree = try Tree.good()
        let once = try ImageFolder(path: tree.path, size: 5).dataset()
        #expect(try ImageFolder(path: tree.path, size: 5).dataset() == once)
        #expect([once.test.height, once.test.width] as [Int] == [5, 5])
        #expect(try ImageFolder(path: tree.path, size: 5, fit: .stretch).dataset() != once)
    }

    /// The order of the error is that of the files, whatever the threads.
    @Test(arguments: [1, 2, 7]) func theFirstOfSeveralErrorsIsThrown(_ threads: Int) {
        let error = #expect(throws: DatasetError.self) {
            try forEachConcurrently(100, threads: threads) { at throws(DatasetError) in
                if at % 10 == 3 { throw DatasetError(dataset: "\(at)", .empty) }
            }
        }
        #expect(error?.dataset == "3")
    }

    // MARK: Bad input

    private func refused(
        _ tree: Tree, size: Int? = nil, _ says: [String], code: Int32 = 65,
        _ here: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: DatasetError.self, sourceLocation: here) {
            try ImageFolder(path: tree.path, size: size).dataset()
        }
        #expect(error?.exitCode == code, sourceLocation: here)
        let text = error?.description ?? ""
        for part in says { #expect(text.contains(part), "\(text)", sourceLocation: here) }
    }

    @Test func namesATruncatedFile() throws {
        let tree = try Tree.good()
        try tree.put("bad-truncated.png", "train/ant/5.png")
        refused(tree, ["train/ant/5.png: cannot be decoded: the file ends too early"])
    }

    @Test func namesADamagedPhotograph() throws {
        let tree = try Tree.good()
        try tree.put("bad-truncated.jpg", "train/ant/5.jpg")
        refused(tree, size: 8, ["train/ant/5.jpg: cannot be decoded: ", "fetch the file again"])
        var bytes = try Data(contentsOf: URL(fileURLWithPath: Fixture.path("images/colour.jpg")))
        bytes.replaceSubrange(
            bytes.count / 2..<bytes.count - 2, with: Data(repeating: 0xFF, count: bytes.count / 2 - 2))
        try tree.write(bytes, "train/ant/5.jpg")
        refused(tree, size: 8, ["train/ant/5.jpg: cannot be decoded: "])
    }

    /// One name in two encodings is one class to a reader, and two folders to the file system.
    @Test func namesTwinClasses() throws {
        let tree = try Tree.good()
        for name in ["caf\u{E9}", "cafe\u{301}"] { try tree.put("rgb8.png", "train/\(name)/0.png") }
        refused(tree, ["two class folders are called 'caf\u{E9}', in two encodings of Unicode; rename one"])
    }

    @Test func namesAnElongatedImage() throws {
        let tree = try Tree.good()
        let (width, height) = (60_000, 1)
        try tree.write(Self.stripe(width: width, height: height), "train/ant/long.png")
        refused(tree, size: 64, ["train/ant/long.png: 60000×1 pixels are too elongated for a shorter side of 64"])
        #expect(try ImageFolder(path: tree.path, size: 64, fit: .stretch).dataset().train.count == 5)
    }

    /// A grey PNG, its pixels stored without compression.
    private static func stripe(width: Int, height: Int) -> Data {
        func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
        func chunk(_ name: String, _ body: [UInt8]) -> [UInt8] {
            let covered = Array(name.utf8) + body
            var crc: UInt32 = 0xFFFF_FFFF
            for byte in covered {
                crc ^= UInt32(byte)
                for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
            }
            return word(body.count) + covered + word(Int(~crc))
        }
        let raw = [UInt8](repeating: 0, count: height * (width + 1))
        // One stored block; the checksum (Adler) of n zeros is n mod 65521 above 1.
        let length = [UInt8(raw.count & 255), UInt8(raw.count >> 8)]
        let packed = [0x78, 0x01, 0x01] + length + length.map { ~$0 } + raw + word(raw.count << 16 | 1)
        return Data(
            [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
                + chunk("IHDR", word(width) + word(height) + [8, 0, 0, 0, 0]) + chunk("IDAT", packed)
                + chunk("IEND", []))
    }

    @Test func namesAFileThatIsNoImage() throws {
        let tree = try Tree.good()
        try tree.put("bad-text.png", "test/ant/notes.png")
        refused(tree, ["test/ant/notes.png: neither a PNG nor a JPEG (it begins with 6e 6f 74 20)"])
    }

    @Test func namesAnImageOfAnotherFormat() throws {
        let tree = try Tree.good()
        try tree.write(Data([0x42, 0x4d]), "train/Zebra/c.BMP")
        refused(tree, ["train/Zebra/c.BMP: images of the format 'bmp' are not read"])
    }

    @Test func namesTwoFilesOfMixedSizes() throws {
        let tree = try Tree.good()
        try tree.put("colour.jpg", "train/ant/7.jpg")
        refused(tree, ["train/ant/7.jpg: is 18×13 and", "train/Zebra/a.PNG is 9×7", "size: 32"])
        #expect(try ImageFolder(path: tree.path, size: 6).dataset().train.count == 5)
    }

    @Test func namesAnEmptyClass() throws {
        let tree = try Tree.good()
        try tree.folder("train/bee")
        try tree.write(Data("nothing".utf8), "train/bee/readme.txt")
        refused(tree, ["train/bee: class 'bee' has no images"])
    }

    @Test func namesAClassThatIsMissingFromTheTestSet() throws {
        let tree = try Tree.good()
        try tree.put("rgb8.png", "train/bee/0.png")
        refused(tree, ["/test: class 'bee' of the training images has no test images"])
        try tree.folder("test/bee")
        refused(tree, ["/test/bee: class 'bee' of the training images has no test images"])
        try tree.put("rgb8.png", "test/bee/0.png")
        try tree.put("rgb8.png", "test/wasp/0.png")
        refused(tree, ["/test: class 'wasp' is not among the training images"])
    }

    @Test func namesALinkThatLeadsBack() throws {
        let tree = try Tree.good()
        try tree.link("train/ant/again", to: "../../train")
        refused(tree, ["train/ant/again: a symbolic link that leads back"])
        let own = try Tree.good()
        try own.link("train/ant/own.png", to: "own.png")
        refused(own, ["train/ant/own.png: a symbolic link that leads back"])
        let dangling = try Tree.good()
        try dangling.link("train/ant/gone.png", to: "nowhere.png")
        refused(dangling, ["train/ant/gone.png: no such file", "leads nowhere"], code: 66)
    }

    @Test func followsLinksThatLeadElsewhere() throws {
        let (tree, other) = (try Tree.good(), try Tree())
        try other.put("rgb8.png", "more/0.png")
        try tree.link("train/ant/more", to: other.path + "/more")
        #expect(try ImageFolder(path: tree.path).dataset().train.names?.last == "ant/more/0.png")
    }

    @Test func refusesAHugeDeclaredSizeBeforeMemoryIsTaken() throws {
        let tree = try Tree.good()
        try tree.put("bad-huge.png", "train/Zebra/0.png")
        refused(tree, ["train/Zebra/0.png: the header declares 100000×100000 pixels"])
        let promise = try Tree.good()
        try promise.put("bad-promise.png", "train/ant/9.png")
        refused(promise, size: 8, ["train/ant/9.png: the header declares 8000×8000", "65 bytes cannot hold"])
    }

    @Test func refusesMoreThanTheMemoryHolds() throws {
        let tree = try Tree.good()
        let error = #expect(throws: DatasetError.self) { try ImageFolder(path: tree.path).dataset(memory: 755) }
        #expect(error?.description.contains("4 images of 3×7×9 do not fit") == true)
        #expect(try ImageFolder(path: tree.path).dataset(memory: 756).train.count == 4)
    }

    @Test func refusesAPipeUnderTheNameOfAnImage() throws {
        let tree = try Tree.good()
        #expect(mkfifo(tree.path + "/train/ant/pipe.png", 0o600) == 0)
        refused(tree, ["train/ant/pipe.png: cannot be read: not a regular file"], code: 74)
    }

    @Test func namesTheLineOfABadAnnotation() throws {
        for (text, says) in [
            ("x.png ant\n", "line 1: expected a file, a tab and a class"),
            ("y.png\tZebra\nx.png\twasp\n", "line 2: class 'wasp' is not among"),
            ("y.png\tZebra\nw.png\tant\n", "line 2: 'w.png' is not in"),
            ("y.png\tZebra\ny.png\tZebra\n", "line 2: 'y.png' is not in"),
            ("y.png\tZebra\n", "no line names 'images/x.png'"),
            ("y.png\tZebra\nx.png\tZebra\n", "class 'ant' of the training images has no test images"),
        ] {
            let tree = try Tree.good()
            try FileManager.default.removeItem(atPath: tree.path + "/test")
            try tree.put("palette4.png", "val/images/x.png")
            try tree.put("palette8.png", "val/images/y.png")
            try tree.write(Data(text.utf8), "val/val_annotations.txt")
            refused(tree, ["val/val_annotations.txt: \(says)"])
        }
    }

    @Test func refusesATreeWithoutClasses() throws {
        let tree = try Tree()
        try tree.put("rgb8.png", "train/0.png")
        refused(tree, ["/train: holds no class folders"])
        let nowhere = #expect(throws: DatasetError.self) { try ImageFolder(path: "/nowhere").dataset() }
        #expect(nowhere?.exitCode == 66)
        let size = #expect(throws: DatasetError.self) { try ImageFolder(path: "/nowhere", size: 0).dataset() }
        #expect(size?.exitCode == 64)
    }
}
