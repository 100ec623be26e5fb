// The room Fitting.
