/// The keys at both ends of a range of ranks in each of many groups, found without sorting.
///
/// One pass keeps, per group, the smallest keys seen so far in a buffer of at most twice the range's end: a key that is
/// not below the largest of them is passed over after one comparison. O(n) for n keys; memory 8 bytes times the sum over
/// groups of min(size, 2 · end).
struct RankBorders {
    /// Keys below `low` and above `high` are outside.
    var low: [UInt64]
    var high: [UInt64]
    /// Of the keys equal to `low`, so many stand before the range; 0: none.
    var skipped: [Int]
    /// Of the keys equal to `high`, so many stand before the range's end.
    var taken: [Int]

    /// - Parameters:
    ///   - count: keys.
    ///   - ranges: of ranks, per group, within the group's size.
    @inline(__always)
    init(
        count: Int, sizes: [Int], ranges: [Range<Int>], group: (_ index: Int) -> Int, key: (_ index: Int) -> UInt64
    ) {
        low = .init(repeating: .max, count: sizes.count)  // an empty range holds no key
        high = .init(repeating: 0, count: sizes.count)
        skipped = .init(repeating: 0, count: sizes.count)
        taken = .init(repeating: 0, count: sizes.count)
        var smallest = SmallestKeys(sizes: sizes, wanted: ranges.map { $0.isEmpty ? 0 : $0.upperBound })
        smallest.withBuffers { buffers in
            for index in 0..<count { buffers.offer(key(index), to: group(index)) }
            for (group, range) in ranges.enumerated() where !range.isEmpty {
                let keys = buffers.sortedOut(group, wanted: range.upperBound)
                high[group] = keys[range.upperBound - 1]
                taken[group] = range.upperBound - keys.count(where: { $0 < high[group] })
                low[group] = 0
                if range.lowerBound > 0 {
                    keys.select(range.lowerBound)
                    low[group] = keys[range.lowerBound]
                    skipped[group] = range.lowerBound - keys.count(where: { $0 < low[group] })
                }
            }
        }
    }
}

/// The smallest keys of each group in buffers of bounded size.
private struct SmallestKeys {
    /// [groups + 1]
    private var starts: [Int] = [0]
    private var filled: [Int]
    private var wanted: [Int]
    /// Keys from here up are passed over.
    private var limits: [UInt64]
    private var keys: [UInt64]

    init(sizes: [Int], wanted: [Int]) {
        for (size, wanted) in zip(sizes, wanted) {
            // Twice as many as wanted: emptying a buffer by half costs as much as filling that half. Where that would be
            // most of the group, a quarter more.
            let room = wanted < size / 4 ? max(2 * wanted, 64) : wanted + wanted / 4 + 1
            let capacity = wanted == 0 ? 0 : min(size, room)
            starts.append(starts[starts.count - 1] + capacity)
        }
        filled = .init(repeating: 0, count: sizes.count)
        self.wanted = wanted
        limits = wanted.map { $0 == 0 ? 0 : .max }
        keys = .init(unsafeUninitializedCapacity: starts[sizes.count]) { buffer, count in
            buffer.initialize(repeating: .max)
            count = buffer.count
        }
    }

    struct Buffers {
        let starts: UnsafeBufferPointer<Int>
        let filled: UnsafeMutableBufferPointer<Int>
        let wanted: UnsafeBufferPointer<Int>
        let limits: UnsafeMutableBufferPointer<UInt64>
        let keys: UnsafeMutableBufferPointer<UInt64>

        @inline(__always)
        func offer(_ key: UInt64, to group: Int) {
            if key < limits[group] { store(key, in: group) }
        }

        @inline(__always)
        private func store(_ key: UInt64, in group: Int) {
            if starts[group] + filled[group] == starts[group + 1] { halve(group) }
            keys[starts[group] + filled[group]] = key
            filled[group] += 1
        }

        @inline(never)
        private func halve(_ group: Int) {
            let all = UnsafeMutableBufferPointer(rebasing: keys[starts[group]..<starts[group + 1]])
            all.select(wanted[group] - 1)
            filled[group] = wanted[group]
            limits[group] = all[wanted[group] - 1]
        }

        /// The `wanted` smallest keys of a group, the largest of them last.
        func sortedOut(_ group: Int, wanted: Int) -> UnsafeMutableBufferPointer<UInt64> {
            let start = starts[group]
            // The largest key there is was never below a limit: what is missing are keys of that value.
            for place in start + filled[group]..<max(start + filled[group], start + wanted) { keys[place] = .max }
            let all = UnsafeMutableBufferPointer(rebasing: keys[start..<start + max(filled[group], wanted)])
            all.select(wanted - 1)
            return .init(rebasing: all[..<wanted])
        }
    }

    mutating func withBuffers(_ body: (Buffers) -> Void) {
        starts.withUnsafeBufferPointer { starts in
            wanted.withUnsafeBufferPointer { wanted in
                filled.withUnsafeMutableBufferPointer { filled in
                    limits.withUnsafeMutableBufferPointer { limits in
                        keys.withUnsafeMutableBufferPointer { keys in
                            body(.init(starts: starts, filled: filled, wanted: wanted, limits: limits, keys: keys))
                        }
                    }
                }
            }
        }
    }
}

extension UnsafeMutableBufferPointer<UInt64> {
    /// Moves the key of a rank to its place, smaller ones before it and larger ones behind (quickselect; sorts what is
    /// left if the pivots stay bad, so that no input makes it quadratic).
    func select(_ rank: Int) {
        var low = 0
        var high = count - 1
        var patience = 2 * (Int.bitWidth - count.leadingZeroBitCount)
        while low < high {
            guard patience > 0 else {
                var rest = UnsafeMutableBufferPointer(rebasing: self[low...high])
                return rest.sort()
            }
            patience -= 1
            let middle = low + (high - low) / 2
            if self[middle] < self[low] { swapAt(middle, low) }
            if self[high] < self[low] { swapAt(high, low) }
            if self[high] < self[middle] { swapAt(high, middle) }
            let pivot = self[middle]
            var i = low
            var j = high
            repeat {
                while self[i] < pivot { i += 1 }
                while self[j] > pivot { j -= 1 }
                if i <= j {
                    swapAt(i, j)
                    i += 1
                    j -= 1
                }
            } while i <= j
            if rank <= j {
                high = j
            } else if rank >= i {
                low = i
            } else {
                return
            }
        }
    }
}

extension UInt64 {
    /// An unsigned number in the order of finite doubles; −0 and 0 are the same.
    @inline(__always)
    init(ordering value: Double) {
        let bits = (value + 0).bitPattern
        self = bits ^ (UInt64(bitPattern: Int64(bitPattern: bits) >> 63) | 1 << 63)
    }
}
