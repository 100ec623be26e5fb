import Randomness
import Training

/// The different images of several sets, so that each is shown to a network once, however many sets hold it, and in an
/// order that does not depend on that of the sets' images.
struct ElementTable {
    /// An image with a label.
    struct Element: Hashable {
        /// The set whose own image it is; −1 for an image of D.
        var set: Int
        var position: Int
        var label: Int32
    }

    /// How often a group holds an element.
    struct Share {
        var group: Int
        var times: Int
    }

    let elements: [Element]
    /// Elements of each set in ascending order, with how often they stand in it; a set that repeats all of its images
    /// equally often is the set without repeats.
    let members: [[(element: Int, times: Int)]]
    private let own: OwnPixels
    private let context: ObjectiveContext

    /// Elements that are looked at together.
    private static let block = 512

    /// - Throws: `.badSet` where a set is empty or holds a position or label that is none; what reading its pixels throws.
    init(_ sets: [ObjectiveSet], in context: ObjectiveContext) throws {
        own = OwnPixels(sets)
        var counts: [[Element: Int]] = []
        for (index, set) in sets.enumerated() {
            let pixels = try own[index]
            try set.check(context, pixels)
            counts.append(Self.count(index, set, pixels))
        }
        elements = Set(counts.flatMap(\.keys)).sorted {
            ($0.set, $0.position, $0.label) < ($1.set, $1.position, $1.label)
        }
        let places = Dictionary(uniqueKeysWithValues: elements.enumerated().map { ($1, $0) })
        members = counts.map { counts in
            let divisor = counts.values.reduce(0, greatestCommonDivisor)
            return counts.map { (places[$0.key] ?? 0, $0.value / divisor) }.sorted { $0.0 < $1.0 }
        }
        self.context = context
    }

    private static func count(_ index: Int, _ set: ObjectiveSet, _ pixels: [Float]) -> [Element: Int] {
        var counts: [Element: Int] = [:]
        switch set.images {
        case .positions(let positions):
            for (position, label) in zip(positions, set.labels) {
                counts[Element(set: -1, position: position, label: label), default: 0] += 1
            }
        case .pixels:
            // Copies of an image are the image.
            var first: [ArraySlice<Float>: Int] = [:]
            let size = pixels.count / max(set.count, 1)
            for (position, label) in set.labels.enumerated() {
                let image = pixels[position * size..<(position + 1) * size]
                let place = first[image, default: position]
                first[image] = place
                counts[Element(set: index, position: place, label: label), default: 0] += 1
            }
        }
        return counts
    }

    /// Elements of one set in ascending order, as often as they stand in it.
    func items(of set: Int) -> [Int] { members[set].flatMap { [Int](repeating: $0.element, count: $0.times) } }

    func labels(of items: some Sequence<Int>) -> [Int32] { items.map { elements[$0].label } }

    /// [items, channels, height, width]
    func pixels(of items: some Collection<Int>) throws -> [Float] {
        if items.allSatisfy({ elements[$0].set < 0 }) {
            return context.images.pixels(at: items.lazy.map { elements[$0].position })
        }
        let size = context.shape.count
        return try items.flatMap { item -> [Float] in
            let element = elements[item]
            if element.set < 0 { return context.images.pixels(at: CollectionOfOne(element.position)) }
            return Array(try own[element.set][element.position * size..<(element.position + 1) * size])
        }
    }

    /// The shares of each element in the groups, one group after the other.
    func shares(of groups: [[(element: Int, times: Int)]]) -> [[Share]] {
        var shares = [[Share]](repeating: [], count: elements.count)
        for (group, members) in groups.enumerated() {
            for (element, times) in members { shares[element].append(Share(group: group, times: times)) }
        }
        return shares
    }

    /// The number of an image for random views, the same in every set and whatever other sets there are.
    func sample(_ element: Int) -> Int {
        elements[element].set < 0 ? elements[element].position : context.images.count + elements[element].position
    }

    /// More than any image's number, and no matter of the sets.
    static let samples = 1 << 32

    /// Calls `body` with pixels of successive elements, as `view` shows them.
    func forEachBlock(
        view: ((_ element: Int) -> View)? = nil, _ body: (Range<Int>, [Float]) throws -> Void
    ) throws {
        let viewer = Viewer(context.shape)
        for start in stride(from: 0, to: elements.count, by: Self.block) {
            let range = start..<min(start + Self.block, elements.count)
            let pixels = try pixels(of: range)
            try body(range, view.map { view in viewer.draw(pixels, range.map(view)) } ?? pixels)
        }
    }
}

/// The images of sets that have their own, those of one set at a time: elements stand set by set.
private final class OwnPixels {
    private let sets: [ObjectiveSet]
    private var held: (set: Int, pixels: [Float]) = (-1, [])

    init(_ sets: [ObjectiveSet]) { self.sets = sets }

    /// Empty for a set of images of D.
    subscript(set: Int) -> [Float] {
        get throws {
            guard case .pixels(let read) = sets[set].images else { return [] }
            if held.set != set {
                held = (-1, [])
                held = (set, try read())
            }
            return held.pixels
        }
    }
}

/// Draws views of several images.
struct Viewer {
    private let shape: ImageShape
    private let augmenter: Augmenter
    private let scratch: AugmentationScratch

    init(_ shape: ImageShape) {
        self.shape = shape
        augmenter = Augmenter(.none, shape: shape, run: "", seed: 0, samples: 1)
        scratch = AugmentationScratch(shape: shape)
    }

    /// Each image [n, channels, height, width] as its view shows it.
    func draw(_ pixels: [Float], _ views: [View]) -> [Float] {
        [Float](unsafeUninitializedCapacity: pixels.count) { target, count in
            pixels.withUnsafeBufferPointer { source in
                guard let from = source.baseAddress, let to = target.baseAddress else { return }
                for (index, view) in views.enumerated() {
                    augmenter.draw(
                        view, of: from + index * shape.count, into: to + index * shape.count, scratch: scratch)
                }
            }
            count = pixels.count
        }
    }
}

extension ObjectiveSet {
    /// - Throws: `.badSet`.
    fileprivate func check(_ context: ObjectiveContext, _ pixels: [Float]) throws(ObjectiveError) {
        func bad(_ reason: String) -> ObjectiveError { .badSet(name: name, reason: reason) }
        if labels.isEmpty { throw bad("it has no images") }
        if let label = labels.first(where: { !(0..<Int32(context.classes) ~= $0) }) {
            throw bad("label \(label) is none of \(context.classes) classes")
        }
        switch images {
        case .positions(let positions):
            if positions.count != count { throw bad("\(positions.count) images and \(count) labels") }
            if let position = positions.first(where: { !(0..<context.images.count ~= $0) }) {
                throw bad("position \(position) is none of \(context.images.count) images")
            }
        case .pixels:
            if pixels.count != count * context.shape.count {
                throw bad("\(pixels.count) pixels are not \(count) images of \(context.shape)")
            }
            if let at = pixels.firstIndex(where: { !$0.isFinite }) {
                throw bad("image \(at / context.shape.count) has the pixel \(pixels[at])")
            }
        }
    }
}

private func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : greatestCommonDivisor(b, a % b) }
