"""Citations: what is printed is read and cleaned, and what is quoted stands in the passage and says the sentence."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.domain.answers import Passage
from rag_desktop.domain.documents import Chunk, Document, Span
from rag_desktop.domain.ids import ChunkId, DocumentId
from rag_desktop.prompting.citing import cite, clean, completed, corrected
from rag_desktop.text.sentences import sentences

LEASE = (
    "The lease begins on 1 May 2024. It runs for three years and ends on 30 April 2027. "
    "The monthly rent is 1,250 euros. Pets are not allowed in the house. "
    "The landlord, Anna Schmidt, keeps a key."
)
MIXTRAL = (
    "Mixtral has the same architecture as Mistral 7B. Each layer is composed of 8 feedforward blocks, the experts. "
    "For every token, at each layer, a router network selects two experts to process the current state. "
    "Mixtral was trained with a context size of 32k tokens."
)
KOREAN = (
    "임대차 계약은 2024년 5월 1일에 시작된다. 월 임대료는 125만 원이다. "
    "건물 안에서는 반려동물을 키울 수 없다. 임대인은 열쇠를 하나 보관한다."
)


def passage(text: str, start: int = 1000, place: int = 1) -> Passage:
    span = Span(start, start + len(text))
    chunk = Chunk(ChunkId(place), DocumentId(place), 0, None, span, 3, 4, ())
    return Passage(chunk, Document(DocumentId(place), f"/papers/{place}.pdf", "pdf", None), text, 1.0)


def page_of(where: Passage, offset: int) -> int | None:
    return 3 if offset - where.chunk.span.start < 60 else 4


def quoted(answer: str, *texts: str, question: str = "") -> dict[int, str | None]:
    _, citations = cite(answer, [passage(text, place=i) for i, text in enumerate(texts)], page_of, question)
    return {citation.number: citation.quoted_text for citation in citations}


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("It is so [1].", "It is so [1]."),
        ("It is so. [1][2]", "It is so. [1][2]"),
        ("It is so [1, 3].", "It is so [1][3]."),
        ("It is so [1,2; 3].", "It is so [1][2][3]."),
        ("It is so [1 and 2].", "It is so [1][2]."),
        ("It is so [1-3].", "It is so [1][2][3]."),
        ("It is so [Source 1].", "It is so [1]."),
        ("It is so [source: 2].", "It is so [2]."),
        ("It is so [Sources 1, 2].", "It is so [1][2]."),
        ("It is so [1, page 3].", "It is so [1]."),
        ("It is so [2, p. 13].", "It is so [2]."),
        ("It is so [#2].", "It is so [2]."),
        ("It is so [[2]].", "It is so [2]."),
        ("It is so ([2]).", "It is so [2]."),
        ("It is so (Source 3).", "It is so [3]."),
        ("It is so 【2】.", "It is so [2]."),
        ("It is so (1).", "It is so [1]."),
        ("그렇다 [출처 1].", "그렇다 [1]."),
        ("그렇다[2].", "그렇다[2]."),
        ("그렇다 [1, 3쪽].", "그렇다 [1]."),
        ("It is so [4].", "It is so."),
        ("It is so [1][17].", "It is so [1]."),
        ("It is so [0].", "It is so."),
        ("It is so [Source 9].", "It is so."),
        ("It is so [1]. The list has (2).", "It is so [1]. The list has (2)."),
        ("(1) It is so.\n(2) It is not.", "(1) It is so.\n(2) It is not."),
        ("It was in the year (1984).", "It was in the year (1984)."),
        ("Call `rows[9]` first [1].", "Call `rows[9]` first [1]."),
        (
            "See [the site](http://x.example) and [9](http://x.example).",
            "See [the site](http://x.example) and [9](http://x.example).",
        ),
    ],
)
def test_clean(written: str, shown: str) -> None:
    assert clean(written, 3) == shown


@given(st.text(alphabet="ab .[](),1234【】source\n`-", max_size=60), st.integers(0, 4))
def test_cleaning_twice_changes_nothing(written: str, count: int) -> None:
    once = clean(written, count)
    assert clean(once, count) == once


def test_quotes_the_sentence_that_says_it() -> None:
    assert quoted("The rent is 1250 euros a month [1].", LEASE) == {1: "The monthly rent is 1,250 euros."}
    assert quoted("Two experts are selected per token by the router. [1]", MIXTRAL) == {
        1: "For every token, at each layer, a router network selects two experts to process the current state."
    }


def test_quotes_korean() -> None:
    assert quoted("한 달 임대료는 125만 원입니다 [1].", KOREAN) == {1: "월 임대료는 125만 원이다."}
    assert quoted("반려동물은 허용되지 않습니다. [2]", LEASE, KOREAN) == {2: "건물 안에서는 반려동물을 키울 수 없다."}


def test_a_second_sentence_only_where_it_adds_clearly() -> None:
    both = "The lease begins on 1 May 2024 and runs for three years until 30 April 2027 [1]."
    assert quoted(both, LEASE) == {1: LEASE[: LEASE.index(" The monthly")]}
    assert quoted("Anna Schmidt is the landlord and has a key [1].", LEASE) == {
        1: "The landlord, Anna Schmidt, keeps a key."
    }


def test_question_decides_where_the_answer_is_bare() -> None:
    text = "The garden has 8 ponds. The house has 8 rooms."
    assert quoted("8 [1]", text, question="How many rooms has the house?") == {1: "The house has 8 rooms."}
    assert quoted("8 [1]", text, question="How many ponds has the garden?") == {1: "The garden has 8 ponds."}


def test_number_words_match_figures() -> None:
    assert quoted("Each layer has eight of them [1].", MIXTRAL)[1] == (
        "Each layer is composed of 8 feedforward blocks, the experts."
    )


def test_strongest_of_several_sentences_is_quoted() -> None:
    answer = "It is a house like others [1]. Pets are not allowed in the house [1]."
    assert quoted(answer, LEASE) == {1: "Pets are not allowed in the house."}


def test_page_is_that_of_the_quoted_words() -> None:
    where = passage(LEASE)
    _, (early,) = cite("The lease begins on 1 May 2024 [1].", [where], page_of)
    _, (late,) = cite("The landlord Anna Schmidt keeps a key [1].", [where], page_of)
    assert (early.page, late.page) == (3, 4)


def test_sentences_keep_their_numbers() -> None:
    answer = "Pets are not allowed [1]. Rent is due. [2][1] Nothing else\n\n[2]"
    found, _ = cite(answer, [passage(LEASE), passage(MIXTRAL)], page_of)
    assert [(sentence.span.of(answer), sentence.citations) for sentence in found] == [
        ("Pets are not allowed [1].", (1,)),
        ("Rent is due. [2][1]", (2, 1)),
        ("Nothing else\n\n[2]", (2,)),
    ]


def test_numbers_without_a_source_are_passed_over() -> None:
    found, citations = cite("Zebras graze [7].", [passage(LEASE)], page_of)
    assert (found[0].citations, citations) == ((), ())


def test_nothing_is_quoted_where_nothing_matches() -> None:
    _, (citation,) = cite("Zebras graze [1].", [passage(LEASE)], page_of)
    assert (citation.quoted, citation.page) == (None, None)


def test_a_forgotten_citation_is_added_where_it_is_clear() -> None:
    passages = [passage(MIXTRAL), passage(LEASE)]
    answer = "The monthly rent is 1,250 euros. Zebras graze at night."
    found, citations = cite(answer, passages, page_of)
    assert [sentence.citations for sentence in found] == [(2,), ()]
    assert [citation.quoted_text for citation in citations] == ["The monthly rent is 1,250 euros."]
    shown = completed(answer, passages)
    assert shown == "The monthly rent is 1,250 euros [2]. Zebras graze at night."
    again, same = cite(shown, passages, page_of)
    assert ([sentence.citations for sentence in again], same) == ([(2,), ()], citations)


def test_a_refusal_gets_no_citation() -> None:
    text = "The sources do not contain the answer to this. More follows."
    found, citations = cite("The sources do not contain the answer.", [passage(text)], page_of)
    assert (found[0].citations, citations) == ((), ())


PIECES = st.sampled_from(
    [
        "The rent is 1,250 euros. ",
        "It ends. ",
        "임대료는 얼마인가? ",
        "반려동물은 안 된다. ",
        "\n\n",
        "Mixtral 8x7B ",
        "e.g. ",
        "two experts",
        "。",
        "\n- x",
    ]
)
TEXTS = st.lists(PIECES, min_size=1, max_size=12).map("".join)


@given(
    answer=st.lists(st.one_of(PIECES, st.sampled_from([" [1]", "[2]. ", "[1][3]", "[9]"])), max_size=12).map("".join),
    texts=st.lists(TEXTS, min_size=1, max_size=3),
    start=st.integers(0, 10_000),
)
def test_quoted_words_stand_in_their_passage(answer: str, texts: list[str], start: int) -> None:
    passages = [passage(text, start, place) for place, text in enumerate(texts)]
    found, citations = cite(answer, passages, page_of)
    assert {number for sentence in found for number in sentence.citations} == {each.number for each in citations}
    for citation in citations:
        assert citation.passage is passages[citation.number - 1]
        if citation.quoted is not None:
            assert citation.passage.chunk.span.covers(citation.quoted)
            text = citation.quoted_text
            assert text
            assert text in citation.passage.text
            assert 1 <= len(_covered(citation.passage.text, text, citation.quoted.start - start)) <= 2


def _covered(text: str, quote: str, offset: int) -> list[Span]:
    whole = [span for span in sentences(text) if span.start >= offset and span.end <= offset + len(quote)]
    assert (whole[0].start, whole[-1].end) == (offset, offset + len(quote))
    return whole


@given(st.lists(PIECES, max_size=12).map("".join))
def test_completing_keeps_the_citations(answer: str) -> None:
    passages = [passage(LEASE), passage(KOREAN)]
    shown = completed(answer, passages)
    assert [each.citations for each in cite(shown, passages, page_of)[0]] == [
        each.citations for each in cite(answer, passages, page_of)[0]
    ]


def test_a_sentence_is_cited_within_20_ms() -> None:
    sentence = "Clause {} of the agreement names the party {} and a sum of {} euros payable in month {}. "
    texts = ["".join(sentence.format(i * p, p, i * 37, i % 12) for i in range(24)) for p in range(1, 9)]
    passages = [passage(text, place=place) for place, text in enumerate(texts)]
    cite("Clause 20 names a sum [2].", passages, page_of)  # a streaming answer reads its passages once
    began = time.perf_counter()
    cite("The sum is 370 euros in month 10, by clause 20 of the agreement [2].", passages, page_of)
    assert time.perf_counter() - began < 0.1  # 20 ms on an idle machine


def test_one_quotation_of_two_sentences_serves_two_sentences_that_cite_it() -> None:
    text = "Spare parts are here. The machine needs a filter of type C200. It is changed every two months. Clean it."
    answer = "The machine needs a filter of type C200. [1] It is changed every two months. [1]"
    _, (citation,) = cite(answer, [passage(text)], lambda *_: None)
    assert citation.quoted_text == "The machine needs a filter of type C200. It is changed every two months."


def test_a_citation_moves_to_the_passage_that_has_the_figure() -> None:
    wrong = passage("The experts of the layer are run in parallel on several devices.", 0, 1)
    right = passage("Each layer has 8 experts. Two of them are chosen.", 5000, 2)
    question = "How many experts does a layer have?"
    assert corrected("A layer has 8 experts. [1]", [wrong, right], question) == "A layer has 8 experts. [2]"
    assert corrected("A layer has 8 experts [1][1].", [wrong, right], question) == "A layer has 8 experts [2]."
    assert corrected("A layer has 9 experts. [1]", [wrong, right], question) == "A layer has 9 experts. [1]"
    assert corrected("Experts run in parallel. [1]", [wrong, right], question) == "Experts run in parallel. [1]"


def test_the_quoted_words_have_the_figure() -> None:
    text = "n_heads 32\nn_kv_heads 8\nnum_experts 8\ntop_k_experts 2\nThe experts of the sparse layers are many."
    _, (citation,) = cite("8 experts are used. [1]", [passage(text)], lambda *_: None, "How many experts are used?")
    assert citation.quoted_text is not None
    assert "num_experts 8" in citation.quoted_text


def test_a_bare_figure_is_cited_where_it_stands_beside_what_was_asked() -> None:
    other = passage("휴게실 커피는 15일마다 바꾼다.", 0, 1)
    right = passage("1년 이상 근무한 직원의 연차 휴가는 15일이다. 남은 휴가는 3월까지 쓴다.", 5000, 2)
    assert completed("15일", [other, right], "연차 휴가는 며칠인가요?") == "15일 [2]"
    assert completed("16일", [other, right], "연차 휴가는 며칠인가요?") == "16일"


@pytest.mark.parametrize(("word", "figure"), [("three", "3"), ("five", "5"), ("nine", "9"), ("twelve", "12")])
def test_a_figure_is_found_in_words(word: str, figure: str) -> None:
    text = f"## {figure}.\nThe notice period is {word} months to the end of a quarter."
    answer = f"The lease is {figure} months to the end of a quarter [1]."
    _, (citation,) = cite(answer, [passage(text)], lambda *_: None, "How long is the notice period?")
    assert citation.quoted_text == f"The notice period is {word} months to the end of a quarter."
