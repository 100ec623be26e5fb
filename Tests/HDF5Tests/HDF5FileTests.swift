import Foundation
import HDF5
import Testing

@Suite struct HDF5FileTests {
    /// A path that no other test uses; the file is removed when the test ends.
    private final class Path {
        let text = FileManager.default.temporaryDirectory.path + "/assay-hdf5-\(UUID().uuidString).h5"
        deinit { try? FileManager.default.removeItem(atPath: text) }
    }

    @Test func scalarsOfEveryWidthComeBack() throws {
        let path = Path()
        let created = try HDF5File(creating: path.text, reserving: 1 << 16)
        func roundTrip<T: HDF5Scalar & Equatable>(_ values: [T], _ created: borrowing HDF5File) throws {
            let name = "/deep/er/\(T.self)"
            try created.createDataset(name, type: T.elementType, shape: [values.count]).write(values)
            let back = try created.dataset(name).read(T.self)
            #expect(back == values)
        }
        try roundTrip([Int8.min, 0, .max], created)
        try roundTrip([Int16.min, 0, .max], created)
        try roundTrip([Int32.min, 0, .max], created)
        try roundTrip([Int64.min, 0, .max], created)
        try roundTrip([UInt8.min, 7, .max], created)
        try roundTrip([UInt16.min, 7, .max], created)
        try roundTrip([-Float.greatestFiniteMagnitude, .leastNonzeroMagnitude, .infinity], created)
        try roundTrip([-Double.greatestFiniteMagnitude, .leastNonzeroMagnitude, .infinity], created)
        try roundTrip([HalfBits(bits: 0x3c00), HalfBits(bits: 0x7e01), HalfBits(bits: 1)], created)
        let widened = try created.dataset("/deep/er/Int16").read(Double.self)
        #expect(widened == [-32768, 0, 32767])
        let half = try created.info("/deep/er/HalfBits").type
        #expect(half.description == "float16")
        let names = try created.children(of: "/deep/er")
        #expect(names.count == 9)
        try created.close()
        let opened = try HDF5File(reading: path.text)
        let back = try opened.dataset("/deep/er/Int64").read(Int64.self)
        #expect(back == [.min, 0, .max])
    }

    @Test func hyperslabsAreReadAndWritten() throws {
        let path = Path()
        let file = try HDF5File(creating: path.text, reserving: 1 << 16)
        let dataset = try file.createDataset("/cube", type: Int32.elementType, shape: [3, 4, 5], chunk: [1, 2, 5])
        for plane in 0..<3 {
            let values = (0..<20).map { Int32(plane * 100 + $0) }
            try values.withUnsafeBufferPointer { try dataset.write($0, start: [plane, 0, 0], count: [1, 4, 5]) }
        }
        var block = [Int32](repeating: 0, count: 6)
        try block.withUnsafeMutableBufferPointer { try dataset.read(into: $0, start: [1, 1, 2], count: [1, 2, 3]) }
        #expect(block == [107, 108, 109, 112, 113, 114])
        let chunk = dataset.info.chunk
        #expect(chunk == [1, 2, 5])
    }

    @Test func attributesOfAnySizeComeBack() throws {
        let path = Path()
        let file = try HDF5File(creating: path.text, reserving: 1 << 16)
        try file.createGroup("/g")
        let values: [(String, HDF5Attribute)] = [
            ("text", .string("ünï\n")), ("empty", .string("")), ("count", .integer(.min)), ("ratio", .number(0.1)),
            ("texts", .strings((0..<5000).map { "digest-\($0)" })), ("counts", .integers(Array(0..<20000))),
            ("long", .string(String(repeating: "x", count: 200_000))),
        ]
        for (name, value) in values { try file.setAttribute(name, of: "/g", to: value) }
        for (name, value) in values {
            let back = try file.attribute(name, of: "/g")
            #expect(back == value)
        }
        let names = try file.attributeNames(of: "/g")
        #expect(names == values.map(\.0).sorted())
        let absent = try file.attribute("absent", of: "/g")
        #expect(absent == nil)
    }

    @Test func errorsComeFromTheLibrarysStack() throws {
        let path = Path()
        let file = try HDF5File(creating: path.text, reserving: 1 << 16)
        _ = try file.createDataset("/logits", type: Float.elementType, shape: [2])
        let error = failure { () throws(HDF5Error) in
            _ = try file.createDataset("/logits", type: Float.elementType, shape: [2])
        }
        #expect(error?.description == "H5Dcreate2 failed for '/logits' in \(path.text): name already exists")
        let absent = failure { () throws(HDF5Error) in _ = try HDF5File(reading: "/nowhere/run.h5") }
        #expect(absent?.reason == "No such file or directory")
        #expect(absent?.errorNumber == 2)
    }

    @Test func numbersAreNotReadAsSomethingElse() throws {
        let path = Path()
        let file = try HDF5File(creating: path.text, reserving: 1 << 16)
        try file.createDataset("/x", type: Float.elementType, shape: [2]).write([Float(1.5), 2])
        let error = failure { () throws(HDF5Error) in _ = try file.dataset("/x").read(Int32.self) }
        #expect(error?.reason == "it holds float32, not int32")
        let texts = failure { () throws(HDF5Error) in _ = try file.dataset("/x").readStrings() }
        #expect(texts?.reason == "it holds float32, not strings")
        let absent = failure { () throws(HDF5Error) in _ = try file.dataset("/y") }
        #expect(absent?.reason == "there is no such dataset")
    }

    /// The error of the body. (`#expect(throws:)` cannot hold a noncopyable file.)
    private func failure(_ body: () throws(HDF5Error) -> Void) -> HDF5Error? {
        do throws(HDF5Error) { try body() } catch { return error }
        return nil
    }

    @Test func roomThatIsTooMuchIsGivenBack() throws {
        let path = Path()
        let file = try HDF5File(creating: path.text, reserving: 1 << 22)
        try file.createDataset("/x", type: Float.elementType, shape: [2]).write([Float(1), 2])
        try file.close()
        let size = try FileManager.default.attributesOfItem(atPath: path.text)[.size] as? Int
        #expect(try #require(size) < 1 << 14)
    }
}
