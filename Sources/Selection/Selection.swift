// The room Selection.
