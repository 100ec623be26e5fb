import Dispatch
import Foundation
import Synchronization

/// Ctrl-C and termination, as a question that long work asks. A second Ctrl-C ends the program at once.
enum Interruption {
    private static let count = Atomic<Int>(0)
    private static let sources = Mutex<[any DispatchSourceSignal]>([])

    /// From here on, SIGINT and SIGTERM set the flag instead of ending the program.
    static func watch() {
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                if count.wrappingAdd(1, ordering: .relaxed).newValue > 1 { _exit(130) }
            }
            source.resume()
            sources.withLock { $0.append(source) }
        }
    }

    static var isRequested: Bool { count.load(ordering: .relaxed) > 0 }
}
