/// What the name of a file tells: which epoch it is of, and which rank of a distributed run wrote it.
struct FileName {
    /// Without folder and ending.
    let stem: String
    /// Where the file lies, the numbers of ranks in it left out.
    let folder: String
    /// The numbers after `rank`, `part` and the like, in folder and name.
    let ranks: [Double]
    /// The stem with `#` for the numbers of ranks.
    let withoutRanks: String
    private let text: [UInt8]

    /// Words before a number that tells the files of one epoch apart.
    static let pieces: Set<String> = [
        "rank", "worker", "part", "shard", "gpu", "device", "proc", "process", "node", "replica",
    ]

    init(_ path: String) {
        stem = LogFolder.stem(path)
        let above = Self.withoutRanks(LogFolder.parent(path))
        let own = Self.withoutRanks(stem)
        folder = above.text
        ranks = above.ranks + own.ranks
        withoutRanks = own.text
        text = Array(own.text.utf8)
    }

    /// The last folder of a path; nil in the working directory.
    static func lastFolder(_ path: String) -> String? {
        path.split(separator: "/").dropLast().last { $0 != "." && $0 != ".." }.map(String.init)
    }

    /// What files of one kind have in common: the name without the number of its epoch, all digits behind that left
    /// out. A file without numbers is alone.
    var pattern: String {
        guard let number else { return ranks.isEmpty ? folder + "/" + stem : withoutRanks }
        // step=9 and step=10 are of one pattern.
        var after = ""
        for character in number.after where !(character.isNumber && after.hasSuffix("#")) {
            after += character.isNumber ? "#" : String(character)
        }
        return number.before + "\u{0}" + after
    }

    /// The number in the name and what stands before it: of the word `epoch` if it is there, otherwise the last one.
    var number: (value: Double, before: String, after: String)? {
        let runs = Self.numbers(text).filter { !isOfRecord($0) }
        func word(_ end: Int) -> String { String(decoding: text[..<end], as: UTF8.self) }
        let named = runs.first { Self.countsEpochs(word($0.lowerBound)) }
        guard let run = named ?? runs.last, let value = Double(String(decoding: text[run], as: UTF8.self)) else {
            return nil
        }
        return (value, word(run.lowerBound), String(decoding: text[run.upperBound...], as: UTF8.self))
    }

    /// Whether digits belong to the name of a record, as in `el2n` and `el1`.
    private func isOfRecord(_ digits: Range<Int>) -> Bool {
        func isOfWord(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte & 0xdf) }
        let start = text[..<digits.lowerBound].lastIndex { !isOfWord($0) }.map { $0 + 1 } ?? 0
        let end = text[digits.upperBound...].firstIndex { !isOfWord($0) } ?? text.count
        return ArrayRole.records.contains(String(decoding: text[start..<end], as: UTF8.self).lowercased())
    }

    /// Whether the number follows the word epoch.
    var numbersEpochs: Bool { number.map { Self.countsEpochs($0.before) } ?? false }

    /// Whether the last word is epoch, as in `ep3` and `trainepoch-3`, and not in `step_3`.
    private static func countsEpochs(_ before: String) -> Bool {
        let letters = before.lowercased().reversed().drop { !$0.isLetter && !$0.isNumber }.prefix { $0.isLetter }
        let word = String(letters.reversed())
        return word.hasSuffix("epoch") || word.hasSuffix("epochs") || word == "ep"
    }

    /// The runs of digits; one decimal point between digits belongs to the number.
    private static func numbers(_ text: [UInt8]) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        var at = 0
        func isDigit(_ place: Int) -> Bool { place < text.count && (0x30...0x39).contains(text[place]) }
        while at < text.count {
            guard isDigit(at) else {
                at += 1
                continue
            }
            var end = at
            while isDigit(end) { end += 1 }
            if end < text.count, text[end] == UInt8(ascii: "."), isDigit(end + 1) {
                end += 1
                while isDigit(end) { end += 1 }
            }
            runs.append(at..<end)
            at = end
        }
        return runs
    }

    /// `rank3` becomes `rank#`, and 3 is told.
    private static func withoutRanks(_ text: String) -> (text: String, ranks: [Double]) {
        let bytes = Array(text.utf8)
        var kept: [UInt8] = []
        var ranks: [Double] = []
        var at = 0
        while at < bytes.count {
            var end = at
            while end < bytes.count, (0x30...0x39).contains(bytes[end]) { end += 1 }
            if end > at, pieces.contains(lastWord(kept)),
                let rank = Double(String(decoding: bytes[at..<end], as: UTF8.self))
            {
                ranks.append(rank)
                kept.append(UInt8(ascii: "#"))
            } else {
                end = max(end, at + 1)
                kept += bytes[at..<end]
            }
            at = end
        }
        return (String(decoding: kept, as: UTF8.self), ranks)
    }

    /// The letters at the end, before one mark.
    private static func lastWord(_ bytes: [UInt8]) -> String {
        var rest = bytes[...]
        if let mark = rest.last, "_-=".utf8.contains(mark) { rest.removeLast() }
        let letters = rest.reversed().prefix { (0x41...0x5a).contains($0 & 0xdf) }
        return String(decoding: letters.reversed(), as: UTF8.self).lowercased()
    }
}
