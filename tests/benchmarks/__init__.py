"""Measurements, each a ratio to a baseline of the same run. Not part of the test command.

python -m tests.benchmarks.indexing --data DIR
python -m tests.benchmarks.stalls --data DIR --seconds 600
"""
