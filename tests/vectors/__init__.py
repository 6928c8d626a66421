"""Tests; a package so that child processes and other tests can import from it."""
