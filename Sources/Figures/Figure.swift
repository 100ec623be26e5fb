/// A picture as a value: panels of series over axes. Drawing it writes what is drawn (CSV), how (a gnuplot script that
/// runs by itself) and the picture.
public struct Figure: Sendable, Equatable {
    /// Side by side.
    public var panels: [Panel]
    /// Inches; nil: one column of a paper (3.4) for one panel, the page's width (6.8) for more.
    public var width: Double?
    public var height: Double

    public init(panels: [Panel], width: Double? = nil, height: Double = 2.9) {
        self.panels = panels
        self.width = width
        self.height = height
    }
}

public struct Panel: Sendable, Equatable {
    public var title: String
    public var x: Axis
    public var y: Axis
    public var series: [Series]

    public init(title: String, x: Axis, y: Axis, series: [Series]) {
        self.title = title
        self.x = x
        self.y = y
        self.series = series
    }
}

public struct Axis: Sendable, Equatable {
    public var label: String
    public var isLogarithmic: Bool
    /// Words at 0, 1, 2 … instead of numbers.
    public var categories: [String]
    /// Numbers that get a tick of their own, instead of the automatic ones.
    public var ticks: [Double]

    public init(_ label: String, logarithmic: Bool = false, categories: [String] = [], ticks: [Double] = []) {
        self.label = label
        isLogarithmic = logarithmic
        self.categories = categories
        self.ticks = ticks
    }
}

/// Points drawn alike.
public struct Series: Sendable, Equatable {
    public enum Kind: String, Sendable, Equatable {
        case points
        case line
        case dashed
        /// Between `low` and `high`.
        case band
        /// A ring around each point.
        case ring
    }

    public struct Point: Sendable, Equatable {
        public var x: Double
        public var y: Double
        /// Ends of an error bar, or edges of a band.
        public var low: Double?
        public var high: Double?

        public init(_ x: Double, _ y: Double, low: Double? = nil, high: Double? = nil) {
            self.x = x
            self.y = y
            self.low = low
            self.high = high
        }
    }

    public var name: String
    public var kind: Kind
    /// Index into the palette; nil: dark grey.
    public var color: Int?
    /// Index into the markers and dashes.
    public var marker: Int
    public var isInLegend: Bool
    public var points: [Point]

    public init(_ name: String, _ kind: Kind, color: Int?, marker: Int = 0, inLegend: Bool = true, points: [Point]) {
        self.name = name
        self.kind = kind
        self.color = color
        self.marker = marker
        isInLegend = inLegend
        self.points = points
    }
}
