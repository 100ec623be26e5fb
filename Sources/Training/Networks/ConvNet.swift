/// Groups of a ConvNet's group normalisation, as in the code of "Dataset condensation with gradient matching" (Zhao et
/// al., 2021).
let groupsOfChannels = 4

extension NetworkDescription {
    /// The ConvNet of the distillation literature (Gidaris and Komodakis, 2018): blocks of convolution 3×3 with bias,
    /// normalisation (affine, ε = 10⁻⁵), ReLU and average pooling 2×2 (floor), then one linear layer.
    static func convnet(
        depth: Int, width: Int, norm: NetworkSpec.Normalisation, shape: ImageShape, classes: Int
    ) -> NetworkDescription {
        var net = NetworkDescription(shape)
        var x = net.input
        for block in 1...depth {
            x = net.convolution("conv\(block)", x, outputs: width, kernel: 3, bias: true)
            x = net.norm("norm\(block)", x, norm, .relu, pool: true)
        }
        x = net.flatten(x)
        net.linear("linear", x, outputs: classes)
        return net
    }
}
