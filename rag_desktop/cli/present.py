"""Values of the program as JSON objects, by the names the command line promises."""

import json
from collections.abc import Mapping
from typing import Any

from rag_desktop.domain.answers import Answer, AnswerSentence, Citation, Passage, Question
from rag_desktop.domain.filters import Filters
from rag_desktop.domain.models import Model
from rag_desktop.domain.status import Failure, LibraryStatus, ListedModel, Recommendation
from rag_desktop.services.indexing import IndexingReport
from rag_desktop.services.retrieval import Found
from rag_desktop.services.wording import Wording
from rag_desktop.text.queries import PieceKind, Query

Json = dict[str, Any]


def dumps(value: Json) -> str:
    """One line of JSON; a file name that is no Unicode is escaped so that it can be read back."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value)
    return text


def indexing(report: IndexingReport, wording: Wording) -> Json:
    """What `add` says."""
    error = report.embedding_error
    return {
        "folders": [
            {
                "path": folder.path,
                "documents": folder.documents,
                "passages": folder.passages,
                "embedded": folder.embedded,
                "failed": [failure(each, wording) for each in folder.failed],
                "skipped": folder.skipped,
            }
            for folder in report.folders
        ],
        "seconds": _rounded({"searchable": report.searchable, "total": report.total}),
        "vectors_pending": report.vectors_pending,
        "embedding_error": wording.error(error) if error else None,
    }


def failure(each: Failure, wording: Wording) -> Json:
    """A path and the reason in words."""
    return {
        "path": each.path,
        "reason": wording.error(each.error),
        "code": each.error.code,
        "hint": wording.hint(each.error),
        "ignored": each.is_ignored,
    }


def found(question: Question, result: Found) -> Json:
    """What `search` says. `parsed` is the query taken apart, with the filters that were chosen beside it."""
    query = result.query
    return {
        "query": question.text,
        "parsed": {
            "text": query.text,
            "filters": filters(question.filters.narrowed(query.filters)),
            "phrases": _pieces(query, PieceKind.PHRASE),
            "without": _pieces(query, PieceKind.WITHOUT),
        },
        "mode": result.mode.value,
        "inexact": result.is_inexact,
        "relevance": round(result.relevance, 4),
        "is_relevant": result.is_relevant,
        "seconds": _rounded(result.seconds),
        "stages": [
            {"stage": each.stage, "ms": round(1000 * each.seconds, 2), "absent": each.absent} for each in result.stages
        ],
        "passages": [passage(rank, each) for rank, each in enumerate(result.passages, start=1)],
    }


def filters(each: Filters) -> Json:
    """What a search is narrowed to; days as 2023-05-17."""
    return {
        "folders": list(each.folders),
        "formats": list(each.formats),
        "after": each.after.isoformat() if each.after else None,
        "before": each.before.isoformat() if each.before else None,
        "authors": list(each.authors),
        "paths": list(each.globs),
    }


def _pieces(query: Query, kind: PieceKind) -> list[str]:
    return [piece.value for piece in query.pieces if piece.kind is kind]


def passage(rank: int, each: Passage) -> Json:
    """One passage. Offsets are code points of the document's normalised text.

    twins: paths of other documents with nearly the same words. leaf: of several passages that were merged the best.
    """
    leaf = each.leaf
    return {
        "rank": rank,
        "score": round(each.score, 6),
        "path": each.document.path,
        "away": each.document.is_away,
        "page_start": each.chunk.page_start,
        "page_end": each.chunk.page_end,
        "headings": list(each.chunk.headings),
        "start": each.chunk.span.start,
        "end": each.chunk.span.end,
        "text": each.text,
        "trace": {stage.stage: round(stage.score, 6) for stage in each.trace},
        "twins": [twin.path for twin in each.twins],
        "leaf": {"page": leaf.page_start, "start": leaf.span.start, "end": leaf.span.end} if leaf else None,
    }


def answer(each: Answer) -> Json:
    """What `ask` says."""
    timing, tokens = each.timing, each.tokens
    first = timing.first_token
    return {
        "question": each.question,
        "answer": each.text,
        "refused": each.refused,
        "ended": each.ended.value,
        "sentences": [_sentence(sentence) for sentence in each.sentences],
        "citations": [citation(one) for one in each.citations],
        "model": each.model,
        "device": each.device,
        "seconds": {
            **_rounded({"retrieve": timing.retrieve, "total": timing.total}),
            "first_token": None if first is None else round(first, 4),
        },
        "tokens": {"prompt": tokens.prompt, "reused": tokens.reused, "generated": tokens.generated},
    }


def _sentence(each: AnswerSentence) -> Json:
    return {
        "start": each.span.start,
        "end": each.span.end,
        "citations": list(each.citations),
        "support": each.support,
        "reason": each.reason,
    }


def citation(each: Citation) -> Json:
    """A citation; all offsets are of the document's text."""
    span = each.passage.chunk.span
    return {
        "number": each.number,
        "path": each.passage.document.path,
        "away": each.passage.document.is_away,
        "page": each.page,
        "start": span.start,
        "end": span.end,
        "text": each.passage.text,
        "quoted": each.quoted_text,
        "quoted_start": each.quoted.start if each.quoted else None,
        "quoted_end": each.quoted.end if each.quoted else None,
    }


def status(look: LibraryStatus, wording: Wording) -> Json:
    """What `status` says."""
    return {
        "library": look.path,
        "bytes": look.bytes,
        "passages": look.passages,
        "folders": [
            {
                "path": folder.path,
                "documents": folder.documents,
                "failed": folder.failed,
                "passages": folder.passages,
                "away": folder.is_away,
                "paused": folder.is_paused,
            }
            for folder in look.folders
        ],
        "spaces": [
            {
                "model": space.model,
                "dimension": space.dimension,
                "vectors": space.vectors,
                "pending": space.pending,
                "snapshot": space.snapshot,
                "serving": space.is_serving,
            }
            for space in look.spaces
        ],
        "failed": [failure(each, wording) for each in look.failed],
        "recommended": recommended(look.recommended, wording),
    }


def recommended(each: Recommendation | None, wording: Wording) -> Json | None:
    """The embedding model that would read more of the library, and why."""
    if each is None:
        return None
    return {
        "model": each.model.name,
        "installed": each.is_installed,
        "used": each.used.name,
        "scripts": list(each.scripts),
        "share": round(each.share, 4),
        "reason": wording.error(each.note),
        "hint": wording.hint(each.note),
    }


def listed(each: ListedModel) -> Json:
    """One line of `models list`."""
    return {**model(each.model), "installed": each.is_installed, "in_use": each.in_use}


def model(each: Model) -> Json:
    """A model of the catalogue."""
    return {
        "name": each.name,
        "title": each.title,
        "kind": each.kind.value,
        "bytes": each.size,
        "licence": each.licence,
        "context_length": each.context_length,
        "default": each.default,
    }


def _rounded(seconds: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in seconds.items()}
