"""Recognises an answer that says "it is not in the sources", in the forms small models give it."""

import re

MARKER = "NOT FOUND"
"""What a model is asked to write where the sources do not hold the answer. It begins with a word that no answer begins
with: a refusal that starts like an answer ("The sources…") made a small model drift from the one into the other."""
NOT_FOUND = "The sources do not contain the answer."
NOT_FOUND_KOREAN = "제공된 자료에서 답을 찾을 수 없습니다."

_CHIP = re.compile(r"\s*\[[^\[\]\n]{0,40}\]")
_SENTENCE = re.compile(r"(?:(?<=[.!?。])\s+|\n+)(?!\[)")
_SHEETS = r"(?:sources?|documents?|passages?|context|text|texts|excerpts?|materials?|information|data)"
_TELL = (
    r"(?:contain|hold|provide|mention|include|say|state|specify|give|have|answer|address|discuss|cover|indicate|offer)"
)
_NEGATED = r"(?:do not|does not|did not|don't|doesn't|didn't|cannot|can't)"
_TOLD = (
    r"(?:mentioned|provided|stated|specified|given|found|available|included|contained|discussed|addressed|answered"
    r"|present|covered|indicated)"
)
_ASKED = r"(?:answers?|information|questions?|details?|mention)"

_SHEETS_KOREAN = r"(?:자료|문서|출처|본문|지문|소스|텍스트|내용)"
_MISSING_KOREAN = (
    r"(?:찾을 수 없|찾지 못|알 수 없|확인할 수 없|제공할 수 없|나와 ?있지 않|나오지 않|포함(?:되어|하고)? ?있지 않"
    r"|포함되지 않|제공되지 않|제공하지 않|주어지지 않|없습니다|없다)"
)


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


# Said of the answer or of all the sources: clear even where a model hangs a citation on it.
_CLEAR = _any(
    rf"\b{_SHEETS}\b.{{0,40}}\b{_NEGATED}\b.{{0,20}}\b{_TELL}\b.{{0,40}}\b{_ASKED}\b",
    r"\b(?:i|we)\b.{0,12}\b(?:cannot|can't|could not|couldn't|do not|don't|did not)\b.{0,12}"
    r"\b(?:find|answer|determine|know|locate|see)\b",
    r"\b(?:not able|unable) to (?:find|answer|determine|locate)\b",
    rf"\b(?:no|not enough|insufficient|not sufficient) (?:\w+ )?{_ASKED}\b.{{0,60}}"
    rf"\b(?:(?:is|are|was|were) (?:\w+ )?{_TOLD}|{_SHEETS})\b",
    rf"\b(?:answer|information)\b.{{0,60}}\b(?:is|are|was|were) not (?:\w+ )?{_TOLD}\b",
    rf"(?:답|답변|정답|정보|내용)\S{{0,3}}\s?.{{0,16}}{_MISSING_KOREAN}",
    rf"{_SHEETS_KOREAN}에서\S? .{{0,40}}(?:찾을 수 없|찾지 못|알 수 없|확인할 수 없)",
    r"답(?:변)?할 수 없|알 수 없습니다|모르겠습니다",
)
# The same words may state a fact, so they count only where nothing is cited for them.
_UNCITED = _any(
    rf"\b{_SHEETS}\b.{{0,40}}\b{_NEGATED}\b.{{0,20}}\b{_TELL}\b",
    rf"\b(?:is|are|was|were) not (?:\w+ )?{_TOLD}\b.{{0,40}}\b{_SHEETS}\b",
    rf"\bthere (?:is|are) no\b.{{0,60}}\b{_SHEETS}\b",
    r"\bno mention\b|\bnot (?:mentioned|specified|stated)\b",
    rf"{_SHEETS_KOREAN}\S{{0,3}} .{{0,60}}(?:없습니다|없다|않습니다|않는다|않았습니다|못했습니다)",
)


def may_become_marker(text: str) -> bool:
    """Whether the beginning of an answer could still be the marker's: such words are not shown yet."""
    begun = text.strip().strip('"“”').upper()
    return MARKER.startswith(begun) or begun.startswith(MARKER)


def is_refusal(answer: str) -> bool:
    """Whether `answer` only says that the sources do not hold what was asked, in English or Korean.

    A negative fact ("The lease does not allow pets [1].") is an answer, and so is a refusal of one part beside a cited
    sentence on another.
    """
    if answer.strip().strip('"“”').upper().startswith(MARKER):
        return True
    parts = [part for part in _SENTENCE.split(answer.strip()) if part.strip()]
    if not parts or not _refuses(parts[0]):
        return False
    return not any(_CHIP.search(part) and not _refuses(part) for part in parts[1:])


def _refuses(sentence: str) -> bool:
    words = _CHIP.sub("", sentence).replace("’", "'").strip().casefold()
    if _CLEAR.search(words):
        return True
    return words == sentence.replace("’", "'").strip().casefold() and bool(_UNCITED.search(words))
