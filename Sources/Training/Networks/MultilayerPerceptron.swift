extension NetworkDescription {
    /// Linear layers with ReLU between them.
    static func mlp(hidden: [Int], shape: ImageShape, classes: Int) -> NetworkDescription {
        var net = NetworkDescription(rows: shape)
        var x = net.input
        for (index, units) in hidden.enumerated() {
            x = net.linear("linear\(index + 1)", x, outputs: units, .relu)
        }
        net.linear("linear\(hidden.count + 1)", x, outputs: classes)
        return net
    }
}
