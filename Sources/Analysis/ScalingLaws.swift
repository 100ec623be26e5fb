/// The laws that can be named.
public enum ScalingLaws {
    public static let names = ["goyal"]

    /// - Parameter unit: N0, the unit of samples in laws that have one.
    public static func named(_ name: String, unit: Double = 1) throws(ScalingLawError) -> any ScalingLaw {
        switch name {
        case "goyal": return GoyalLaw(n0: unit)
        default: throw .unknownLaw(name)
        }
    }
}
