import Foundation

@testable import Datasets

/// Files beside this one.
enum Fixture {
    static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
        "Fixtures")

    /// The fixtures are shorter than the published files.
    static let cifar10 = CIFAR.Records(train: 2, test: 2)
    static let cifar100 = CIFAR.Records(train: 3, test: 2)

    static func path(_ name: String) -> String { directory.appendingPathComponent(name).path }

    static let oracle: Oracle = {
        do {
            let data = try Data(contentsOf: directory.appendingPathComponent("oracle.json"))
            return try JSONDecoder().decode(Oracle.self, from: data)
        } catch {
            fatalError("oracle.json cannot be read: \(error)")
        }
    }()
}

/// What make_fixtures.py (NumPy) says of the good fixtures.
struct Oracle: Decodable {
    struct IDX: Decodable {
        let trainLabels, testLabels: [Int32]
        let trainPixels: [UInt8]
        let canonicalBytes: String
        let mean, std: [Double]
    }
    struct CIFAR10: Decodable {
        let trainLabels: [Int32]
        let pixelSum: Int
    }
    struct CIFAR100: Decodable {
        let trainLabels, testLabels: [Int32]
        let mean, std: [Double]
        let firstRow: [UInt8]
    }
    let idx: IDX
    let cifar10: CIFAR10
    let cifar100: CIFAR100
}
