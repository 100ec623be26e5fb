/// The rows that no other row dominates: no worse in every column and better in one, less being better.
///
///     paretoFront([[1, 2, 2, 3], [3, 1, 1, 2]])  // [0, 1, 2]: duplicates are all on the front
///
/// - Parameters:
///   - columns: two or three columns [k][n] without NaN.
///   - epsilon: differences up to this much do not count as better, so rows that near to the front stay.
/// - Returns: row indices, ascending.
///
/// O(n log n) for two columns, O(n·(log n + front)) for three.
public func paretoFront(_ columns: [[Double]], epsilon: Double = 0) -> [Int] {
    precondition(columns.count == 2 || columns.count == 3, "a frontier has two or three objectives")
    precondition(columns.allSatisfy { $0.count == columns[0].count } && epsilon >= 0, "columns of equal length")
    let candidates = nearPivot(columns)
    let front = columns.count == 2 ? front2(columns, candidates) : front3(columns, candidates)
    return epsilon == 0 ? front.sorted() : widened(columns, front, epsilon: epsilon)
}

private struct Place {
    let a: Double
    let b: Double
    let row: Int
}

/// The rows that the row of the least scaled sum does not dominate: few of a cloud, all of a front.
private func nearPivot(_ columns: [[Double]]) -> [Int] {
    let n = columns[0].count
    guard n > 64 else { return Array(0..<n) }
    var scales = [Double]()
    for column in columns {
        let (low, high) = column.withUnsafeBufferPointer { values in
            var (low, high) = (values[0], values[0])
            for v in values {
                low = v < low ? v : low
                high = v > high ? v : high
            }
            return (low, high)
        }
        guard (high - low).isFinite else { return Array(0..<n) }
        scales.append(high > low ? 1 / (high - low) : 0)
    }
    return columns[0].withUnsafeBufferPointer { a in
        columns[1].withUnsafeBufferPointer { b in
            columns[columns.count - 1].withUnsafeBufferPointer { c in
                let third = columns.count == 3 ? scales[2] : 0
                var (pivot, least) = (0, Double.infinity)
                for i in 0..<n {
                    let sum = a[i] * scales[0] + b[i] * scales[1] + c[i] * third
                    if sum < least { (pivot, least) = (i, sum) }
                }
                let (pa, pb, pc) = (a[pivot], b[pivot], c[pivot])
                var rows = [Int]()
                for i in 0..<n where a[i] < pa || b[i] < pb || c[i] < pc || (a[i] == pa && b[i] == pb && c[i] == pc) {
                    rows.append(i)
                }
                return rows
            }
        }
    }
}

private func front2(_ columns: [[Double]], _ rows: [Int]) -> [Int] {
    let places = rows.map { Place(a: columns[0][$0], b: columns[1][$0], row: $0) }
        .sorted { $0.a < $1.a || ($0.a == $1.a && $0.b < $1.b) }
    var front = [Int]()
    var (a, b) = (Double.nan, Double.infinity)
    for place in places {
        let isFirst = front.isEmpty
        guard isFirst || place.b < b || (place.b == b && place.a == a) else { continue }
        (a, b) = (place.a, place.b)
        front.append(place.row)
    }
    return front
}

/// Sweeps the first column; the staircase holds the undominated pairs of the other two, b ascending, c descending.
private func front3(_ columns: [[Double]], _ rows: [Int]) -> [Int] {
    let (a, b, c) = (columns[0], columns[1], columns[2])
    let order = rows.sorted { i, j in
        if a[i] != a[j] { return a[i] < a[j] }
        return b[i] != b[j] ? b[i] < b[j] : c[i] < c[j]
    }
    var front = [Int]()
    var stair = [(b: Double, c: Double)]()
    var previous: (row: Int, isOn: Bool)?
    for row in order {
        if let previous, a[previous.row] == a[row], b[previous.row] == b[row], c[previous.row] == c[row] {
            if previous.isOn { front.append(row) }
            continue
        }
        var (low, high) = (0, stair.count)  // the first step with b above this row's
        while low < high {
            let middle = (low + high) / 2
            if stair[middle].b <= b[row] { low = middle + 1 } else { high = middle }
        }
        let isOn = low == 0 || stair[low - 1].c > c[row]
        previous = (row, isOn)
        guard isOn else { continue }
        front.append(row)
        let start = low > 0 && stair[low - 1].b == b[row] ? low - 1 : low
        var end = start
        while end < stair.count, stair[end].c >= c[row] { end += 1 }
        stair.replaceSubrange(start..<end, with: [(b[row], c[row])])
    }
    return front
}

/// All rows that no row of the front beats by more than `epsilon` in one column while being no worse in any.
private func widened(_ columns: [[Double]], _ front: [Int], epsilon: Double) -> [Int] {
    (0..<columns[0].count).filter { row in
        !front.contains { best in
            columns.allSatisfy { $0[best] <= $0[row] } && columns.contains { $0[row] - $0[best] > epsilon }
        }
    }
}
