"""The message catalogue is whole: every code has a sentence, every sentence a Korean one, and the .mo is the .po's."""

import ast
import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.services.wording import ERRORS, Wording

ROOT = Path(__file__).parents[1]
KOREAN = ROOT / "resources/locale/ko/LC_MESSAGES/rag_desktop.po"
KEYWORDS = {"N_": None, "say": None, "count": (1, 2)}


def korean() -> Catalog:
    with KOREAN.open("rb") as file:
        return read_po(file, locale="ko")


def used_sentences() -> set[str]:
    found = set()
    for _, _, message, _, _ in extract_from_dir(
        ROOT / "rag_desktop", method_map=[("**.py", "python")], keywords=KEYWORDS
    ):
        found.add(message[0] if isinstance(message, tuple) else message)
    return found


def forms(catalogue: Catalog) -> dict[str, tuple[str, ...]]:
    """Each sentence (the singular one, where there are two) with its translated forms."""
    found = {}
    for message in catalogue:
        key = message.id if isinstance(message.id, str) else message.id[0]
        if key:
            found[key] = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
    return found


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def raised_codes() -> set[str]:
    """String literals given first to UserFacingError or UnreadableError anywhere in the package."""
    codes = set()
    for path in (ROOT / "rag_desktop").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("UserFacingError", "UnreadableError"):
                codes |= {
                    leaf.value
                    for leaf in ast.walk(node.args[0])
                    if isinstance(leaf, ast.Constant)
                    and isinstance(leaf.value, str)
                    and "-" in leaf.value[1:]
                    and leaf.value[0] != "-"
                }
    return codes


def test_every_code_that_is_raised_has_a_sentence() -> None:
    assert raised_codes()
    assert raised_codes() - set(ERRORS) == set()


def test_every_sentence_is_translated_with_the_same_fields() -> None:
    catalogue = korean()
    missing = []
    for sentence in used_sentences():
        message = catalogue.get(sentence)
        if message is None or not message.string:
            missing.append(sentence)
            continue
        for form in message.string if isinstance(message.string, tuple | list) else (message.string,):
            assert fields(form) <= fields(sentence), sentence
    assert missing == []


def test_the_compiled_catalogue_is_the_written_one() -> None:
    with KOREAN.with_suffix(".mo").open("rb") as file:
        compiled = forms(read_mo(file))
    assert compiled == forms(korean())


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_an_error_without_its_arguments_still_has_words(code: str) -> None:
    assert Wording("en", ROOT / "resources").error(UserFacingError(code))
    assert Wording("ko", ROOT / "resources").error(UserFacingError(code))


def test_an_unknown_code_is_shown_as_it_is() -> None:
    assert "no-such-code" in Wording("en", ROOT / "resources").error(UserFacingError("no-such-code"))
