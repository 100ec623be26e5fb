/// A group's points, its fitted curve and the band around it.
public struct ScalingCurve: Sendable, Equatable {
    public var name: String
    public var facet: String
    public var points: [Series.Point]
    /// Empty where the fit was refused.
    public var fit: [Series.Point]
    public var band: [Series.Point]

    public init(name: String, facet: String, points: [Series.Point], fit: [Series.Point], band: [Series.Point]) {
        self.name = name
        self.facet = facet
        self.points = points
        self.fit = fit
        self.band = band
    }
}

/// A set of images: its objective's loss and the error of networks trained on it.
public struct ScatterPoint: Sendable, Equatable {
    public var facet: String
    /// Chooses the marker.
    public var family: String
    /// Chooses the colour.
    public var ipc: Int
    public var point: Series.Point

    public init(facet: String, family: String, ipc: Int, point: Series.Point) {
        self.facet = facet
        self.family = family
        self.ipc = ipc
        self.point = point
    }
}

/// A frontier with everything it was chosen from.
public struct FrontierPanel: Sendable, Equatable {
    public var title: String
    public var candidates: [(family: String, point: Series.Point)]
    public var front: [Series.Point]
    /// The best family at each x: another set than the front.
    public var envelope: [Series.Point]

    public init(title: String, candidates: [(family: String, point: Series.Point)], front: [Series.Point], envelope: [Series.Point]) {
        self.title = title
        self.candidates = candidates
        self.front = front
        self.envelope = envelope
    }

    public static func == (a: FrontierPanel, b: FrontierPanel) -> Bool {
        a.title == b.title && a.front == b.front && a.envelope == b.envelope
            && a.candidates.elementsEqual(b.candidates) { $0.family == $1.family && $0.point == $1.point }
    }
}

/// Error against window position at one IPC.
public struct HardnessCurve: Sendable, Equatable {
    public var name: String
    public var validation: [Series.Point]
    public var test: [Series.Point]
    /// The window chosen on validation.
    public var chosen: Series.Point?

    public init(name: String, validation: [Series.Point], test: [Series.Point], chosen: Series.Point?) {
        self.name = name
        self.validation = validation
        self.test = test
        self.chosen = chosen
    }
}

/// One method's value under one condition.
public struct CategoryPoint: Sendable, Equatable {
    public var category: String
    public var series: String
    public var facet: String
    public var y: Double
    public var low: Double?
    public var high: Double?

    public init(category: String, series: String, facet: String = "", y: Double, low: Double? = nil, high: Double? = nil) {
        self.category = category
        self.series = series
        self.facet = facet
        self.y = y
        self.low = low
        self.high = high
    }
}

extension Figure {
    /// Scaling curves: points, the fit, its band; one panel per facet, one colour per name.
    public static func scaling(_ curves: [ScalingCurve], x: Axis, y: Axis) -> Figure {
        let names = distinct(curves.map(\.name))
        return Figure(
            panels: distinct(curves.map(\.facet)).map { facet in
                let chosen = curves.filter { $0.facet == facet }
                func each(_ make: (ScalingCurve, Int) -> Series) -> [Series] {
                    chosen.map { make($0, names.firstIndex(of: $0.name) ?? 0) }
                }
                return Panel(
                    title: facet, x: x, y: y,
                    series: each { Series("\($0.name) band", .band, color: $1, inLegend: false, points: $0.band) }
                        + each { Series("\($0.name) fit", $1 == 0 ? .line : .dashed, color: $1, inLegend: false, points: $0.fit) }
                        + each { Series($0.name, .points, color: $1, marker: $1, points: $0.points) })
            })
    }

    /// Loss against error: colour by IPC, marker by family.
    public static func scatter(_ points: [ScatterPoint], titles: [String: String], x: Axis, y: Axis) -> Figure {
        let families = distinct(points.map(\.family))
        let sizes = distinct(points.map(\.ipc)).sorted()
        return Figure(
            panels: distinct(points.map(\.facet)).map { facet in
                let chosen = points.filter { $0.facet == facet }
                var series: [Series] = []
                var seenFamilies: Set<String> = []
                for (marker, family) in families.enumerated() {
                    for (color, ipc) in sizes.enumerated() {
                        let members = chosen.filter { $0.family == family && $0.ipc == ipc }
                        if members.isEmpty { continue }
                        // The largest size names the family, so that the legend has one entry per family and size.
                        let isFirst = seenFamilies.insert(family).inserted
                        series.append(
                            Series(
                                isFirst ? "\(family), IPC \(ipc)" : "\(family) \(ipc)", .points, color: color,
                                marker: marker, points: members.map(\.point)))
                    }
                }
                return Panel(title: titles[facet] ?? facet, x: x, y: y, series: series)
            }, height: 3.4)
    }

    /// All candidates, the front, and the envelope.
    public static func frontier(_ panels: [FrontierPanel], x: Axis, y: Axis) -> Figure {
        let families = distinct(panels.flatMap { $0.candidates.map(\.family) })
        return Figure(
            panels: panels.map { panel in
                let points = families.enumerated().map { index, family in
                    Series(
                        family, .points, color: index, marker: index,
                        points: panel.candidates.filter { $0.family == family }.map(\.point))
                }
                return Panel(
                    title: panel.title, x: x, y: y,
                    series: [Series("best per IPC", .dashed, color: 4, points: panel.envelope)]
                        + [Series("frontier", .line, color: nil, points: panel.front)]
                        + points.filter { !$0.points.isEmpty }
                        + [Series("on the frontier", .ring, color: nil, inLegend: false, points: panel.front)])
            }, height: 3.1)
    }

    /// Error against the position of the window: test with error bars, validation dashed, the chosen window ringed.
    public static func hardness(_ curves: [HardnessCurve], x: Axis, y: Axis) -> Figure {
        var series: [Series] = []
        for (index, curve) in curves.enumerated() {
            series.append(Series("\(curve.name), validation", .dashed, color: index, points: curve.validation))
            series.append(Series("\(curve.name), test", .line, color: index, inLegend: false, points: curve.test))
            series.append(Series("\(curve.name), test", .points, color: index, marker: index, points: curve.test))
            if let chosen = curve.chosen {
                series.append(
                    Series("chosen on validation", .ring, color: nil, inLegend: index == 0, points: [chosen]))
            }
        }
        return Figure(panels: [Panel(title: "", x: x, y: y, series: series)], height: 3.2)
    }

    /// Values by category, one colour per series, side by side within the category.
    public static func categories(_ points: [CategoryPoint], x: String, y: Axis) -> Figure {
        let categories = distinct(points.map(\.category))
        let names = distinct(points.map(\.series))
        return Figure(
            panels: distinct(points.map(\.facet)).map { facet in
                let chosen = points.filter { $0.facet == facet }
                return Panel(
                    title: facet, x: Axis(x, categories: categories), y: y,
                    series: names.enumerated().map { index, name in
                        let shift = 0.16 * (Double(index) - Double(names.count - 1) / 2)
                        return Series(
                            name, .points, color: index, marker: index,
                            points: chosen.filter { $0.series == name }.map { point in
                                Series.Point(
                                    Double(categories.firstIndex(of: point.category) ?? 0) + shift, point.y,
                                    low: point.low, high: point.high)
                            })
                    })
            }, height: 3.4)
    }

    private static func distinct<Value: Hashable>(_ values: [Value]) -> [Value] {
        var seen: Set<Value> = []
        return values.filter { seen.insert($0).inserted }
    }
}
