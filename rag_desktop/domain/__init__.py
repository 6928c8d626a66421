"""Frozen values, events, errors and messages; standard library only."""
