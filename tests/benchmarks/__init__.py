"""Measurements, each a ratio to a baseline of the same run. Not part of the test command.

python -m tests.benchmarks.beside_kiwi --data DIR
python -m tests.benchmarks.beside_llamaindex --data DIR
python -m tests.benchmarks.beside_recoll --data DIR
python -m tests.benchmarks.filters --data DIR
python -m tests.benchmarks.footprint --data DIR
python -m tests.benchmarks.foretold --data DIR
python -m tests.benchmarks.indexing --data DIR
python -m tests.benchmarks.pages --data DIR
python -m tests.benchmarks.parsers --data DIR
python -m tests.benchmarks.stalls --data DIR --seconds 600

All but `indexing` and `stalls` print tables, or with `--json` one JSON object.
"""
