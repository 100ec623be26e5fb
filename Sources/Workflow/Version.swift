/// The version of the program, written into every run and result.
public let version = "0.1.0"
