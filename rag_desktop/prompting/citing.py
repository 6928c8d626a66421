"""From an answer's words to citations: reads the printed numbers, and finds the very words they stand for."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag_desktop.domain.answers import AnswerSentence, Citation, Passage
from rag_desktop.domain.documents import Span
from rag_desktop.prompting.evidence import Evidence, Match, added_figures, claim_terms
from rag_desktop.prompting.refusal import is_refusal
from rag_desktop.text.sentences import sentences

PageOf = Callable[[Passage, int], int | None]
"""The 1-based page of a passage's document at an offset (code points of the document's text)."""

_NUMBERS = r"\d{1,3}(?:\s?(?:[,;&·、]|-|–|and|및|와|과)\s?(?:\d{1,3}))*"
_LABEL = r"(?:sources?|passages?|documents?|refs?\.?|references?|출처|자료|문서)"
_WHERE = r"(?:[,;:\s]+(?:p(?:age|p)?s?\.?\s?\d+(?:\s?[-–]\s?\d+)?|\d+\s?(?:쪽|페이지)))"
_CODE = r"```[\s\S]*?(?:```|$)|`[^`\n]*`"
_VARIANT = re.compile(
    rf"(?P<code>{_CODE})"
    rf"|(?P<gap>[ \t]*)(?:[(]?\[+\s*(?:{_LABEL}\s*[:#]?\s*)?[#^]?(?P<square>{_NUMBERS}){_WHERE}?\s*\]+[)]?(?![(\w])"
    rf"|【\s*(?:{_LABEL}\s*[:#]?\s*)?(?P<corner>{_NUMBERS})[^】\n]{{0,20}}】"
    rf"|[(]\s*{_LABEL}\s*[:#]?\s*\[?(?P<round>{_NUMBERS})\]?{_WHERE}?\s*[)])",
    re.IGNORECASE,
)
_BARE = re.compile(rf"(?<=\S)(?P<gap>[ \t]*)[(](?P<bare>{_NUMBERS})[)](?=\s*(?:[.!?。]|$))", re.MULTILINE)
_RANGE = re.compile(r"(\d{1,3})\s?[-–]\s?(\d{1,3})")
_CHIP = re.compile(rf"(?P<code>{_CODE})|\[(?P<number>\d{{1,3}})\]")
_ONLY_CHIPS = re.compile(r"[\s\[\]\d.,;:。()*-]*")
_END_MARKS = re.compile(r"[.!?…。！？｡]+[\"'”’»)\]*]*$")

_CLEAR_COVER = 0.6
_CLEAR_SHARED = 3
"""A citation that a model forgot is added where its passage covers this share of the sentence with this many terms."""
_MOVED_SHARED = 2
"""Terms that a passage must share with a sentence, its figure among them, to take a citation over."""
_BARE_TERMS, _BARE_ASKED = 3, 2
"""An answer of at most so many terms is bare; so many terms of the question must stand beside its figure."""
_COVERS_ALL = 0.7
"""Cover at which one quotation stands for all sentences that cite its passage."""
_LEAST_COVER = 0.1
"""Below this a passage has no words worth quoting for the sentence."""


def clean(text: str, count: int) -> str:
    """`text` with every citation written as `[n]`, and without those that name none of the `count` sources.

    Knows [Source 1], [1, page 3], [1, 3], [1-3], ([1]), 【1】, (source 1), and (1) at the end of a sentence where the
    answer uses no brackets. Code between back-ticks is left alone.
    """
    before, cleaned = None, text
    while cleaned != before:  # what was dropped may have stood inside another pair of brackets
        before, cleaned = cleaned, _VARIANT.sub(lambda match: _canonical(match, count), cleaned)
    if not any(match["number"] for match in _CHIP.finditer(cleaned)):
        cleaned = _BARE.sub(lambda match: _canonical_bare(match, count), cleaned)
    return cleaned


def corrected(answer: str, passages: Sequence[Passage], question: str = "") -> str:
    """`answer` (cleaned) with a citation moved where its passage lacks a figure of its sentence and another has it.

    Models of this size often state the right figure with the wrong number behind it.
    """
    evidence = Evidence([passage.text for passage in passages])
    for span in reversed(_joined_spans(answer)):
        sentence = _read(answer, span, len(passages))
        figures = added_figures(sentence.claim, question)
        if not figures or not sentence.numbers or is_refusal(answer):
            continue
        holding = {
            place + 1: match.cover
            for place in range(len(passages))
            if (match := evidence.best(place, sentence.claim, question, figures)) and match.shared >= _MOVED_SHARED
        }
        if holding and not holding.keys() & set(sentence.numbers):
            right = max(holding, key=lambda number: (holding[number], -number))
            answer = answer[: span.start] + _renumbered(span.of(answer), right) + answer[span.end :]
    return answer


def _renumbered(sentence: str, number: int) -> str:
    """A sentence with `number` in place of its first citation, and without its others."""
    chips = [match for match in _CHIP.finditer(sentence) if match["number"]]
    for chip in reversed(chips[1:]):
        sentence = sentence[: chip.start()] + sentence[chip.end() :]
    return sentence[: chips[0].start()] + f"[{number}]" + sentence[chips[0].end() :]


def completed(answer: str, passages: Sequence[Passage], question: str = "") -> str:
    """`answer` (cleaned) with a citation put at the end of each sentence that lacks one and clearly has a source.

    `cite` of the result finds the same citations as `cite` of `answer`.
    """
    pieces: list[str] = []
    done = 0
    for sentence in _sentences(answer, len(passages), Evidence([passage.text for passage in passages]), question):
        if sentence.was_added:
            end = _before_marks(answer, sentence.span)
            pieces += [answer[done:end], "".join(f" [{number}]" for number in sentence.numbers)]
            done = end
    return "".join([*pieces, answer[done:]])


def cite(
    answer: str, passages: Sequence[Passage], page_of: PageOf, question: str = ""
) -> tuple[tuple[AnswerSentence, ...], tuple[Citation, ...]]:
    """The sentences of `answer` with the numbers they cite, and the cited passages with the words that say it.

    Source n is `passages[n - 1]`; numbers without a source are passed over. A sentence without a number gets one where
    a passage clearly says the same. Each citation quotes one sentence of its passage, or two consecutive ones where the
    second adds clearly, for the answer sentence that matches it best; `quoted` is None where nothing matches.
    `support` is left to be found by others.
    """
    evidence = Evidence([passage.text for passage in passages])
    found = _sentences(answer, len(passages), evidence, question)
    cited = sorted({number for sentence in found for number in sentence.numbers})
    citations = tuple(
        _citation(number, passages[number - 1], _best(number, found, evidence, question), page_of) for number in cited
    )
    return tuple(AnswerSentence(sentence.span, sentence.numbers) for sentence in found), citations


@dataclass(frozen=True, slots=True)
class _Cited:
    """A sentence of the answer; `claim` is its words without citations."""

    span: Span
    claim: str
    numbers: tuple[int, ...]
    was_added: bool = False


def _sentences(answer: str, count: int, evidence: Evidence, question: str) -> list[_Cited]:
    found = [_read(answer, span, count) for span in _joined_spans(answer)]
    if is_refusal(answer):
        return found
    return [sentence if sentence.numbers else _aligned(sentence, count, evidence, question) for sentence in found]


def _joined_spans(answer: str) -> list[Span]:
    """Sentences, where one that holds nothing but citations belongs to the sentence before it."""
    spans: list[Span] = []
    for span in sentences(answer):
        if spans and "[" in span.of(answer) and _ONLY_CHIPS.fullmatch(span.of(answer)):
            spans[-1] = Span(spans[-1].start, span.end)
        else:
            spans.append(span)
    return spans


def _read(answer: str, span: Span, count: int) -> _Cited:
    text = span.of(answer)
    printed = [int(match["number"]) for match in _CHIP.finditer(text) if match["number"]]
    numbers = tuple(dict.fromkeys(number for number in printed if 1 <= number <= count))
    return _Cited(span, _CHIP.sub(lambda match: match["code"] or " ", text), numbers)


def _aligned(sentence: _Cited, count: int, evidence: Evidence, question: str) -> _Cited:
    """The sentence with the one passage that clearly says it, if there is one."""
    bare = _holding_figures(sentence, count, evidence, question)
    if bare is not None:
        return _Cited(sentence.span, sentence.claim, (bare,), was_added=True)
    if len(claim_terms(sentence.claim)) < _CLEAR_SHARED:
        return sentence
    matches = [(match, place) for place in range(count) if (match := evidence.best(place, sentence.claim, question))]
    ranked = sorted(matches, key=lambda pair: (-pair[0].cover, pair[1]))
    if not ranked or ranked[0][0].cover < _CLEAR_COVER or ranked[0][0].shared < _CLEAR_SHARED:
        return sentence
    return _Cited(sentence.span, sentence.claim, (ranked[0][1] + 1,), was_added=True)


def _holding_figures(sentence: _Cited, count: int, evidence: Evidence, question: str) -> int | None:
    """For an answer that is little more than a figure: the first passage that has it beside the question's words."""
    figures, asked = added_figures(sentence.claim, question), claim_terms(question)
    if not figures or len(claim_terms(sentence.claim)) > _BARE_TERMS:
        return None
    for place in range(count):
        match = evidence.best(place, sentence.claim, question, figures)
        if match and len(evidence.terms_in(place, match.span) & asked) >= _BARE_ASKED:
            return place + 1
    return None


def _best(number: int, found: list[_Cited], evidence: Evidence, question: str) -> Match | None:
    """The match of passage `number` with all sentences that cite it, or with whichever of them matches best."""
    claims = [sentence.claim for sentence in found if number in sentence.numbers]
    together = evidence.best(number - 1, " ".join(claims), question) if len(claims) > 1 else None
    if together and together.cover >= _COVERS_ALL:
        return together
    matches = [match for claim in claims if (match := _match(number - 1, claim, evidence, question))]
    best = max(matches, key=lambda match: match.cover, default=None)
    return best if best and best.cover >= _LEAST_COVER else None


def _match(place: int, claim: str, evidence: Evidence, question: str) -> Match | None:
    """The best words for a claim: among those with its figures, if any have them."""
    figures = added_figures(claim, question)
    return (figures and evidence.best(place, claim, question, figures)) or evidence.best(place, claim, question)


def _citation(number: int, passage: Passage, match: Match | None, page_of: PageOf) -> Citation:
    if match is None:
        return Citation(number, passage)
    offset = passage.chunk.span.start
    quoted = Span(offset + match.span.start, offset + match.span.end)
    return Citation(number, passage, quoted, page_of(passage, quoted.start))


def _before_marks(answer: str, span: Span) -> int:
    """Where a citation goes in: before the sentence's final marks."""
    marks = _END_MARKS.search(span.of(answer))
    return span.start + marks.start() if marks else span.end


def _canonical(match: re.Match[str], count: int) -> str:
    if match["code"]:
        return match["code"]
    return _chips(match["gap"], match["square"] or match["corner"] or match["round"], count)


def _canonical_bare(match: re.Match[str], count: int) -> str:
    chips = _chips(match["gap"], match["bare"], count)
    return chips or match[0]


def _chips(gap: str, numbers: str, count: int) -> str:
    """`[1][3]` for "1 and 3", without numbers that no source has; nothing where none is left, not even the gap."""
    spread = _RANGE.sub(lambda ends: _spread(int(ends[1]), int(ends[2])), numbers)
    known = dict.fromkeys(number for number in map(int, re.findall(r"\d+", spread)) if 1 <= number <= count)
    return gap + "".join(f"[{number}]" for number in known) if known else ""


def _spread(first: int, last: int) -> str:
    return " ".join(map(str, range(first, last + 1))) if first <= last <= first + 20 else f"{first} {last}"
