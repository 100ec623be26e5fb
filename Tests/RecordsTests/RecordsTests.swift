import Records
import Testing

@Suite struct RecordsTests {
    @Test func aMatrixKnowsItsShape() {
        let matrix = FloatMatrix(rows: 2, columns: 3, values: [1, 2, 3, 4, 5, 6])
        #expect(matrix.rows == 2)
        #expect(matrix.columns == 3)
    }

    @Test func precisionsBearTheFileFormatsNames() {
        #expect(StoredPrecision(rawValue: "float16") == .half)
        #expect(StoredPrecision(rawValue: "float32") == .single)
    }
}
