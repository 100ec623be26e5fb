internal import CKernels
import LinearAlgebra

/// How coverage would rise, pick after pick: stage t is what the pick in place t raises.
struct CoverageStages {
    private(set) var picks: [Int] = []
    private var targets: [[UInt32]] = []
    private var levels: [[Float]] = []

    mutating func append(_ pick: Int, targets: [UInt32], levels: [Float]) {
        picks.append(pick)
        self.targets.append(targets)
        self.levels.append(levels)
    }

    /// The stages of each sample, one sample after the other.
    fileprivate func bySample(_ count: Int) -> (starts: [UInt32], stages: [UInt32], levels: [Float]) {
        var starts = [UInt32](repeating: 0, count: count + 1)
        for part in targets { for target in part { starts[Int(target) + 1] += 1 } }
        for index in 0..<count { starts[index + 1] += starts[index] }
        var ends = starts
        var stages = [UInt32](repeating: 0, count: Int(starts[count]))
        var values = [Float](repeating: 0, count: Int(starts[count]))
        for (stage, part) in targets.enumerated() {
            for (target, level) in zip(part, levels[stage]) {
                stages[Int(ends[Int(target)])] = UInt32(stage)
                values[Int(ends[Int(target)])] = level
                ends[Int(target)] += 1
            }
        }
        return (starts, stages, values)
    }
}

/// Every similarity once, N² / 2 products: the gains of all samples before and after each of some picks, and the pairs
/// above the coverage that they leave.
///
/// Sums are in double precision.
struct CoverageSweep {
    /// Gains before stage t are row t, those after the last one row `stages`, [stages + 1, N].
    private(set) var gains: [Double]
    /// nil where none were asked for or they were too many.
    private(set) var pairs: PairLists?
    private let blocks: SimilarityBlocks
    private let rows: Int
    private let starts: [UInt32]
    private let places: [UInt32]
    private let levels: [Float]
    private let base: [Float]
    /// The coverage that the picks leave: pairs above it are listed, [N].
    let final: [Float]
    private var found = PairsFound(side * height)
    private var scratch: [Double]
    /// Columns and rows of a block: whole panels of both kinds, so that blocks end where panels do.
    private static let (side, height) = (Int(CK_TALL * CK_WIDE), 8 * Int(CK_TALL))

    /// - Parameter limit: How many pairs may be listed; 0 for none.
    init(_ blocks: SimilarityBlocks, covered: [Float], stages: CoverageStages, listing limit: Int) {
        self.blocks = blocks
        base = covered
        rows = stages.picks.count + 1
        (starts, places, levels) = stages.bySample(blocks.count)
        var final = covered
        for index in final.indices where starts[index] < starts[index + 1] {
            final[index] = levels[Int(starts[index + 1]) - 1]
        }
        self.final = final
        gains = .init(zerosInLargePages: rows * blocks.count)
        scratch = .init(repeating: 0, count: 32 * rows + 16)
        pairs = limit > 0 ? PairLists(samples: blocks.count, limit: limit) : nil
        for left in stride(from: 0, to: blocks.count, by: Self.side) {
            sweep(left..<min(blocks.count, left + Self.side))
        }
        for row in stride(from: rows - 2, through: 0, by: -1) {
            for index in 0..<blocks.count {
                gains[row * blocks.count + index] += gains[(row + 1) * blocks.count + index]
            }
        }
    }

    /// All pairs of these columns and the rows up to them.
    private mutating func sweep(_ columns: Range<Int>) {
        let right = blocks.wide(columns)
        var products = [Float](repeating: 0, count: Self.height * right.padded)
        var turned = [Float](repeating: 0, count: Self.height * columns.count)
        var scratch: [Float] = []
        var top = 0
        while top < columns.upperBound {
            let end = min(top + Self.height, top < columns.lowerBound ? columns.lowerBound : columns.upperBound)
            let part = top..<end
            products.withUnsafeMutableBufferPointer {
                blocks.fill(blocks.tall(part), right, into: $0, scratch: &scratch)
            }
            absorb(products, stride: right.padded, targets: part, candidates: columns)
            if top < columns.lowerBound {
                ck_transpose(products, right.padded, part.count, columns.count, &turned)
                absorb(turned, stride: part.count, targets: columns, candidates: part)
            }
            top = end
        }
    }

    /// Row i of `values` is the similarity of target i to the candidates.
    private mutating func absorb(_ values: [Float], stride: Int, targets: Range<Int>, candidates: Range<Int>) {
        values.withUnsafeBufferPointer { values in
            guard let values = values.baseAddress else { return }
            addStages(values, stride: stride, targets: targets, candidates: candidates)
            guard pairs != nil else { return }
            found.search(values, stride: stride, columns: candidates, above: Array(final[targets]))
            pairs?.append(found, of: UInt32(targets.lowerBound)..<UInt32(targets.upperBound))
            if pairs?.isFull == true { pairs = nil }
        }
    }

    private mutating func addStages(
        _ values: UnsafePointer<Float>, stride: Int, targets: Range<Int>, candidates: Range<Int>
    ) {
        gains.withUnsafeMutableBufferPointer { gains in
            base.withUnsafeBufferPointer { base in
                starts.withUnsafeBufferPointer { starts in
                    guard let gains = gains.baseAddress, let base = base.baseAddress, let starts = starts.baseAddress
                    else { return }
                    ck_add_stages(
                        values, stride, targets.count, candidates.count, base + targets.lowerBound,
                        starts + targets.lowerBound, places, levels, rows - 1, blocks.count, &scratch,
                        gains + candidates.lowerBound)
                }
            }
        }
    }
}
