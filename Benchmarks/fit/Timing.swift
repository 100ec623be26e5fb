import Foundation

/// Medians of the timed calls.
struct Timing {
    let wall: Double
    let cpu: Double
    let calls: Int
}

/// The value of the last call; an untimed call comes first where there are several timed ones.
func measure<Value>(calls: Int, _ body: () -> Value) -> (value: Value, timing: Timing) {
    var value = body()
    var (wall, cpu): ([Double], [Double]) = ([], [])
    for _ in 0..<calls {
        let (w, c) = (seconds(CLOCK_MONOTONIC), seconds(CLOCK_PROCESS_CPUTIME_ID))
        value = body()
        wall.append(seconds(CLOCK_MONOTONIC) - w)
        cpu.append(seconds(CLOCK_PROCESS_CPUTIME_ID) - c)
    }
    return (value, Timing(wall: median(wall), cpu: median(cpu), calls: calls))
}

func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Of the values that are numbers.
func median(_ values: [Double]) -> Double {
    let sorted = values.filter { !$0.isNaN }.sorted()
    guard let last = sorted.last else { return .nan }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : 0.5 * (sorted[middle - 1] + (middle > 0 ? sorted[middle] : last))
}

/// The peak resident size of this process, in MB.
func peakMegabytes() -> Int {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    return usage.ru_maxrss / 1024
}

/// The load average of the last minute.
func load() -> Double {
    var averages = [0.0, 0.0, 0.0]
    return getloadavg(&averages, 3) > 0 ? averages[0] : .nan
}
