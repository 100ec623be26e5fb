/// Blocks of each stage, by the number of layers (He et al., "Deep residual learning", 2016, table 1).
let residualBlocks: [Int: [Int]] = [
    18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3], 101: [3, 4, 23, 3], 152: [3, 8, 36, 3],
]

extension NetworkDescription {
    /// ResNet as torchvision has it (a bottleneck's stride is in its 3×3 convolution), with its names and its
    /// initialisation. 18 and 34 layers: basic blocks; more: bottlenecks of four times as many channels.
    static func resnet(
        layers: Int, stem: NetworkSpec.Stem, shape: ImageShape, classes: Int
    ) -> NetworkDescription {
        var net = NetworkDescription(shape, initialisation: .residual)
        var x = net.input
        switch stem {
        case .cifar:
            x = net.convolution("conv1", x, outputs: 64, kernel: 3)
            x = net.norm("bn1", x, .batch, .relu)
        case .imagenet:
            x = net.convolution("conv1", x, outputs: 64, kernel: 7, stride: 2)
            x = net.norm("bn1", x, .batch, .relu)
            x = net.maximum(x, kernel: 3, stride: 2)
        }
        for (stage, blocks) in (residualBlocks[layers] ?? []).enumerated() {
            for block in 0..<blocks {
                let name = "layer\(stage + 1)/\(block)"
                let (width, stride) = (64 << stage, stage > 0 && block == 0 ? 2 : 1)
                x =
                    layers < 50
                    ? net.basicBlock(name, x, width, stride: stride)
                    : net.bottleneck(name, x, width, stride: stride)
            }
        }
        x = net.average(x)
        net.linear("fc", x, outputs: classes)
        return net
    }

    private mutating func basicBlock(_ name: String, _ x: Int, _ width: Int, stride: Int) -> Int {
        let skipped = projection(name, x, outputs: width, stride: stride)
        var y = convolution("\(name)/conv1", x, outputs: width, kernel: 3, stride: stride)
        let shortcut = skipped.map { norm("\(name)/downsample/1", $0, .batch) } ?? x
        y = norm("\(name)/bn1", y, .batch, .relu)
        y = convolution("\(name)/conv2", y, outputs: width, kernel: 3)
        return norm("\(name)/bn2", y, .batch, .relu, plus: shortcut)
    }

    private mutating func bottleneck(_ name: String, _ x: Int, _ width: Int, stride: Int) -> Int {
        let skipped = projection(name, x, outputs: 4 * width, stride: stride)
        var y = convolution("\(name)/conv1", x, outputs: width, kernel: 1)
        let shortcut = skipped.map { norm("\(name)/downsample/1", $0, .batch) } ?? x
        y = norm("\(name)/bn1", y, .batch, .relu)
        y = convolution("\(name)/conv2", y, outputs: width, kernel: 3, stride: stride)
        y = norm("\(name)/bn2", y, .batch, .relu)
        y = convolution("\(name)/conv3", y, outputs: 4 * width, kernel: 1)
        return norm("\(name)/bn3", y, .batch, .relu, plus: shortcut)
    }

    /// A 1×1 convolution where the shortcut changes its shape; nil where it is the identity.
    private mutating func projection(_ name: String, _ x: Int, outputs: Int, stride: Int) -> Int? {
        if stride == 1 && tensors[x].channels == outputs { return nil }
        return convolution("\(name)/downsample/0", x, outputs: outputs, kernel: 1, stride: stride)
    }
}
