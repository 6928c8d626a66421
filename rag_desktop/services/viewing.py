"""Prepares a document for showing: its text, or the places of the marked words on PDF pages."""

from collections.abc import Iterator, Sequence

from rag_desktop.domain.documents import Document, Run, Span
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.ids import DocumentId
from rag_desktop.domain.status import DocumentView, Mark
from rag_desktop.store.library import Library


def view(library: Library, document: DocumentId, span: Span | None, words: str | None = None) -> DocumentView:
    """A document with the words at `span` marked. Raises UserFacingError `document-gone`.

    words: what stood at `span` when it was cited. Where the document has changed since, they are looked for in it; what
    is no longer there is not marked, and comes back as `quoted` without a span.
    """
    known = library.documents.get(document)
    if known is None:
        raise UserFacingError("document-gone")
    quoted = library.documents.text(document, span) if span else ""
    if span and words is not None and quoted != words:
        span, quoted = _found_again(library.documents.text(document), words), words
    if _is_paged(known):
        marks = tuple(marks_of(library.documents.runs(document), span)) if span else ()
        return DocumentView(known, "", span, quoted, marks)
    return DocumentView(known, library.documents.text(document), span, quoted, ())


def _found_again(text: str, words: str) -> Span | None:
    start = text.find(words)
    return Span(start, start + len(words)) if start >= 0 else None


def _is_paged(document: Document) -> bool:
    return document.format == "pdf"


def marks_of(runs: Sequence[Run], span: Span) -> Iterator[Mark]:
    """The characters of each page that `span` covers, as one mark a page, from the first covered one to the last."""
    current: Mark | None = None
    for place, run in enumerate(runs):
        end = runs[place + 1].start if place + 1 < len(runs) else span.end
        start, stop = max(run.start, span.start), min(end, span.end)
        if start >= stop or run.source_start is None or run.page is None:
            continue
        first = run.source_start + start - run.start
        last = first + stop - start
        if current and current.page == run.page:
            current = Mark(run.page, current.start, max(current.count, last - current.start))
        else:
            if current:
                yield current
            current = Mark(run.page, first, last - first)
    if current:
        yield current
