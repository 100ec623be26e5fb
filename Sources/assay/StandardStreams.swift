@preconcurrency import Glibc
import Workflow

/// A line on stderr, marked as the program's.
func complain(_ message: String) { note("assay: \(message)") }

/// A line on stderr.
func note(_ message: String) { tell(message + "\n") }

/// Text on stderr. Where nothing can be written there, there is nobody to tell.
func tell(_ text: String) { fputs(text, stderr) }

/// What was printed is an answer only once it has arrived: throws (74) where it has not.
func finishOutput() throws(WorkflowError) {
    if fflush(stdout) != 0 || ferror(stdout) != 0 {
        throw WorkflowError(74, "standard output: cannot be written: \(String(cString: strerror(errno)))")
    }
}

/// Standard streams that the caller closed are opened on nothing: otherwise the next file would take their place, and
/// what is printed would land in it.
func openStandardStreams() {
    for descriptor: Int32 in 0...2 where fcntl(descriptor, F_GETFD) < 0 { _ = open("/dev/null", O_RDONLY) }
}
