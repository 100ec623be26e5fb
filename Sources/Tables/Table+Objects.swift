extension Table {
    /// One object per row; the columns named in `integers` hold whole numbers or nothing.
    public func objects(integers: Set<String> = []) -> [JSON] {
        (0..<rowCount).map { row in
            let members = columns.map { column in
                guard integers.contains(column.name), case .number(let value) = column.json(row),
                    let whole = Int(exactly: value)
                else { return (column.name, column.json(row)) }
                return (column.name, JSON.integer(whole))
            }
            return .object(Dictionary(members, uniquingKeysWith: { first, _ in first }))
        }
    }
}
