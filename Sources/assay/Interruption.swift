import Foundation
import Synchronization

/// Ctrl-C and termination, as a question that long work asks. A second Ctrl-C ends the program at once.
enum Interruption {
    private static let count = Atomic<Int>(0)

    /// From here on, SIGINT and SIGTERM are counted instead of ending the program.
    static func watch() {
        _ = isRequested  // the counter exists before a handler can run
        for number in [SIGINT, SIGTERM] {
            signal(number) { _ in
                if Interruption.isRepeated() { _exit(130) }
            }
        }
    }

    static func isRepeated() -> Bool { count.wrappingAdd(1, ordering: .relaxed).newValue > 1 }

    static var isRequested: Bool { count.load(ordering: .relaxed) > 0 }
}
