extension ScalingLawAnalysis {
    /// Points of one group, in the order of their rows.
    public struct Points: Sendable, Equatable {
        /// Rows of the table, counted from 0.
        public let rows: [Int]
        /// All x columns, whichever of them a law takes.
        public let x: LawPoints
        public let y: [Double]

        init(_ rows: [Int], of data: FitRows) {
            self.rows = rows
            x = LawPoints(data.x.map { column in rows.map { column[$0] } })
            y = rows.map { data.y[$0] }
        }
    }

    /// As asked for: the laws take them in this order.
    public var xColumns: [String] { data.rows.columns.x }
    /// A column or an expression in columns.
    public var yColumn: String { data.rows.columns.y }
    public var groupCount: Int { groups.count }

    /// The points that a group's fits rest on, in the order of their residuals, and those held out.
    public func points(ofGroup index: Int) -> (fitted: Points, heldOut: Points) {
        let (fitted, heldOut) = groups[index].points(data, options)
        return (Points(fitted.rows.sorted(), of: data.rows), Points((heldOut?.rows ?? []).sorted(), of: data.rows))
    }
}
