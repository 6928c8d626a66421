"""Refusals of small models are recognised; negative facts are not taken for one."""

import pytest

from rag_desktop.prompting.refusal import NOT_FOUND, NOT_FOUND_KOREAN, is_refusal

REFUSALS = [
    NOT_FOUND,
    NOT_FOUND_KOREAN,
    "The sources do not contain the answer. [1][2]",
    "The sources do not contain any information about the landlord's name.",
    "The provided sources don’t mention the capital of France.",
    "I cannot find the answer in the given documents.",
    "I'm sorry, but I could not find this in the sources.",
    "I do not know.",
    "The context does not provide information on this question [2].",
    "There is no information about the price in the sources.",
    "The answer is not provided in the text.",
    "The rent is not mentioned in the sources.",
    "Unable to determine from the passages.",
    "The sources do not contain the answer.\n\nHowever, rents in Berlin are usually high.",
    "문서에서 찾을 수 없습니다.",
    "제공된 자료에서 답을 찾을 수 없습니다. [1]",
    "제공된 문서에는 해당 정보가 포함되어 있지 않습니다.",
    "자료에 답이 없습니다.",
    "주어진 자료에는 임대료에 대한 내용이 나와 있지 않습니다.",
    "알 수 없습니다.",
    "이 질문에는 답변할 수 없습니다.",
]
ANSWERS = [
    "",
    "The lease does not allow pets [1].",
    "The tenant cannot end the lease before 2027. [2]",
    "There is no lift in the house. [1]",
    "No information may be given to third parties. [3]",
    "The contract does not contain a break clause. [1]",
    "This document does not state a notice period [2].",
    "The experiment did not find an effect of dose [1].",
    "They could not find the wreck until 1985. [1]",
    "Paris is the capital. [1] The sources do not say more.",
    "The sources do not mention the rent. The deposit is 900 euros. [2]",
    "임대차 계약은 반려동물을 허용하지 않습니다 [1].",
    "건물에는 승강기가 없습니다. [2]",
    "이 문서에는 해지 조항이 없습니다 [1].",
    "Mixtral has 8 experts [1].",
]


@pytest.mark.parametrize("answer", REFUSALS)
def test_refusal(answer: str) -> None:
    assert is_refusal(answer)


@pytest.mark.parametrize("answer", ANSWERS)
def test_answer(answer: str) -> None:
    assert not is_refusal(answer)
