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
        var candidate: UnsafeMutableRawBufferPointer?
        for line in String(decoding: data, as: UTF8.self).utf8.split(separator: UInt8(ascii: "\n")) {
            if line.starts(with: "Anonymous:".utf8) {
                guard let pages = candidate, String(Substring(line)).hasSuffix(" 0 kB") else { continue }
                madvise(pages.baseAddress, pages.count, MADV_DONTNEED)
            } else if line.first.map({ !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }) ?? false {
                candidate = readOnlyPages(ofMapping: Substring(line))
            }
        }
    #endif
}

#if os(Linux)
    /// `55d0c000-55d0e000 r-xp 00000000 08:01 123 /usr/bin/assay`; nil where it can be written, or is of no file.
    private func readOnlyPages(ofMapping line: Substring) -> UnsafeMutableRawBufferPointer? {
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
