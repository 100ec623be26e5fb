import Tables

extension Table {
    /// Tables with the same columns, one below the other. A column that is text anywhere is text.
    static func stacked(_ tables: [Table]) throws(TableError) -> Table {
        var columns: [Column] = []
        for (at, column) in (tables.first?.columns ?? []).enumerated() {
            let parts = tables.map { $0.columns[at].values }
            let areTexts = parts.contains { if case .texts = $0 { true } else { false } }
            let areIntegers = parts.allSatisfy { if case .integers = $0 { true } else { false } }
            var texts: [String] = []
            var numbers: [Double] = []
            for table in tables {
                if areTexts { texts += try table.texts(column.name) } else { numbers += try table.numbers(column.name) }
            }
            if areTexts {
                columns.append(Column(column.name, texts))
            } else if areIntegers {
                columns.append(Column(column.name, numbers.map { Int($0) }))
            } else {
                columns.append(Column(column.name, numbers))
            }
        }
        return Table(columns)
    }
}
