import Testing

@testable import RunStore

/// Float16 is Swift's own conversion, which knows nothing of ours.
@Suite struct HalfTests {
    @Test func everyHalfReadsExactly() {
        // An odd count, so that the vector loop's rest is in it.
        let halves = (UInt16.min...UInt16.max).map { $0 } + [0x3c00, 0x7c00, 0x8001]
        for portable in [false, true] {
            let floats = Halves.floats(halves, portable: portable)
            let wrong = zip(halves, floats).filter { half, float in
                let expected = Float(Float16(bitPattern: half))
                return float.bitPattern != expected.bitPattern && !(float.isNaN && expected.isNaN)
            }
            #expect(wrong.isEmpty)
        }
        let pair = [false, true].map { Halves.floats(halves, portable: $0).map(\.bitPattern) }
        #expect(pair[0] == pair[1], "the twins agree on NaN too")
    }

    @Test func floatsRoundToTheNearestHalf() {
        // Every half, the middle between it and the next, and the floats on both sides of either.
        var floats: [Float] = []
        for bits in UInt16.min..<0x7c00 {
            let here = Float(Float16(bitPattern: bits))
            let next = bits == 0x7bff ? 65536 : Float(Float16(bitPattern: bits + 1))
            for value in [here, (here + next) / 2] {
                floats += [value, value.nextUp, value.nextDown, -value, -value.nextUp, -value.nextDown]
            }
        }
        floats += [.infinity, -.infinity, .nan, .greatestFiniteMagnitude, .leastNonzeroMagnitude, -0.0, 1e-30]
        for portable in [false, true] {
            let halves = Halves.halves(floats, portable: portable)
            var wrong = 0
            for (float, half) in zip(floats, halves) {
                let expected = Float16(float)
                if half != expected.bitPattern, !(expected.isNaN && Float16(bitPattern: half).isNaN) { wrong += 1 }
            }
            #expect(wrong == 0)
        }
        #expect(Halves.halves(floats, portable: false) == Halves.halves(floats, portable: true))
    }

    @Test(arguments: [0, 1, 255, 256, 257, 700, 1023]) func firstNonFiniteIsFound(at position: Int) {
        for bad in [Float.nan, .infinity, -.infinity] {
            var floats = (0..<1024).map { Float($0) / 1024 * .greatestFiniteMagnitude }
            floats[position] = bad
            floats.withUnsafeBufferPointer { buffer in
                #expect(buffer.firstNonFinite() == position)
                #expect(buffer.firstNonFinite(from: position + 1) == nil)
            }
        }
    }
}

extension Halves {
    fileprivate static func floats(_ halves: [UInt16], portable: Bool) -> [Float] {
        [Float](unsafeUninitializedCapacity: halves.count) { buffer, count in
            count = halves.count
            halves.withUnsafeBufferPointer { convert($0, to: .init(rebasing: buffer[..<count]), portable: portable) }
        }
    }

    fileprivate static func halves(_ floats: [Float], portable: Bool) -> [UInt16] {
        [UInt16](unsafeUninitializedCapacity: floats.count) { buffer, count in
            count = floats.count
            floats.withUnsafeBufferPointer { convert($0, to: .init(rebasing: buffer[..<count]), portable: portable) }
        }
    }
}
