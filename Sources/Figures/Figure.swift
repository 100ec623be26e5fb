/// A picture as a value: panels of series over axes, and one legend below them. Drawing it writes what is drawn (CSV), how
/// (a gnuplot script that runs by itself) and the picture.
public struct Figure: Sendable, Equatable {
    /// Side by side.
    public var panels: [Panel]
    /// One range for all y axes, so that heights compare between panels.
    public var sharesY: Bool
    public var legend: [LegendEntry]
    /// Inches; nil: one column of a paper (3.4) for one panel, the page's width (6.8) for more.
    public var width: Double?
    /// Inches of the axes, without title, labels and legend.
    public var plotHeight: Double

    public init(
        panels: [Panel], legend: [LegendEntry], sharesY: Bool = false, width: Double? = nil, plotHeight: Double = 1.9
    ) {
        self.panels = panels
        self.legend = legend
        self.sharesY = sharesY
        self.width = width
        self.plotHeight = plotHeight
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

/// How something looks: an index into the palette (nil: dark grey), and one into the markers.
public struct Look: Sendable, Equatable {
    public var color: Int?
    public var marker: Int

    public init(color: Int?, marker: Int = 0) {
        self.color = color
        self.marker = marker
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
    public var look: Look
    public var points: [Point]

    public init(_ name: String, _ kind: Kind, _ look: Look, points: [Point]) {
        self.name = name
        self.kind = kind
        self.look = look
        self.points = points
    }
}

/// One word of the legend with its sample: a marker, a line, or both.
public struct LegendEntry: Sendable, Equatable {
    public var text: String
    public var look: Look
    public var hasMarker: Bool
    public var line: Series.Kind?

    public init(_ text: String, _ look: Look, marker: Bool = true, line: Series.Kind? = nil) {
        self.text = text
        self.look = look
        hasMarker = marker
        self.line = line
    }
}
