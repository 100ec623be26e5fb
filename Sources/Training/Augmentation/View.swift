/// What was drawn for one image: everything that happens to it, without any randomness left. Two views that are equal
/// show the same image the same way, so a teacher can be shown what the student saw, and a view can be stored.
public struct View: Sendable, Equatable, Codable {
    /// What happens to the image, in this order.
    public var steps: [Step]

    public enum Step: Sendable, Equatable, Codable {
        /// y(i, j) = x(i + down, j + right) against zeros, then mirrored left to right if `mirrored`.
        case shift(down: Int, right: Int, mirrored: Bool)
        /// The region, enlarged bilinearly to the whole image; then mirrored if `mirrored`.
        case enlarge(ImageRegion, mirrored: Bool)
        /// The region becomes 0.
        case blank(ImageRegion)
        /// Columns of patches, then rows: place k shows patch `columns[k]`, and so on; the first `grid` entries count.
        case shuffle(grid: Int, columns: SIMD16<UInt8>, rows: SIMD16<UInt8>)
        /// + brightness; away from the mean over channels, × saturation; away from the image's mean, × contrast.
        case color(brightness: Float, saturation: Float, contrast: Float)
        /// y(p) = x(A p) for p in coordinates from the image's middle in units of its half sides (−1…1), bilinear, zeros
        /// outside; A by rows. What `affine_grid` and `grid_sample` of PyTorch do with `align_corners=False`.
        case warp(xx: Float, xy: Float, yx: Float, yy: Float)
    }

    public init(_ steps: [Step] = []) { self.steps = steps }
}
