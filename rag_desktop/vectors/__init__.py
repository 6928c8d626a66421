"""Nearest neighbours: the HNSW file, and exact search beside it."""
