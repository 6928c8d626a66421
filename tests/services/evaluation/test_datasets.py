"""What a ranking of passages says about documents and pages, and whether passages hold given words."""

from rag_desktop.domain.answers import Passage
from rag_desktop.domain.documents import Chunk, Document, Span
from rag_desktop.domain.ids import ChunkId, DocumentId
from rag_desktop.services.evaluation.datasets import holds, ranked


def chunk(page: int | None = None, last: int | None = None) -> Chunk:
    return Chunk(ChunkId(1), DocumentId(1), 0, None, Span(0, 0), page, last or page, ())


def document(path: str) -> Document:
    return Document(DocumentId(1), path, "text", None)


def passage(path: str, of: Chunk | None = None, leaf: Chunk | None = None, *twins: str, text: str = "") -> Passage:
    return Passage(of or chunk(), document(path), text, 1.0, leaf=leaf, twins=tuple(map(document, twins)))


def test_a_document_stands_where_its_best_passage_does() -> None:
    found = [passage("b"), passage("a"), passage("b"), passage("c")]
    assert ranked(found, str.upper) == ["B", "A", "C"]


def test_twins_stand_behind_the_document_they_were_folded_into() -> None:
    found = [passage("a", None, None, "c", "d"), passage("b"), passage("c")]
    assert ranked(found, str) == ["a", "c", "d", "b"]


def test_a_passage_over_pages_stands_for_the_one_on_which_its_best_leaf_begins() -> None:
    found = [passage("a", chunk(2, 5), chunk(4, 5)), passage("a", chunk(2, 3)), passage("b"), passage("a", chunk(4))]
    assert ranked(found, str, by_page=True) == ["a#4", "a#2", "b#0"]


def test_words_are_found_however_they_are_spaced_and_composed() -> None:
    found = [passage("a", text="nothing"), passage("b", text="every  500\n\thours, Caf\u00e9")]
    assert holds(found, "every 500 hours, Cafe\u0301")
    assert not holds(found, "every 500 days")
    assert not holds([], "every")
