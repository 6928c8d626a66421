"""Decoding: the encodings that people's files have, told from the bytes alone."""

import codecs

import pytest

from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats.decoding import PARTLY_UNDECODABLE, decode

TEXTS = {
    "cp949": "대한민국의 주권은 국민에게 있고, 모든 권력은 국민으로부터 나온다.",
    "cp932": "日本国民は、正当に選挙された国会における代表者を通じて行動し",
    "euc_jp": "日本国民は、正当に選挙された国会における代表者を通じて行動し",
    "gb18030": "中华人民共和国是工人阶级领导的、以工农联盟为基础的人民民主专政的社会主义国家。",
    "big5": "中華民國基於三民主義，為民有民治民享之民主共和國。",
    "cp1252": "Der Schlüssel für die Tür ist größer; café déjà vu, naïve façade – “quoted”.",
    "cp1250": "Příliš žluťoučký kůň úpěl ďábelské ódy",
    "cp1251": "Мы, многонациональный народ Российской Федерации, соединённые общей судьбой",
    "utf-16-le": "계약서를 보냅니다.\n감사합니다",
    "utf-16-be": "plain English words",
    "utf-8": "모든 문자 🙂",
}


@pytest.mark.parametrize("encoding", TEXTS)
@pytest.mark.parametrize("more", ["", "\nAnd some English words. " * 3], ids=["alone", "mixed"])
def test_an_encoding_is_told_from_the_text(encoding: str, more: str) -> None:
    text = TEXTS[encoding] + more
    decoded = decode(text.encode(encoding))
    assert (decoded.text, decoded.warnings) == (text, ())


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_a_byte_order_mark_decides_and_goes(mark: bytes, encoding: str) -> None:
    assert decode(mark + "계약 a".encode(encoding)).text == "계약 a"


def test_a_few_broken_bytes_do_not_change_the_encoding() -> None:
    decoded = decode("모든 권력은 국민으로부터 나온다. ".encode() * 20 + b"\xff")
    assert (decoded.encoding, decoded.warnings, decoded.text[-1]) == ("utf-8", (PARTLY_UNDECODABLE,), "\ufffd")


@pytest.mark.parametrize("declared", ["iso-8859-1", " ISO-8859-1 "])
def test_what_a_file_says_of_itself_is_believed_where_utf8_does_not_fit(declared: str) -> None:
    assert decode(b"\xb1\xb9\xb9\xce \x93a\x94", declared).text == "±¹¹Î “a”"


@pytest.mark.parametrize("declared", ["no-such-encoding", "zlib", "utf-16"])
def test_a_false_declaration_is_not(declared: str) -> None:
    assert decode(TEXTS["cp949"].encode("cp949"), declared).text == TEXTS["cp949"]


def test_a_log_with_colours_and_one_stray_nul_is_text() -> None:
    content = b"\x1b[31mred\x1b[0m line\n" * 50 + b"\0"
    assert decode(content).text == content.decode()


@pytest.mark.parametrize(
    ("content", "code"), [(b"\x00\x01\x02" * 99, "file-binary"), (bytes(range(128, 256)) * 9, "text-undecodable")]
)
def test_what_is_no_text(content: bytes, code: str) -> None:
    with pytest.raises(UnreadableError) as failure:
        decode(content)
    assert failure.value.code == code
