import Testing

@testable import Importers

/// Swift's own Float16 knows nothing of the conversion that is tested.
@Suite struct ElementTypeTests {
    @Test func everyHalfIsExact() {
        let halves = (UInt16.min...UInt16.max).map { $0 }
        for isBigEndian in [false, true] {
            let raw = halves.map { isBigEndian ? $0.byteSwapped : $0 }
            let floats = raw.withUnsafeBytes { ElementType.half.floats($0, isBigEndian: isBigEndian) }
            let wrong = zip(halves, floats).filter { half, float in
                let expected = Float(Float16(bitPattern: half))
                return expected.isNaN ? !float.isNaN : float.bitPattern != expected.bitPattern
            }
            #expect(wrong.isEmpty)
        }
    }

    @Test func unalignedBytesAreRead() {
        let bytes: [UInt8] = [9, 1, 0, 0, 0, 0, 0, 0, 0x80]
        let values = bytes.withUnsafeBytes {
            ElementType.int64.integers(UnsafeRawBufferPointer(rebasing: $0[1...]), isBigEndian: false)
        }
        #expect(values == [Int64.min + 1])
    }

    /// Every block of an array at any strides is the block of the list of its values.
    @Test(arguments: [[0, 1, 2], [2, 1, 0], [1, 2, 0], [1, 0, 2]]) func blocksFollowTheStrides(order: [Int]) throws {
        let shape = [3, 5, 4]
        // Laid out by `order`, slowest axis first.
        var strides = [0, 0, 0]
        var next = 1
        for axis in order.reversed() {
            strides[axis] = next
            next *= shape[axis]
        }
        let values = (0..<60).map { Float($0) }
        let storage = StridedStorage(
            source: .memory(values.withUnsafeBytes { [7, 7, 7] + Array($0) }), base: 3, offset: 0, strides: strides)
        #expect(storage.fault(shape: shape, elementBytes: 4) == nil)
        for start in [[0, 0, 0], [1, 2, 0], [2, 4, 3]] {
            for count in [[1, 1, 1], [1, 3, 4], [2, 2, 1], [3, 5, 4]]
            where zip(zip(start, count), shape).allSatisfy({ $0.0 + $0.1 <= $1 }) {
                let block = try storage.read(.single, start: start, count: count) {
                    ElementType.single.floats($0, isBigEndian: false)
                }
                var expected: [Float] = []
                for i in 0..<count[0] {
                    for j in 0..<count[1] {
                        for k in 0..<count[2] {
                            let place =
                                (start[0] + i) * strides[0] + (start[1] + j) * strides[1] + (start[2] + k) * strides[2]
                            expected.append(values[place])
                        }
                    }
                }
                #expect(block == expected)
            }
        }
    }

    @Test func arraysBeyondTheirBytesAreFaults() {
        func fault(_ shape: [Int], _ strides: [Int], offset: Int = 0) -> String? {
            StridedStorage(source: .memory([UInt8](repeating: 0, count: 40)), offset: offset, strides: strides)
                .fault(shape: shape, elementBytes: 4)
        }
        #expect(fault([10], [1]) == nil)
        #expect(fault([2, 5], [5, 1]) == nil)
        #expect(fault([10_000], [0]) == nil)
        #expect(fault([11], [1]) != nil)
        #expect(fault([10], [1], offset: 1) != nil)
        #expect(fault([2], [.max]) != nil)
        #expect(fault([.max, .max], [0, 0]) != nil)
        #expect(fault([100_000], [0]) != nil, "an expanded array is bounded")
        #expect(fault([-1], [1]) != nil)
        #expect(fault([1], [-1]) != nil)
        #expect(fault([0, .max], [1, 1]) == nil)
    }

    @Test func namesTellEpochs() {
        func number(_ name: String) -> Double? { FileName(name).number?.value }
        #expect(number("a/epoch_12.pt") == 12)
        #expect(number("epoch=3-step=400.ckpt") == 3)
        #expect(number("logits_0.5.npy") == 0.5)
        #expect(number("cifar10_ep007_x2.npy") == 7)
        #expect(number("labels.npy") == nil)
        #expect(FileName("/x/y.z/.hidden").stem == ".hidden")
        #expect(FileName("ep_7.npy").numbersEpochs && FileName("trainepoch-7.npy").numbersEpochs)
        #expect(!FileName("step_50.npy").numbersEpochs && !FileName("rep3.npy").numbersEpochs)
    }
}
