"""In which script a passage is written."""

import pytest

from rag_desktop.text.scripts import Script, script_of


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("The lease ends in 2031.", Script.LATIN),
        ("", Script.LATIN),
        ("1,234 + 5 = ?", Script.LATIN),
        ("Größe und naïve cafés", Script.LATIN),
        ("임대차 계약은 2031년에 끝난다.", Script.HANGUL),
        ("React의 useEffect 훅은 렌더링 뒤에 실행된다", Script.HANGUL),
        ("大韓民國憲法 第1條의 規定", Script.HAN),
        ("東京は日本の首都であり、世界最大級の都市圏", Script.KANA),
        ("中华人民共和国的首都是北京。", Script.HAN),
        ("Договор аренды", Script.CYRILLIC),
        ("η μίσθωση λήγει", Script.GREEK),
        ("ينتهي عقد الإيجار", Script.ARABIC),
        ("สัญญาเช่า", Script.THAI),
        ("A paper that mentions 계약 once, and otherwise is in English", Script.LATIN),
        ("the angle α of the triangle", Script.LATIN),
    ],
)
def test_the_script_of_most_letters(text: str, script: Script) -> None:
    assert script_of(text) is script


def test_every_script_but_latin_has_languages() -> None:
    assert [script for script in Script if not script.languages] == [Script.LATIN]
