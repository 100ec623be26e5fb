import Tables

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
    /// Shown, but not among the sets that are correlated.
    public var isLeftOut: Bool

    public init(facet: String, family: String, ipc: Int, point: Series.Point, isLeftOut: Bool = false) {
        self.facet = facet
        self.family = family
        self.ipc = ipc
        self.point = point
        self.isLeftOut = isLeftOut
    }
}

/// A frontier with everything it was chosen from.
public struct FrontierPanel: Sendable, Equatable {
    public var title: String
    public var candidates: [(family: String, point: Series.Point)]
    public var front: [Series.Point]
    /// The best family at each x: another set than the front.
    public var envelope: [Series.Point]

    public init(
        title: String, candidates: [(family: String, point: Series.Point)], front: [Series.Point],
        envelope: [Series.Point]
    ) {
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

    public init(
        category: String, series: String, facet: String = "", y: Double, low: Double? = nil, high: Double? = nil
    ) {
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
        let names = curves.map(\.name).distinct()
        func kind(_ index: Int) -> Series.Kind { index.isMultiple(of: 2) ? .line : .dashed }
        let panels = curves.map(\.facet).distinct().map { facet in
            let chosen = curves.filter { $0.facet == facet }
            func each(_ make: (ScalingCurve, Int, Look) -> Series) -> [Series] {
                chosen.map { curve in
                    let index = names.firstIndex(of: curve.name) ?? 0
                    return make(curve, index, Look(color: index, marker: index))
                }
            }
            return Panel(
                title: facet, x: x, y: y,
                series: each { curve, _, look in Series("\(curve.name) band", .band, look, points: curve.band) }
                    + each { curve, index, look in Series("\(curve.name) fit", kind(index), look, points: curve.fit) }
                    + each { curve, _, look in Series(curve.name, .points, look, points: curve.points) })
        }
        let legend = names.enumerated().map { LegendEntry($1, Look(color: $0, marker: $0), line: kind($0)) }
        return Figure(panels: panels, legend: legend, sharesY: true)
    }

    /// Loss against error: colour by IPC, marker by family; small crosses for what is left out.
    public static func scatter(_ points: [ScatterPoint], titles: [String: String], x: Axis, y: Axis) -> Figure {
        let families = points.map(\.family).distinct()
        let sizes = points.map(\.ipc).distinct().sorted()
        let panels = points.map(\.facet).distinct().map { facet in
            let here = points.filter { $0.facet == facet }
            let (chosen, leftOut) = (here.filter { !$0.isLeftOut }, here.filter(\.isLeftOut))
            let series = families.indices.flatMap { marker in
                sizes.indices.map { color in
                    let members = chosen.filter { $0.family == families[marker] && $0.ipc == sizes[color] }
                    return Series(
                        "\(families[marker]), IPC \(sizes[color])", .points, Look(color: color, marker: marker),
                        points: members.map(\.point))
                }
            }
            let crosses = Series("left out", .cross, Look(color: nil), points: leftOut.map(\.point))
            return Panel(
                title: titles[facet] ?? facet, x: x, y: y, series: series + (leftOut.isEmpty ? [] : [crosses]))
        }
        // Colour and marker mean different things: each has its own entries.
        let legend =
            sizes.enumerated().map { LegendEntry("IPC \($1)", Look(color: $0)) }
            + families.enumerated().map { LegendEntry($1, Look(color: nil, marker: $0)) }
            + (points.contains(where: \.isLeftOut)
                ? [LegendEntry("left out", Look(color: nil), line: .cross)] : [])
        return Figure(panels: panels, legend: legend)
    }

    /// All candidates, the front, and the envelope.
    public static func frontier(_ panels: [FrontierPanel], x: Axis, y: Axis) -> Figure {
        let families = panels.flatMap { $0.candidates.map(\.family) }.distinct()
        let envelope = Look(color: 4)
        let front = Look(color: nil)
        let drawn = panels.map { panel in
            let points = families.enumerated().map { index, family in
                Series(
                    family, .points, Look(color: index, marker: index),
                    points: panel.candidates.filter { $0.family == family }.map(\.point))
            }
            return Panel(
                title: panel.title, x: x, y: y,
                series: [
                    Series("frontier", .line, front, points: panel.front),
                    Series("best per IPC", .dashed, envelope, points: panel.envelope),
                ] + points + [Series("on the frontier", .ring, front, points: panel.front)])
        }
        let legend =
            families.enumerated().map { LegendEntry($1, Look(color: $0, marker: $0)) } + [
                LegendEntry("frontier", front, marker: true, line: .ring),
                LegendEntry("best per IPC", envelope, marker: false, line: .dashed),
            ]
        return Figure(panels: drawn, legend: legend)
    }

    /// Error against the position of the window: test with error bars, validation dashed, the chosen window ringed.
    public static func hardness(_ curves: [HardnessCurve], x: Axis, y: Axis) -> Figure {
        let grey = Look(color: nil)
        let series = curves.enumerated().flatMap { index, curve in
            let look = Look(color: index, marker: index)
            return [
                Series("\(curve.name), validation", .dashed, look, points: curve.validation),
                Series("\(curve.name), test", .line, look, points: curve.test),
                Series("\(curve.name), test", .points, look, points: curve.test),
                Series("\(curve.name), chosen", .ring, grey, points: curve.chosen.map { [$0] } ?? []),
            ]
        }
        let legend =
            curves.enumerated().map { LegendEntry($1.name, Look(color: $0, marker: $0), line: .line) } + [
                LegendEntry("validation", grey, marker: false, line: .dashed),
                LegendEntry("chosen on it", grey, line: .ring),
            ]
        return Figure(panels: [Panel(title: "", x: x, y: y, series: series)], legend: legend)
    }

    /// Values by category, one colour per series, side by side within the category.
    public static func categories(_ points: [CategoryPoint], y: Axis) -> Figure {
        let categories = points.map(\.category).distinct()
        let names = points.map(\.series).distinct()
        let panels = points.map(\.facet).distinct().map { facet in
            let chosen = points.filter { $0.facet == facet }
            let series = names.enumerated().map { index, name in
                let shift = 0.16 * (Double(index) - Double(names.count - 1) / 2)
                return Series(
                    name, .points, Look(color: index, marker: index),
                    points: chosen.filter { $0.series == name }.map { point in
                        Series.Point(
                            Double(categories.firstIndex(of: point.category) ?? 0) + shift, point.y, low: point.low,
                            high: point.high)
                    })
            }
            return Panel(title: facet, x: Axis("", categories: categories), y: y, series: series)
        }
        let legend = names.enumerated().map { LegendEntry($1, Look(color: $0, marker: $0)) }
        return Figure(panels: panels, legend: legend, width: categories.count > 8 ? 6.8 : nil)
    }
}
