import Foundation

/// Gives back the pages of programs and libraries that only the start needed: reading the command line goes through all of
/// Swift's metadata, linking through the symbols of every library, and the kernel maps 64 KB around each page touched. What
/// a command runs comes back from the page cache when it is called.
///
/// Only mappings of files without a page of their own are named, so that nothing can be lost.
func releaseStartupPages() {
    #if os(Linux)
        // A file without a size: its end is where reading ends.
        guard let file = FileHandle(forReadingAtPath: "/proc/self/smaps"), let data = try? file.readToEnd() else {
            return
        }
        let anonymous = Array("Anonymous:".utf8)
        var candidate: UnsafeMutableRawBufferPointer?
        data.withUnsafeBytes { bytes in
            for line in bytes.split(separator: UInt8(ascii: "\n")) {
                if line.starts(with: anonymous) {
                    guard let pages = candidate, line.suffix(5).elementsEqual(" 0 kB".utf8) else { continue }
                    madvise(pages.baseAddress, pages.count, MADV_DONTNEED)
                } else if let first = line.first, !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first) {
                    candidate = readOnlyPages(ofMapping: String(decoding: line, as: UTF8.self))
                }
            }
        }
    #endif
}

#if os(Linux)
    /// `55d0c000-55d0e000 r-xp 00000000 08:01 123 /usr/bin/assay`; nil where it can be written, or is of no file.
    private func readOnlyPages(ofMapping line: String) -> UnsafeMutableRawBufferPointer? {
        let fields = line.split(separator: " ", omittingEmptySubsequences: true)
        guard fields.count >= 6, fields[1].hasPrefix("r-"), fields[1].hasSuffix("p"), fields[5].hasPrefix("/") else {
            return nil
        }
        let ends = fields[0].split(separator: "-").compactMap { Int($0, radix: 16) }
        guard ends.count == 2, ends[0] < ends[1] else { return nil }
        return UnsafeMutableRawBufferPointer(
            start: UnsafeMutableRawPointer(bitPattern: ends[0]), count: ends[1] - ends[0])
    }
#endif
