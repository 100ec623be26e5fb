import Datasets
import Testing

@Suite struct GlyphsTests {
    private static let small = Glyphs(train: 2000, test: 200, seed: 3)

    @Test func sameSeedSameBytesAnotherSeedOthers() throws {
        let first = try Self.small.dataset()
        #expect(try Self.small.dataset() == first)
        #expect(try Glyphs(train: 2000, test: 200, seed: 4).dataset() != first)
    }

    @Test func shapeClassesAndSplitAreAsAsked() throws {
        let data = try Dataset.load(.glyphs(Self.small))
        #expect([data.train.channels, data.train.height, data.train.width] == [1, 28, 28])
        #expect([data.train.count, data.test.count] == [2000, 200])
        #expect(data.classNames.count == 10 && Set(data.classNames).count == 10)
        let truth = try #require(data.truth)
        let drawn = ImageSet(channels: 0, height: 0, width: 0, pixels: [], labels: truth.train.trueLabels)
        #expect(drawn.classCounts(classes: 10) == [Int](repeating: 200, count: 10))
    }

    @Test func exactlyTheStatedShareOfTrainingLabelsIsWrongAndFlagged() throws {
        let data = try Self.small.dataset()
        let truth = try #require(data.truth)
        #expect(truth.train.isFlipped.filter { $0 }.count == 100)
        for i in 0..<data.train.count {
            #expect((data.train.labels[i] != truth.train.trueLabels[i]) == truth.train.isFlipped[i])
        }
        #expect(data.test.labels == truth.test.trueLabels)
        #expect(!truth.test.isFlipped.contains(true))
    }

    @Test func difficultyCoversTheUnitIntervalAndDisturbsTheImage() throws {
        let data = try Self.small.dataset()
        let truth = try #require(data.truth)
        #expect(truth.train.difficulty.allSatisfy { (0...1).contains($0) })
        #expect(truth.train.difficulty.filter { $0 < 0.5 }.count > 900)

        // The nearest class mean, made of easy training images, recognises easy test images far better than hard ones.
        let size = data.train.valuesPerImage
        var means = [[Double]](repeating: [Double](repeating: 0, count: size), count: 10)
        var counts = [Double](repeating: 0, count: 10)
        for i in 0..<data.train.count where truth.train.difficulty[i] < 0.5 {
            let c = Int(truth.train.trueLabels[i])
            counts[c] += 1
            for k in 0..<size { means[c][k] += Double(data.train.pixels[i * size + k]) }
        }
        for c in 0..<10 { for k in 0..<size { means[c][k] /= counts[c] } }
        var right = [0.0, 0.0]
        var seen = [0.0, 0.0]
        for i in 0..<data.test.count {
            let distances = means.map { mean in
                (0..<size).reduce(0.0) {
                    let delta = mean[$1] - Double(data.test.pixels[i * size + $1])
                    return $0 + delta * delta
                }
            }
            let guess = distances.indices.min { distances[$0] < distances[$1] }
            let half = truth.test.difficulty[i] < 0.5 ? 0 : 1
            seen[half] += 1
            if guess == Int(data.test.labels[i]) { right[half] += 1 }
        }
        let (easy, hard) = (right[0] / seen[0], right[1] / seen[1])
        #expect(easy > hard + 0.2, "easy \(easy), hard \(hard)")
        #expect(hard > 0.1, "hard images are not hopeless: \(hard)")
    }

    @Test func imagesHaveTheSizeAsked() throws {
        let large = try Glyphs(train: 20, test: 10, size: 40).dataset()
        #expect(large.train.height == 40 && large.train.pixels.count == 20 * 1600)
    }

    @Test(arguments: [
        (Glyphs(train: 5), "train is 5"), (Glyphs(test: 0), "test is 0"), (Glyphs(size: 4), "size is 4"),
        (Glyphs(labelNoise: 1.5), "labelNoise is 1.5"), (Glyphs(labelNoise: .nan), "labelNoise is nan"),
    ])
    func refusesSettingsOutOfRange(_ glyphs: Glyphs, _ says: String) {
        let error = #expect(throws: DatasetError.self) { try glyphs.dataset() }
        #expect(error?.exitCode == 64)
        #expect(error?.description.contains(says) == true)
    }
}
