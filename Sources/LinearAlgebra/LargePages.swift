import Foundation

extension Array where Element: BitwiseCopyable {
    /// An array of that many elements, of any value, in pages of 2 MB where the system gives them: for tables of many megabytes
    /// that are read down their columns, each step of which is on a page of its own otherwise.
    ///
    /// No page is touched before its time.
    public init(inLargePages count: Int) {
        self.init(unsafeUninitializedCapacity: count) { buffer, initialized in
            initialized = count
            #if os(Linux)
                let (bytes, page) = (UnsafeMutableRawBufferPointer(buffer), Int(getpagesize()))
                guard let base = bytes.baseAddress else { return }
                let start = base.alignedUp(toMultipleOf: page)
                if start - base < bytes.count { madvise(start, bytes.count - (start - base), MADV_HUGEPAGE) }
            #endif
        }
    }

    /// Zeros, likewise.
    public init(zerosInLargePages count: Int) where Element: AdditiveArithmetic {
        self.init(inLargePages: count)
        withUnsafeMutableBufferPointer { $0.update(repeating: .zero) }
    }
}
