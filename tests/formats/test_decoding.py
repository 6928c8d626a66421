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


SENTENCES = {
    "cp949": "내일 오전 회의실에서 뵙겠습니다.",
    "johab": "내일 오전 회의실에서 뵙겠습니다.",
    "iso2022_kr": "내일 오전 회의실에서 뵙겠습니다.",
    "cp932": "明日の午前、会議室でお待ちしています。",
    "euc_jp": "明日の午前、会議室でお待ちしています。",
    "iso2022_jp": "明日の午前、会議室でお待ちしています。",
    "gb18030": "明天上午在会议室等您，请准时参加。",
    "big5": "明天上午在會議室等您，請準時參加。",
    "cp1251": "Завтра утром встретимся в зале.",
    "koi8_r": "Завтра утром встретимся в зале.",
    "cp866": "Завтра утром встретимся в зале.",
    "cp1252": "À demain matin, après le café.",
    "cp1250": "Sejdeme se zítra ráno v zasedačce, příště dřív.",
    "iso8859_2": "Do zobaczenia jutro w świetlicy, dziękuję.",
    "cp1253": "Τα λέμε αύριο το πρωί στην αίθουσα.",
    "cp1254": "Yarın sabah toplantı salonunda görüşürüz.",
    "cp1255": "נתראה מחר בבוקר בחדר הישיבות.",
    "cp1256": "نلتقي غدا صباحا في قاعة الاجتماعات.",
    "cp874": "พบกันพรุ่งนี้เช้าที่ห้องประชุม",
    "utf-32-le": "Until tomorrow, 내일 봅시다.",
    "utf-32-be": "Until tomorrow, 내일 봅시다.",
}


@pytest.mark.parametrize("encoding", SENTENCES)
def test_one_sentence_is_enough(encoding: str) -> None:
    text = SENTENCES[encoding]
    assert decode(text.encode(encoding)).text == text


@pytest.mark.parametrize("encoding", ["cp949", "cp932", "cp1251"])
def test_a_long_english_beginning_does_not_hide_what_follows(encoding: str) -> None:
    text = "plain words\n" * 20_000 + SENTENCES[encoding] + "\n"
    assert decode(text.encode(encoding)).text == text


def test_a_line_without_end_is_looked_at_in_pieces() -> None:
    text = SENTENCES["cp949"] * 20_000
    assert decode(text.encode("cp949")).text == text


@pytest.mark.parametrize("text", ["Kosten: £825 netto", "Preis: 5 € je Stück", "10 µm ± 2 °C"])
def test_one_sign_among_plain_words_is_western(text: str) -> None:
    assert decode(text.encode("cp1252")).text == text


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_a_mark_before_noise_makes_no_text(mark: bytes) -> None:
    noise = bytes((value * 7919 + value * value) % 251 for value in range(10_000))
    with pytest.raises(UnreadableError) as failure:
        decode(mark + noise)
    assert failure.value.code == "file-binary"


def test_a_short_text_with_a_broken_byte_is_still_its_own_encoding() -> None:
    decoded = decode("계약서 ".encode() + b"\xff" + "한 부".encode())
    assert (decoded.text, decoded.warnings) == ("계약서 \ufffd한 부", (PARTLY_UNDECODABLE,))


def test_a_short_text_with_a_stray_nul_is_text() -> None:
    assert decode(b"one\0two").text == "one\0two"
