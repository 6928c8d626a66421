"""SQLite: documents, chunks, vectors, ledger, conversations."""
