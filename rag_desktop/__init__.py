"""RAG Desktop: ask your own folders, offline."""

__version__ = "0.1.0"
