"""What a question is about, without the words that only ask."""

import re

_ASKING = re.compile(
    r"(?<![가-힣])(?:며칠|몇(?![가-힣]{3})[가-힣]{0,2}|무엇|무슨|뭐|언제|어디|어느|누구|누가|얼마나?|왜|어떻게|어떤)"
    r"(?:에서|까지|부터|이나|[은는이가을를의에로])?"
    r"(?:인가요|인가|인지|일까요?|입니까|이에요|예요|이죠|이야|야)?(?![가-힣])"
)
_ENDING = re.compile(
    r"(?<=[가-힣])(?:인가요|인가|인지|일까요?|입니까|이에요|예요|이죠|나요|는가|은가|습니까|ㅂ니까|니까|는지|을까요?|할까요?|가요)"
    r"(?=[\s?.!？]*$)"
)


def subject(question: str) -> str:
    """`question` without Korean words that ask (며칠인가요, 무엇을, 어디에서) and without the ending that makes it one.

    English ones are stop words already. A question of such words alone comes back as it is.
    """
    left = _ENDING.sub("", _ASKING.sub(" ", question).rstrip())
    return left if re.search(r"\w", left) else question
