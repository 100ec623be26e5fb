import Testing

@testable import Datasets

@Suite struct NumPyDatasetTests {
    /// make_arrays.py counts up over [N, H, W, C].
    private func pixel(_ n: Int, _ h: Int, _ w: Int, _ c: Int) -> UInt8 { UInt8(((n * 4 + h) * 2 + w) * 3 + c) }

    @Test(arguments: ["good-nhwc.npz", "good-nchw.npz", "good-medmnist.npz", "good-folder"])
    func readsColour(_ name: String) throws {
        let data = try Dataset.load(.npz(path: Fixture.path("arrays/\(name)")))
        #expect(data.train.labels == [1, 0, 1] && data.test.labels == [0, 1])
        #expect(data.classNames == ["0", "1"])
        #expect([data.train.channels, data.train.height, data.train.width] == [3, 4, 2])
        for (set, first) in [(data.train, 0), (data.test, 3)] {
            let expected = (0..<set.count).flatMap { n in
                (0..<3).flatMap { c in (0..<4).flatMap { h in (0..<2).map { w in pixel(first + n, h, w, c) } } }
            }
            #expect(set.pixels == expected)
        }
    }

    @Test func readsGrey() throws {
        let data = try Dataset.load(.npz(path: Fixture.path("arrays/good-grey.npz")))
        #expect([data.test.channels, data.test.height, data.test.width] == [1, 4, 2])
        #expect(data.test.pixels.prefix(3) == [pixel(3, 0, 0, 0), pixel(3, 0, 1, 0), pixel(3, 1, 0, 0)])
    }

    @Test(arguments: [
        ("bad-float", "'x_train': its type is f8", "(255 * x).round()"),
        ("bad-missing", "'y_test': it is not there (nor is test_labels)", "x_train, y_train"),
        ("bad-label", "test label 7 of image 1 is outside 0…1", ""),
        ("bad-negative", "'y_train': label -1 of image 1", ""),
        ("bad-count", "'x_train': 3 images, but 2 labels in 'y_train'", ""),
        ("bad-shape", "'x_train': its shape is [3, 24]", "[N, H, W, C]"),
        ("bad-ambiguous", "'x_train': its shape is [3, 3, 5, 3]", ""),
        ("bad-gap", "no image has the label 1", ""),
        ("bad-one-hot", "'y_train': its shape is [3, 2], and labels are", ""),
        ("bad-fortran", "'x_train': it is in Fortran order", "ascontiguousarray"),
        ("bad-test-shape", "images of 3×2×2 where the training images have 3×4×2", ""),
        ("bad-object", "'y_train': its type is |O", ""),
        ("bad-archive", "no .npz archive", "numpy.savez"),
        ("bad-promise", "'x_train': its shape [1000000, 1000, 1000] takes 1000000000000 bytes", ""),
    ])
    func refuses(_ name: String, _ says: String, _ advice: String) {
        let error = #expect(throws: DatasetError.self) {
            try Dataset.load(.npz(path: Fixture.path("arrays/\(name).npz")))
        }
        let text = error?.description ?? ""
        #expect(error?.exitCode == 65)
        #expect(
            text.contains(says) && (advice.isEmpty || text.contains(advice)) && text.contains("\(name).npz"), "\(text)")
    }

    @Test func refusesAFileThatIsNotThere() {
        let error = #expect(throws: DatasetError.self) { try Dataset.load(.npz(path: "/nowhere.npz")) }
        #expect(error?.exitCode == 66)
    }
}
