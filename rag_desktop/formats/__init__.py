"""File formats: one reader a file, and the one place that reads a document whole."""
