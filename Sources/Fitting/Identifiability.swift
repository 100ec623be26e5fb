/// When a fit's parameters count as hardly told apart.
public enum Identifiability {
    /// Parameters more correlated than this trade off against each other.
    public static let tradeOff = 0.99
    /// Parameters can hardly be told apart beyond this condition number (columns scaled); two of them reach it at a
    /// correlation of 0.999 998.
    public static let illConditioned = 1e3
}
