import Randomness
import Records

extension ParameterLayout {
    /// As the network's description says. PyTorch's default: weights and biases of convolutions and linear layers uniform in ±1/√fanIn (for the weights this
    /// is `kaiming_uniform_` with a = √5; He et al., "Delving deep into rectifiers", 2015), normalisation one and zero.
    /// Each parameter has a stream of its own.
    func initialise(_ buffer: FloatBuffer, identity: String, seed: Int) {
        for (index, parameter) in parameters.enumerated() {
            let values = buffer.pointer + parameter.offset
            switch parameter.initial {
            case .constant(let value): values.update(repeating: value, count: parameter.count)
            case .uniform(let fanIn):
                var stream = RandomStream(identity, seed: seed, purpose: "initialisation", index: index)
                let bound = 1 / Double(fanIn).squareRoot()
                for i in 0..<parameter.count { values[i] = Float((2 * stream.uniform() - 1) * bound) }
            case .normal(let std):
                var stream = RandomStream(identity, seed: seed, purpose: "initialisation", index: index)
                for i in 0..<parameter.count { values[i] = Float(stream.normal() * std) }
            }
        }
    }

    /// The parameters as named tensors, their names after `prefix`.
    func tensors(of buffer: FloatBuffer, prefix: String = "") -> [NamedTensor] {
        parameters.map { parameter in
            let values = UnsafeBufferPointer(start: buffer.pointer + parameter.offset, count: parameter.count)
            return NamedTensor(name: prefix + parameter.name, shape: parameter.shape, values: Array(values))
        }
    }

    /// Why tensors named as `tensors(of:prefix:)` names them cannot fill such a buffer, or nil.
    func fault(of tensors: [NamedTensor], prefix: String = "") -> String? {
        let named = Dictionary(tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for parameter in parameters {
            let name = prefix + parameter.name
            guard let tensor = named[name] else { return "there is no tensor '\(name)'" }
            if tensor.shape != parameter.shape {
                return "tensor '\(name)' has shape \(tensor.shape) instead of \(parameter.shape)"
            }
        }
        return nil
    }

    /// Fills the buffer from tensors named as `tensors(of:prefix:)` names them; others are ignored.
    func load(_ tensors: [NamedTensor], prefix: String = "", into buffer: FloatBuffer) throws(TrainingError) {
        if let fault = fault(of: tensors, prefix: prefix) { throw .badState(fault) }
        let named = Dictionary(tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for parameter in parameters {
            guard let tensor = named[prefix + parameter.name] else { continue }
            for (i, value) in tensor.values.enumerated() { buffer.pointer[parameter.offset + i] = value }
        }
    }
}
