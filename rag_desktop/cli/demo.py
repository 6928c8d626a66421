"""`demo`: index the sample folder into a library of its own and answer three questions."""

import argparse

from rag_desktop.cli import verbs
from rag_desktop.cli.terminal import Terminal
from rag_desktop.domain.answers import Question
from rag_desktop.services import library as libraries
from rag_desktop.services.program import Program

QUESTIONS = (
    "How long is the notice period for the workshop lease?",
    "Which filter does the coffee machine need, and how often is it changed?",
    "연차 휴가는 며칠인가요?",
)


def demo(program: Program, options: argparse.Namespace, terminal: Terminal) -> int:
    """Index `resources/sample` and ask `QUESTIONS` about it."""
    sample = str(program.places.resources / "sample")
    if options.library is None:
        _forget_others(program, sample, terminal)
    worst = verbs.add_paths(program, [sample], None, terminal)
    for question in QUESTIONS:
        terminal.line(f"\n▸ {question}")
        worst = max(worst, verbs.answer(program, Question(question, program.top_k), terminal))
    return worst


def _forget_others(program: Program, sample: str, terminal: Terminal) -> None:
    """The demo's own library holds this sample only: one of an installation that is gone would answer in its stead."""
    with verbs.writer(program, terminal) as library:
        for row in library.folders.all():
            if row.path != sample:
                libraries.mark_removed(library, row.path)
