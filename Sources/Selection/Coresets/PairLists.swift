internal import CKernels
import LinearAlgebra

/// For each sample the others that are more similar to it than its coverage, in chunks that one pool holds: what gains
/// still consist of, once coverage is high.
///
/// 8 bytes per pair and 12 per sample; memory is used as chunks are.
struct PairLists {
    /// The pool was too small: the lists are worthless.
    private(set) var isFull = false
    private var places: [UInt32]
    private var values: [Float]
    /// The chunk after this one in its list.
    private var following: [UInt32]
    private var used = 0
    /// Chunks that lists gave back, one following the other.
    private var spare = noChunk
    /// The chunk that a list begins with and the one that grows, [N].
    private var first: [UInt32]
    private var last: [UInt32]
    /// Length of each list, [N].
    private var counts: [UInt32]
    private static let chunk = 32
    private static let noChunk = UInt32.max

    /// Room for `limit` pairs, those of half-filled chunks included.
    init(samples: Int, limit: Int) {
        let chunks = limit / Self.chunk
        places = .init(inLargePages: chunks * Self.chunk)
        values = .init(inLargePages: chunks * Self.chunk)
        following = .init(inLargePages: chunks)
        first = .init(repeating: 0, count: samples)
        last = .init(repeating: 0, count: samples)
        counts = .init(repeating: 0, count: samples)
    }

    /// Adds to the list of a sample.
    mutating func append(
        _ target: Int, _ newPlaces: UnsafePointer<UInt32>, _ newValues: UnsafePointer<Float>, _ count: Int
    ) {
        guard count > 0, !isFull else { return }
        var done = 0
        while done < count {
            let inside = Int(counts[target]) % Self.chunk
            if inside == 0 {
                guard let next = takeChunk() else { return isFull = true }
                if counts[target] == 0 {
                    first[target] = next
                } else {
                    following[Int(last[target])] = next
                }
                last[target] = next
            }
            let part = min(count - done, Self.chunk - inside)
            let start = Int(last[target]) * Self.chunk + inside
            for i in 0..<part {
                places[start + i] = newPlaces[done + i]
                values[start + i] = newValues[done + i]
            }
            counts[target] += UInt32(part)
            done += part
        }
    }

    private mutating func takeChunk() -> UInt32? {
        if spare != Self.noChunk {
            let chunk = spare
            spare = following[Int(chunk)]
            return chunk
        }
        guard used < following.count else { return nil }
        used += 1
        return UInt32(used - 1)
    }

    /// Of a list that ends with the chunk `end`, takes back what follows `kept`, or all of it.
    private mutating func giveBack(_ target: Int, after kept: UInt32?, to end: UInt32) {
        guard kept != end else { return }
        let begin = kept.map { following[Int($0)] } ?? first[target]
        following[Int(end)] = spare
        spare = begin
    }

    /// Σ of what is above the coverage, [N], of each place.
    func gains(over covered: [Float]) -> [Double] {
        var gains = [Double](repeating: 0, count: counts.count)
        for target in counts.indices where counts[target] > 0 {
            var chunk = Int(first[target])
            for i in 0..<Int(counts[target]) {
                if i > 0, i % Self.chunk == 0 { chunk = Int(following[chunk]) }
                let from = chunk * Self.chunk + i % Self.chunk
                gains[Int(places[from])] += Double(values[from] - covered[target])
            }
        }
        return gains
    }

    /// The coverage of a sample rises: the others' gains fall, and those no longer above it leave the list.
    mutating func raise(_ target: Int, from before: Float, to after: Float, gains: inout [Double]) {
        trim(target, above: after) { place, value in
            gains[place] -= Double(value - before) - Double(max(0, value - after))
        }
    }

    /// Visits a list and drops what is not above the threshold.
    @inline(__always)
    mutating func trim(_ target: Int, above threshold: Float, _ visit: (Int, Float) -> Void = { _, _ in }) {
        let count = Int(counts[target])
        guard count > 0 else { return }
        var (reading, writing) = (Int(first[target]), Int(first[target]))
        var kept = 0
        for i in 0..<count {
            if i > 0, i % Self.chunk == 0 { reading = Int(following[reading]) }
            let from = reading * Self.chunk + i % Self.chunk
            let (place, value) = (places[from], values[from])
            visit(Int(place), value)
            guard value > threshold else { continue }
            if kept > 0, kept % Self.chunk == 0 { writing = Int(following[writing]) }
            let to = writing * Self.chunk + kept % Self.chunk
            places[to] = place
            values[to] = value
            kept += 1
        }
        giveBack(target, after: kept > 0 ? UInt32(writing) : nil, to: last[target])
        last[target] = UInt32(writing)
        counts[target] = UInt32(kept)
    }

    /// Lists the pairs of these samples anew, N products for each: their coverage is lower than it was thought.
    mutating func list(_ targets: [UInt32], of blocks: SimilarityBlocks, above covered: [Float]) {
        for target in targets { trim(Int(target), above: .infinity) }
        let (side, height) = (512, 112)
        var found = PairsFound(height * side)
        var products = [Float](repeating: 0, count: height * side)
        var scratch: [Float] = []
        for left in stride(from: 0, to: blocks.count, by: side) {
            let columns = left..<min(blocks.count, left + side)
            let right = blocks.wide(columns)
            for top in stride(from: 0, to: targets.count, by: height) {
                let part = Array(targets[top..<min(targets.count, top + height)])
                products.withUnsafeMutableBufferPointer {
                    blocks.fill(blocks.tall(part), right, into: $0, scratch: &scratch)
                }
                found.search(
                    products, stride: right.padded, columns: columns, above: part.map { covered[Int($0)] })
                append(found, of: part)
            }
        }
    }

    /// Adds to the lists of samples what was found of each.
    mutating func append(_ found: PairsFound, of targets: some Sequence<UInt32>) {
        found.places.withUnsafeBufferPointer { places in
            found.values.withUnsafeBufferPointer { values in
                guard let places = places.baseAddress, let values = values.baseAddress else { return }
                var start = 0
                for (target, count) in zip(targets, found.counts) {
                    append(Int(target), places + start, values + start, Int(count))
                    start += Int(count)
                }
            }
        }
    }
}

/// What a block of similarities has above thresholds, row after row.
struct PairsFound {
    fileprivate private(set) var places: [UInt32]
    fileprivate private(set) var values: [Float]
    /// Per row.
    fileprivate private(set) var counts: [UInt32] = []

    /// Room for a block.
    init(_ size: Int) {
        places = .init(repeating: 0, count: size)
        values = .init(repeating: 0, count: size)
    }

    /// A threshold per row.
    mutating func search(
        _ block: UnsafePointer<Float>, stride: Int, columns: Range<Int>, above thresholds: [Float]
    ) {
        precondition(thresholds.count * columns.count <= places.count)
        if counts.count != thresholds.count { counts = .init(repeating: 0, count: thresholds.count) }
        ck_above(
            block, stride, thresholds.count, columns.count, thresholds, UInt32(columns.lowerBound), &places, &values,
            &counts)
    }
}
