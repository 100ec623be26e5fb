import Importers

/// The formats that `assay import` reads.
public let importFormats: [Importer] = []
