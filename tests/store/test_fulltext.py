"""Keyword search: Korean inside words, quoted phrases, and no question that breaks it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag_desktop.domain.ids import ChunkId
from rag_desktop.store import fulltext
from rag_desktop.store.library import Library
from rag_desktop.text.queries import parsed
from rag_desktop.text.words import QueryTerm, query_terms
from tests.store import material

PASSAGES = (
    "임대차 계약서를 다시 검토해 주십시오.",
    "새 법은 내년에 시행된다.",
    "The lease ends on 31 March, says the tenant's lawyer.",
    "Ends the lease, or begins it: nobody knows.",
    "Zürich and Zurich are one place.",
    "近代の都市計画について。",
    "AND OR NOT NEAR are operators.",
)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with Library.writer(tmp_path_factory.mktemp("fulltext") / "library") as library:
        folder = material.watched(library)
        with library.transaction():
            material.put(library, folder.id, "/docs/all.txt", PASSAGES, ("약관", "Terms"))
            for n in range(40):
                material.put(library, folder.id, f"/docs/{n}.txt", (f"Common words stand in passage {n}.",), ("More",))
        yield library


def search(library: Library, question: str, limit: int = 10, *, is_typing: bool = False) -> list[str]:
    terms = query_terms(question, is_typing=is_typing)
    hits = library.fulltext.passages(terms, parsed(question).phrases, limit)
    assert [score for _, score in hits] == sorted((score for _, score in hits), reverse=True)
    chunks = library.chunks.get([id_ for id_, _ in hits])
    return [library.documents.text(chunks[id_].document_id, chunks[id_].span) for id_, _ in hits]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("계약", PASSAGES[0]),
        ("계약서", PASSAGES[0]),
        ("임대차계약을 검토", PASSAGES[0]),
        ("법은?", PASSAGES[1]),
        ("시행", PASSAGES[1]),
        ("tenant", PASSAGES[2]),
        ("leases ending in March", PASSAGES[2]),
        ("tenant’s", PASSAGES[2]),
        ("zurich", PASSAGES[4]),
        ("ZÜRICH", PASSAGES[4]),
        ("都市", PASSAGES[5]),
        ("passage 17", "Common words stand in passage 17."),
    ],
)
def test_finds(stored: Library, question: str, first: str) -> None:
    assert search(stored, question)[0] == first


def test_words_that_stand_nowhere_find_nothing(stored: Library) -> None:
    assert search(stored, "xylophone") == []
    assert search(stored, "") == []
    assert stored.fulltext.documents([], 5) == []


def test_headings_are_searched_too(stored: Library) -> None:
    assert set(search(stored, "약관")) == set(PASSAGES)
    assert set(search(stored, "terms")) == set(PASSAGES)


def test_a_quoted_phrase_must_stand_as_it_is(stored: Library) -> None:
    assert search(stored, '"ends the lease"') == [PASSAGES[3]]
    assert search(stored, 'when is "lease ends" said?') == [PASSAGES[2]]
    assert search(stored, '"계약서"') == [PASSAGES[0]]
    assert search(stored, '"lease March"') == []
    assert search(stored, '"lease" "March"') == [PASSAGES[2]]


def test_a_quoted_phrase_may_be_of_several_korean_words(stored: Library) -> None:
    assert search(stored, '"계약서를 다시"') == [PASSAGES[0]]


def test_limit(stored: Library) -> None:
    assert len(search(stored, "common", limit=3)) == 3
    assert len(search(stored, "common", limit=100)) == 40


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("AND OR NOT", "not or and"),
        ("NEAR(lease ends, 2)", "near lease ends 2"),
        ("words: lease", "words lease"),
        ("{words headings}: lease", "words headings lease"),
        ("lease*", "lease"),
        ("^lease -ends", "lease ends"),
        ("(lease + ends", "lease ends"),
        ('lease" ends', "lease ends"),
    ],
)
def test_operators_are_words(stored: Library, question: str, words: str) -> None:
    assert search(stored, question)
    assert set(search(stored, question, limit=100)) == set(search(stored, words, limit=100))


@given(st.text())
@example('"')
@example('""')
@example('"\'"')
@example("'")
@example("“’”")
@example("\0 a\0b \ud800")
@example('"a AND" OR b*')
@example("은는 이가 법은 ㄱ ㅏ")
def test_no_question_breaks_the_search(stored: Library, question: str) -> None:
    search(stored, question)
    stored.fulltext.documents(query_terms(question), 5)
    for term in query_terms(question):
        assert stored.fulltext.idf(term, 47) >= 0.0


@given(st.lists(st.text(), min_size=1, max_size=3), st.booleans())
def test_no_term_breaks_the_search(stored: Library, tokens: list[str], is_prefix: bool) -> None:
    printable = tuple(token.encode("utf-8", "ignore").decode().replace("\0", "") for token in tokens)
    term = QueryTerm(printable, is_prefix)
    stored.fulltext.passages([term], [], 5)
    stored.fulltext.passages([], [printable], 5)
    stored.fulltext.frequency(term)


def test_frequency_counts_passages_by_their_stem(stored: Library) -> None:
    assert stored.fulltext.frequency(QueryTerm(("common",))) == 40
    assert stored.fulltext.frequency(QueryTerm(("Leases",))) == 2
    assert stored.fulltext.frequency(QueryTerm(("common", "lease"))) == 2
    assert stored.fulltext.frequency(QueryTerm(("xylophone",))) == 0
    assert stored.fulltext.idf(QueryTerm(("lease",)), 47) > stored.fulltext.idf(QueryTerm(("common",)), 47) >= 0.0


def test_commoner_words_are_left_out_of_a_question_that_matches_too_much(
    stored: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(search(stored, "common lease", limit=100)) == 42
    monkeypatch.setattr(fulltext, "_CANDIDATES", 41)
    assert set(search(stored, "common lease", limit=100)) == {PASSAGES[2], PASSAGES[3]}
    assert len(search(stored, "common words", limit=100)) == 40
    assert len(search(stored, "common", limit=100)) == 40


def test_left_out_words_count_where_a_rarer_one_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with Library.writer(tmp_path) as library:
        folder = material.watched(library)
        with library.transaction():
            material.put(library, folder.id, "/docs/rare.txt", ("lease stands alone", "lease common words"))
            for n in range(40):
                material.put(library, folder.id, f"/docs/{n}.txt", (f"common words {n}",))
        whole = search(library, "common words lease", limit=2)
        monkeypatch.setattr(fulltext, "_CANDIDATES", 5)
        assert search(library, "common words lease") == whole == ["lease common words", "lease stands alone"]


def test_of_a_word_in_very_many_passages_only_the_newest_are_ranked(
    stored: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fulltext, "_RANKED", 10)
    monkeypatch.setattr(fulltext, "_NEWEST", 3)
    assert set(search(stored, "common", limit=3)) == {f"Common words stand in passage {n}." for n in (37, 38, 39)}
    assert set(search(stored, "common lease", limit=2)) == set(PASSAGES[2:4])


def test_a_passage_is_lifted_by_what_stands_around_it(tmp_path: Path) -> None:
    with Library.writer(tmp_path) as library:
        folder = material.watched(library)
        with library.transaction():
            material.put(library, folder.id, "/docs/a.txt", ("the tenant pays", "rent in March"), parent=True)
            material.put(library, folder.id, "/docs/b.txt", ("the tenant pays", "taxes in April"), parent=True)
        best, second, third = library.fulltext.passages(query_terms("tenant rent"), [], 10)
        chunks = library.chunks.get([best[0], second[0], third[0]])
        paths = [library.documents.get(chunks[id_].document_id) for id_, _ in (best, second, third)]
        assert [document.path for document in paths if document] == ["/docs/a.txt", "/docs/a.txt", "/docs/b.txt"]


@pytest.mark.parametrize("typed", ["ten", "tena", "tenan", "tenant"])
def test_a_word_is_found_while_it_is_typed(stored: Library, typed: str) -> None:
    assert search(stored, typed, is_typing=True) == [PASSAGES[2]]
    assert search(stored, f"lease {typed}", is_typing=True)[0] == PASSAGES[2]


@pytest.mark.parametrize("typed", ["stand", "standi", "standin", "standing"])
def test_half_a_suffix_does_not_hide_what_the_word_found(stored: Library, typed: str) -> None:
    assert len(search(stored, typed, limit=100, is_typing=True)) == 40


def test_one_or_two_letters_are_no_beginning(stored: Library) -> None:
    assert search(stored, "te", is_typing=True) == []
    assert search(stored, "ten ", is_typing=True) == []


def test_korean_is_found_syllable_by_syllable(stored: Library) -> None:
    for typed in ("계", "계약", "계약ㅅ", "계약서"):
        assert search(stored, typed, is_typing=True) == [PASSAGES[0]]


def test_words_found_nowhere_do_not_use_up_the_room(stored: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fulltext, "_CANDIDATES", 1)
    assert len(search(stored, "xylophone common", limit=100)) == 40


def test_a_stale_id_resolves_to_nothing(tmp_path: Path) -> None:
    with Library.writer(tmp_path) as library:
        assert library.chunks.get([ChunkId(7)]) == {}
        assert library.chunks.get([]) == {}


def test_a_frequency_follows_what_is_written_here_and_by_others(tmp_path: Path) -> None:
    term = QueryTerm(("lantern",))
    with Library.writer(tmp_path) as writer, Library.reader(tmp_path) as reader:
        folder = material.watched(writer)
        assert (writer.fulltext.frequency(term), reader.fulltext.frequency(term)) == (0, 0)
        for count in (1, 2):
            with writer.transaction():
                material.put(writer, folder.id, f"/docs/{count}.txt", (f"A lantern, number {count}.",))
            assert (writer.fulltext.frequency(term), reader.fulltext.frequency(term)) == (count, count)
