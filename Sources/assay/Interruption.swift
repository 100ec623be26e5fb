import Foundation
import Synchronization
import Workflow

/// Ctrl-C and termination, as a question that long work asks. A second Ctrl-C ends the program at once.
enum Interruption {
    private static let count = Atomic<Int>(0)

    /// From here on, SIGINT and SIGTERM are counted instead of ending the program.
    static func watch() {
        _ = isRequested  // the counter exists before a handler can run
        // Who started this program may have blocked signals in the thread that did: the mask is inherited.
        var heard = sigset_t()
        sigemptyset(&heard)
        for number in [SIGINT, SIGTERM] {
            signal(number) { _ in
                if Interruption.isRepeated() { _exit(130) }
            }
            sigaddset(&heard, number)
        }
        pthread_sigmask(SIG_UNBLOCK, &heard, nil)
    }

    static func isRepeated() -> Bool { count.wrappingAdd(1, ordering: .relaxed).newValue > 1 }

    static var isRequested: Bool { count.load(ordering: .relaxed) > 0 }

    /// Throws when it is requested: for work that leaves no file before its end.
    static func check() throws {
        if isRequested { throw WorkflowError(130, "interrupted; nothing was written") }
    }
}
