/// Expansion, channels, blocks and the first block's stride (Sandler et al., "MobileNetV2", 2018, table 2).
private let invertedResiduals: [(expansion: Int, channels: Int, blocks: Int, stride: Int)] = [
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
]

extension NetworkDescription {
    /// MobileNet-V2 as torchvision has it, with its names and its initialisation, without dropout. The form for CIFAR
    /// keeps the resolution in the stem and in the first stage of stride 2.
    static func mobilenetV2(
        width: Double, stem: NetworkSpec.Stem, shape: ImageShape, classes: Int
    ) -> NetworkDescription {
        var net = NetworkDescription(shape, initialisation: .mobile)
        let first = multipleOfEight(32 * width)
        var x = net.convolution(
            "features/0/0", net.input, outputs: first, kernel: 3, stride: stem == .cifar ? 1 : 2)
        x = net.norm("features/0/1", x, .batch, .relu6)
        var index = 1
        for (stage, row) in invertedResiduals.enumerated() {
            for block in 0..<row.blocks {
                let stride = block > 0 || (stem == .cifar && stage == 1) ? 1 : row.stride
                x = net.invertedResidual(
                    "features/\(index)/conv", x, outputs: multipleOfEight(Double(row.channels) * width),
                    expansion: row.expansion, stride: stride)
                index += 1
            }
        }
        let last = multipleOfEight(1280 * max(1, width))
        x = net.convolution("features/\(index)/0", x, outputs: last, kernel: 1)
        x = net.norm("features/\(index)/1", x, .batch, .relu6)
        x = net.average(x)
        net.linear("classifier/1", x, outputs: classes)
        return net
    }

    private mutating func invertedResidual(
        _ name: String, _ x: Int, outputs: Int, expansion: Int, stride: Int
    ) -> Int {
        let inputs = tensors[x].channels
        let hidden = inputs * expansion
        var (y, part) = (x, 0)
        if expansion > 1 {
            y = convolution("\(name)/0/0", y, outputs: hidden, kernel: 1)
            y = norm("\(name)/0/1", y, .batch, .relu6)
            part = 1
        }
        y = convolution("\(name)/\(part)/0", y, outputs: hidden, kernel: 3, stride: stride, groups: hidden)
        y = norm("\(name)/\(part)/1", y, .batch, .relu6)
        y = convolution("\(name)/\(part + 1)", y, outputs: outputs, kernel: 1)
        return norm("\(name)/\(part + 2)", y, .batch, plus: stride == 1 && inputs == outputs ? x : nil)
    }

    /// The multiple of eight nearest to `channels`, at least eight and never less than nine tenths of it.
    private static func multipleOfEight(_ channels: Double) -> Int {
        let nearest = max(8, Int(channels + 4) / 8 * 8)
        return Double(nearest) < 0.9 * channels ? nearest + 8 : nearest
    }
}
