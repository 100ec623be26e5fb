func printRates(sets: Int) throws {}
