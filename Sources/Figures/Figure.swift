/// A picture as a value: panels of series over axes, and one legend below them. Drawing it writes what is drawn (CSV), how
/// (a gnuplot script that runs by itself) and the picture.
public struct Figure: Sendable, Equatable {
    /// Row by row, and in a row from left to right.
    public var panels: [Panel]
    /// Panels side by side; nil: all of them.
    public var columns: Int?
    /// One range for all y axes, so that heights compare between panels.
    public var sharesY: Bool
    public var legend: [LegendEntry]
    /// Sentences below the legend.
    public var notes: [String]
    /// Inches; nil: one column of a paper (3.4) for one panel, the page's width (6.8) for more.
    public var width: Double?
    /// Inches of a panel's upper axes, without title, labels and legend.
    public var plotHeight: Double

    public init(
        panels: [Panel], columns: Int? = nil, legend: [LegendEntry], notes: [String] = [], sharesY: Bool = false,
        width: Double? = nil, plotHeight: Double = 1.9
    ) {
        precondition(columns.map { $0 > 0 } != false, "a figure has at least one column of panels")
        self.panels = panels
        self.columns = columns
        self.legend = legend
        self.notes = notes
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
    /// What stands right below, over the same x; nil: nothing.
    public var lower: LowerPlot?

    public init(title: String, x: Axis, y: Axis, series: [Series], lower: LowerPlot? = nil) {
        self.title = title
        self.x = x
        self.y = y
        self.series = series
        self.lower = lower
    }

    /// An empty place among the others.
    public static let blank = Panel(title: "", x: Axis(""), y: Axis(""), series: [])
}

/// A second, flatter plot under a panel's own, as residuals under a fit; its y axis is as long below zero as above.
public struct LowerPlot: Sendable, Equatable {
    /// Told apart by it in the data.
    public var name: String
    public var y: Axis
    public var series: [Series]
    /// Of the upper plot's height.
    public var share: Double

    public init(name: String, y: Axis, series: [Series], share: Double = 0.36) {
        self.name = name
        self.y = y
        self.series = series
        self.share = share
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
        case dashdot
        case dotted
        /// A line in the background: a zero, a threshold.
        case rule
        case thick
        /// From the first point to the last, with a head there.
        case arrow
        /// Between `low` and `high`.
        case band
        /// The lines `low` and `high` alone.
        case edges
        /// A ring around each point.
        case ring
        /// Points with an outline only.
        case hollow
        /// Small crosses.
        case cross
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
    /// Lengthens the y axis by at most half of what the other series take; what lies beyond is cut off.
    public var mayLeaveAxes: Bool

    public init(_ name: String, _ kind: Kind, _ look: Look, points: [Point], mayLeaveAxes: Bool = false) {
        self.name = name
        self.kind = kind
        self.look = look
        self.points = points
        self.mayLeaveAxes = mayLeaveAxes
    }
}

/// One word of the legend with its sample: a marker, a line or another kind of series, or both.
public struct LegendEntry: Sendable, Equatable {
    public var text: String
    public var look: Look
    public var hasMarker: Bool
    /// A line, or in place of the marker another kind.
    public var line: Series.Kind?

    public init(_ text: String, _ look: Look, marker: Bool = true, line: Series.Kind? = nil) {
        self.text = text
        self.look = look
        hasMarker = marker
        self.line = line
    }
}
