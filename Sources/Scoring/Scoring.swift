// The room Scoring.
