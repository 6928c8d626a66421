"""Starts the program from the command line."""

import multiprocessing
import sys

from rag_desktop.app import main as start


def main() -> int:
    """Entry point of `rag-desktop` and of `python -m rag_desktop`."""
    multiprocessing.freeze_support()
    return start(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
