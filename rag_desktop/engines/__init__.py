"""Models on disk and the code that runs them."""
