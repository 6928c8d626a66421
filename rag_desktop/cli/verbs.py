"""The verbs of the command line, each a few calls to the services and their words on the screen."""

import argparse
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rag_desktop.cli import present
from rag_desktop.cli.filters import filters_of
from rag_desktop.cli.terminal import Terminal
from rag_desktop.domain.answers import Answer, Passage, Question
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.events import Event, Token
from rag_desktop.domain.status import Failure
from rag_desktop.services import library as libraries
from rag_desktop.services import opening
from rag_desktop.services.indexing import IndexingReport
from rag_desktop.services.instance import Visit
from rag_desktop.services.program import Program
from rag_desktop.services.retrieval import Found, Mode, Steps
from rag_desktop.services.tasks import Publish, Task
from rag_desktop.services.wording import ERRORS
from rag_desktop.store.library import Library

_MOST_KINDS = 12
_WORTH_TELLING = ("embedder-missing", "vectors-missing")
"""Why a search by meaning did not run, where that is for a person to change."""
_NOT_WORTH_TELLING = ("reranker-missing",)
"""Most people never install one: a line each time would tell them nothing."""
OK, FAILED, SOME_FAILED, INTERRUPTED = 0, 1, 3, 130


@contextmanager
def stoppable(publish: Publish) -> Iterator[Task]:
    """A task that Ctrl+C stops politely."""
    task = Task(publish)
    before = signal.signal(signal.SIGINT, lambda *_: task.stop())
    try:
        yield task
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def writer(program: Program, terminal: Terminal) -> Iterator[Library]:
    """The library to write to; says what had to be brought back, and copies what could not be made again."""
    library, recovered = opening.open_writer(program.places.library)
    for each in recovered:
        terminal.note(program.wording.error(each.error))
    with library:
        yield library
        program.safe.folders(library, now=True)
        program.safe.settings(now=True)


def add(program: Program, options: argparse.Namespace, terminal: Terminal) -> int:
    """`add PATH…`"""
    return add_paths(program, options.paths, options.chunker, terminal)


def add_paths(program: Program, paths: Sequence[str], chunker: str | None, terminal: Terminal) -> int:
    """Add folders or files and say what came of it."""
    with stoppable(terminal.on_event) as task:
        report = _index(program, [os.path.abspath(path) for path in paths], chunker, task, terminal)
    terminal.clear()
    if terminal.is_json:
        terminal.result(present.indexing(report, program.wording))
    else:
        _show_report(report, program, terminal)
    return SOME_FAILED if any(folder.failed for folder in report.folders) else OK


def _index(program: Program, paths: list[str], chunker: str | None, task: Task, terminal: Terminal) -> IndexingReport:
    """Index in the window of this library where one is open: it is the one writer. Else here."""
    visit = Visit.pay(program.places.library)
    if visit:
        return visit.add(paths, task, chunker)
    with writer(program, terminal) as library:
        libraries.purge(library)
        indexing = program.indexing(library)
        return indexing.run(indexing.register(paths, chunker), task)


def _show_report(report: IndexingReport, program: Program, terminal: Terminal) -> None:
    wording = program.wording
    for folder in report.folders:
        terminal.line(
            wording.say(
                "{path}: {documents} documents, {passages} passages",
                path=folder.path,
                documents=folder.documents,
                passages=folder.passages,
            )
        )
        _show_failures(folder.failed, program, terminal)
        if folder.skipped:
            kinds = ", ".join(f"{suffix} {n}" for suffix, n in sorted(folder.skipped.items(), key=_most)[:_MOST_KINDS])
            terminal.line("  · " + wording.say("Passed over, of kinds that are not read: {kinds}", kinds=kinds))
    terminal.line(
        wording.say("Searchable after {searchable:.1f} s, done after {total:.1f} s", searchable=report.searchable,
                    total=report.total)
    )  # fmt: skip
    if report.embedding_error:
        terminal.note(wording.error(report.embedding_error))


def _most(kind: tuple[str, int]) -> tuple[int, str]:
    return -kind[1], kind[0]


def search(program: Program, options: argparse.Namespace, terminal: Terminal) -> int:
    """`search QUERY`"""
    question = Question(options.query, options.top_k or program.top_k, filters_of(options), merges=options.merge)
    steps = Steps(without=frozenset(options.without), also=frozenset(options.also))
    with Library.reader(program.places.library) as library:
        found = program.retrieval(library).search(question, Mode(options.mode), exact=options.exact, steps=steps)
        fitting = libraries.fitting(library, question)
    if terminal.is_json:
        terminal.result(present.found(question, found))
        return OK
    if fitting == 0:
        terminal.note(program.wording.say("No document fits the filters."))
    _show_notes(found, program, terminal)
    _show_passages(found.passages, program, terminal)
    return OK


def _show_notes(found: Found, program: Program, terminal: Terminal) -> None:
    """What a person should know of a search: what of it did not run though it could, and that nothing may fit."""
    say, codes = program.wording.say, set(found.absent.values())
    for code in sorted(codes.intersection(_WORTH_TELLING)):
        terminal.note(program.wording.error(UserFacingError(code)))
    if "question-unreadable" in codes and (not found.passages or not found.is_relevant):
        terminal.note(say("The model that searches by meaning does not read this language."))
    if codes.intersection(ERRORS).difference(_WORTH_TELLING, _NOT_WORTH_TELLING):
        terminal.note(say("A part of the search failed this time. The log tells more."))
    if found.is_inexact:
        terminal.note(say("The words in quotation marks stand nowhere together; this is what comes nearest."))
    elif found.passages and found.query.text and not found.is_relevant:
        terminal.note(say("These are the nearest passages; none seems to be about the question."))


def _show_passages(passages: Sequence[Passage], program: Program, terminal: Terminal) -> None:
    if not passages:
        terminal.line(program.wording.say("Nothing was found."))
    for rank, passage in enumerate(passages, start=1):
        where = passage.leaf or passage.chunk
        terminal.line(
            f"{rank}. {place(passage.document.path, where.page_start, where.page_end)}  ({passage.score:.3f})"
        )
        for twin in passage.twins:
            terminal.line("   = " + program.wording.say("also in {path}", path=place(twin.path, None)))
        if passage.chunk.headings:
            terminal.line("   § " + " › ".join(passage.chunk.headings))
        terminal.line("   " + " ".join(passage.text.split())[:400])


def ask(program: Program, options: argparse.Namespace, terminal: Terminal) -> int:
    """`ask QUESTION`"""
    return answer(program, Question(options.question, options.top_k or program.top_k, filters_of(options)), terminal)


def answer(program: Program, question: Question, terminal: Terminal) -> int:
    """Answer a question as its words come, with its sources beneath."""
    shown: list[str] = []

    def show(event: Event) -> None:
        if isinstance(event, Token) and not terminal.is_json:
            shown.append(event.text)
            terminal.words(event.text)

    _say_who_answers(program, terminal)
    with Library.reader(program.places.library) as library, stoppable(show) as task:
        answered = program.answering(library).ask(question, task)
    if terminal.is_json:
        terminal.result(present.answer(answered))
    else:
        _show_sources(answered, "".join(shown).strip(), program, terminal)
    return INTERRUPTED if task.is_stopped else OK


def _say_who_answers(program: Program, terminal: Terminal) -> None:
    """No answer of another model may pass as the default one's."""
    choice = program.generator
    if choice and choice.missed:
        terminal.note(
            program.wording.say(
                "{missed} is not installed; {model} answers instead.",
                missed=choice.missed,
                model=choice.generator.model,
            )
        )


def _show_sources(answer: Answer, streamed: str, program: Program, terminal: Terminal) -> None:
    wording = program.wording
    if answer.text.strip() != streamed:  # a refusal is never streamed; numbers are set right at the end
        terminal.words(("\n\n" if streamed else "") + answer.text)
    terminal.line()
    for citation in answer.citations:
        terminal.line(f"  [{citation.number}] {place(citation.passage.document.path, citation.page)}")
        if citation.quoted_text:
            terminal.line(f"      “{' '.join(citation.quoted_text.split())}”")
    if answer.model:
        terminal.note(
            wording.say(
                "{model} on {device}: {generated} tokens, first word after {first:.1f} s, done after {total:.1f} s",
                model=answer.model,
                device=answer.device or "?",
                generated=answer.tokens.generated,
                first=answer.timing.first_token or answer.timing.total,
                total=answer.timing.total,
            )
        )


def place(path: str, page: int | None, last: int | None = None) -> str:
    """A path with its page or pages, on one line whatever its name."""
    path = " ".join(path.splitlines()).replace("\t", " ")
    if not page:
        return path
    return f"{path}, p. {page}–{last}" if last and last > page else f"{path}, p. {page}"


def status(program: Program, _options: argparse.Namespace, terminal: Terminal) -> int:
    """`status`"""
    wording = program.wording
    with Library.reader(program.places.library) as library:
        look = libraries.status(library, program.embedders, program.models.list())
    if terminal.is_json:
        terminal.result(present.status(look, wording))
        return OK
    terminal.line(wording.say("{path}: {passages} passages", path=look.path, passages=look.passages))
    for folder in look.folders:
        terminal.line(
            "  "
            + wording.say(
                "{path}: {documents} documents, {passages} passages, {failed} not readable",
                path=folder.path,
                documents=folder.documents,
                passages=folder.passages,
                failed=folder.failed,
            )
        )
    for space in look.spaces:
        terminal.line(
            "  "
            + wording.say(
                "{model}: {vectors} vectors, {pending} still to come",
                model=space.model,
                vectors=space.vectors,
                pending=space.pending,
            )
            + (f" ({wording.say('answers now')})" if space.is_serving and len(look.spaces) > 1 else "")
        )
    if look.recommended:
        terminal.line(f"  {wording.error(look.recommended.note)} {wording.hint(look.recommended.note)}")
    _show_failures([each for each in look.failed if not each.is_ignored], program, terminal)
    return OK


def _show_failures(failures: Sequence[Failure], program: Program, terminal: Terminal) -> None:
    for failure in failures:
        terminal.line(f"  ✗ {failure.path}: {program.wording.error(failure.error)}")


def remove(program: Program, options: argparse.Namespace, terminal: Terminal) -> int:
    """`remove PATH…`"""
    with stoppable(terminal.on_event) as task:
        paths, documents = _remove(program, options.paths, task, terminal)
    if terminal.is_json:
        terminal.result({"removed": paths, "documents": documents})
    for path in [] if terminal.is_json else paths:
        terminal.line(program.wording.say("{path} was taken out of the library.", path=path))
    return OK


def _remove(program: Program, paths: list[str], task: Task, terminal: Terminal) -> tuple[list[str], int]:
    visit = Visit.pay(program.places.library)
    if visit:
        return visit.remove([os.path.abspath(path) for path in paths], task)
    with writer(program, terminal) as library:
        for path in paths:
            libraries.folder_at(library, path)  # all or none
        rows = [libraries.mark_removed(library, path) for path in paths]
        return [row.path for row in rows], libraries.purge(library)


def text(program: Program, options: argparse.Namespace, terminal: Terminal) -> int:
    """`text PATH`: the bytes on stdout are the text in UTF-8, and nothing else."""
    with Library.reader(program.places.library) as library:
        whole = libraries.text_of(library, options.path)
    if terminal.is_json:
        terminal.result({"path": os.path.abspath(options.path), "text": whole})
        return OK
    terminal.exactly(whole)
    return OK
