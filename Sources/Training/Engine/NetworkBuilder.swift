internal import CKernels
internal import COneDNN

/// Turns layers into steps and steps into stages.
struct NetworkBuilder {
    private let engine: ComputeEngine
    private let description: NetworkDescription
    private let layout: ParameterLayout
    private let tag: dnnl_format_tag_t
    let places: [TensorPlace]
    private(set) var stages: [Network.Stage] = []
    private(set) var normalisations: [NormParameters] = []
    private(set) var originSizes: [Int: Int] = [:]
    private(set) var convolutions: [ConvolutionStep] = []
    private(set) var linears: [LinearStep] = []
    private(set) var batchNorms: [BatchNorm] = []
    private(set) var gradientPlaces = GradientPlaces()
    private var stage = Network.Stage()
    /// The largest tensor that the stage touches, floats of one image.
    private var largest = 1
    /// Batch normalisations by the tensor that they read.
    private var waiting: [Int: BatchNorm] = [:]

    /// Floats that the images of one turn of a stage may have in one tensor: half of what a second-level cache holds.
    private static let turn = 1 << 18

    init(
        _ engine: ComputeEngine, _ description: NetworkDescription, _ layout: ParameterLayout
    ) throws(TrainingError) {
        self.engine = engine
        self.description = description
        self.layout = layout
        let tag = try Self.tag(engine, description)
        self.tag = tag
        places = description.tensors.enumerated().map { index, tensor in
            let grid = tensor.isFlat || index == 0 ? nil : assay_grid(tensor, tag)
            return TensorPlace(
                index: index, grid: grid, channels: tensor.channels, count: grid?.count ?? tensor.count)
        }
    }

    /// The layout of activations in which every pass of every convolution is fast: blocks of as many channels as a
    /// register holds where the network is wide enough for them.
    private static func tag(
        _ engine: ComputeEngine, _ description: NetworkDescription
    ) throws(TrainingError) -> dnnl_format_tag_t {
        for tag in [dnnl_nChw16c, dnnl_nChw8c] {
            var isSlow = false
            for (index, layer) in description.layers.enumerated() where !isSlow {
                guard case .convolution = layer.operation else { continue }
                isSlow = try layouts(engine, description, index, tag).1.isSlow
            }
            if !isSlow { return tag }
        }
        return dnnl_nchw
    }

    private static func layouts(
        _ engine: ComputeEngine, _ description: NetworkDescription, _ index: Int, _ tag: dnnl_format_tag_t
    ) throws(TrainingError) -> (ConvolutionGeometry, ConvolutionLayouts) {
        let layer = description.layers[index]
        guard case .convolution(let convolution) = layer.operation else { preconditionFailure("no convolution") }
        let geometry = ConvolutionGeometry(
            convolution, from: description.tensors[layer.from], outputs: description.tensors[layer.to].channels,
            images: 8)
        let layouts = try ConvolutionLayouts(
            engine, geometry, source: layer.from == 0 ? dnnl_nchw : tag, destination: tag, goesBack: layer.from > 0)
        return (geometry, layouts)
    }

    mutating func add(_ index: Int) throws(TrainingError) {
        let layer = description.layers[index]
        let (from, to) = (places[layer.from], places[layer.to])
        switch layer.operation {
        case .convolution(let convolution):
            let (geometry, layouts) = try Self.layouts(engine, description, index, tag)
            let step = ConvolutionStep(
                engine, try ConvolutionWeights(engine, geometry, layouts), from: from, to: to,
                weight: layout["\(convolution.name)/weight"],
                bias: convolution.hasBias ? layout["\(convolution.name)/bias"] : nil, places: &gradientPlaces)
            convolutions.append(step)
            append(step, from, to)
            addStatistics(of: layer.to)
        case .norm(let norm) where norm.kind == .batch:
            guard let batch = waiting[layer.from] else { preconditionFailure("no statistics of '\(norm.name)'") }
            if stage.statistics.contains(where: { $0 === batch }) { close() }
            append(BatchApplyStep(batch), from, to)
            stage.applied.append(batch)
        case .norm(let norm):
            let own = makeNorm(norm, layer)
            if InstancePoolStep.fits(norm) {
                append(InstancePoolStep(own), from, to)
            } else {
                let groups = norm.kind == .none ? 0 : norm.kind == .group ? groupsOfChannels : from.channels
                append(ImageNormStep(own, groups: groups), from, to)
            }
            if !description.couplesBatch { close() }
        case .maximum(let kernel, let stride, let padding):
            originSizes[layer.to] = to.count
            append(
                MaximumStep(engine, from: from, to: to, tag: tag, kernel: kernel, stride: stride, padding: padding),
                from, to)
        case .flatten: append(RowsStep(from: from, to: to, isMean: false), from, to)
        case .average: append(RowsStep(from: from, to: to, isMean: true), from, to)
        case .linear(let name, let activation):
            precondition(
                activation != .relu || description.isReadByLinears(layer.to), "\(name): its ReLU has no way back")
            let step = LinearStep(
                LinearLayer(weight: layout["\(name)/weight"], bias: layout["\(name)/bias"]), from: from, to: to,
                hasReLU: activation == .relu, followsReLU: description.hasReLU(layer.from), places: &gradientPlaces)
            linears.append(step)
            append(step, from, to)
        }
    }

    /// A batch normalisation takes its statistics right behind the convolution that it reads.
    private mutating func addStatistics(of tensor: Int) {
        for layer in description.layers where layer.from == tensor {
            guard case .norm(let norm) = layer.operation, norm.kind == .batch else { continue }
            let batch = BatchNorm(makeNorm(norm, layer), layout)
            batchNorms.append(batch)
            waiting[tensor] = batch
            append(BatchStatisticsStep(batch), places[tensor], places[tensor])
            stage.statistics.append(batch)
        }
    }

    private mutating func makeNorm(
        _ norm: NetworkDescription.Norm, _ layer: NetworkDescription.Layer
    ) -> NormParameters {
        let own = NormParameters(
            norm, layout, from: places[layer.from], to: places[layer.to], residual: norm.residual.map { places[$0] },
            index: normalisations.count, places: &gradientPlaces)
        normalisations.append(own)
        return own
    }

    private mutating func append(_ step: any Step, _ from: TensorPlace, _ to: TensorPlace) {
        stage.steps.append(step)
        largest = max(largest, from.count, to.count)
    }

    /// Ends the stage.
    mutating func close() {
        guard !stage.steps.isEmpty else { return }
        stage.images = max(1, Self.turn / largest)
        stages.append(stage)
        stage = Network.Stage()
        largest = 1
    }
}
