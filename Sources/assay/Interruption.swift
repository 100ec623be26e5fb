import Foundation
import Synchronization
import Workflow

/// Ctrl-C, termination and the end of the terminal, as a question that long work asks. A second Ctrl-C ends the program at
/// once, unless programs that it started would outlive it.
enum Interruption {
    private static let count = Atomic<Int>(0)

    /// From here on, SIGINT, SIGTERM and SIGHUP are counted instead of ending the program; an ignored SIGHUP (nohup) stays so.
    static func watch() {
        _ = (isRequested, ExternalProgram.areRunning)  // the counters exist before a handler can run
        // Who started this program may have blocked signals in the thread that did: the mask is inherited.
        var heard = sigset_t()
        sigemptyset(&heard)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            var former = sigaction()
            sigaction(number, nil, &former)
            let isIgnored = unsafeBitCast(former.__sigaction_handler.sa_handler, to: Int.self) == 1  // SIG_IGN
            if number == SIGHUP, isIgnored { continue }
            signal(number) { _ in
                if Interruption.isRepeated(), !ExternalProgram.areRunning { _exit(130) }
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
