"""PDFs made to hang, to crash or to fill the memory: each is read within bounds or refused with a reason."""

import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from rag_desktop.app import _READER_LIMITS
from rag_desktop.domain.errors import UnreadableError, UserFacingError
from rag_desktop.domain.messages import ReadHead, ReadRequest
from rag_desktop.formats import pdf, pdf_render, reading
from rag_desktop.formats.ocr import Picture, RecogniserOptions
from rag_desktop.formats.reader import Contents, OpenedFile
from rag_desktop.workers.child import Child
from tests.formats.make_pdf import assembled, document, stream, words

HAMMER = "The hammer is long and its handle is made of wood."
PAGE = words(HAMMER)
SOUND = document([PAGE])
CATALOGUE = "<< /Type /Catalog /Pages 2 0 R >>"
FORM = "/Type /XObject /Subtype /Form /BBox [0 0 595 842]"
OUTLINE = "/Outlines 4 0 R"
INFLATING = zlib.compress(b"4 0 " + bytes(300 << 20), 9)
ACTIONS = r"/OpenAction << /S /JavaScript /JS (app.alert\(1\)) >> /AA << /WC << /S /Launch /F (calc) >> >>"
ITSELF = stream("/X Do", f"{FORM} /Resources << /XObject << /X 4 0 R >> >>")


def contents(content: bytes) -> Contents:
    return pdf.READER.contents(OpenedFile(Path("a.pdf"), content))


def text_of(content: bytes) -> str:
    return "".join(block.text for block in contents(content).blocks)


def code_for(content: bytes) -> str:
    with pytest.raises(UnreadableError) as failure:
        contents(content)
    return failure.value.code


def outline(entries: dict[int, str]) -> bytes:
    return document([PAGE], catalogue=OUTLINE, more={4: "<< /First 5 0 R >>", **entries})


def doubling(first: int, entry: str, levels: int) -> dict[int, str]:
    return {number: entry.format(number + 1) for number in range(first, first + levels)}


READ_ALL_THE_SAME = {
    "no count": document([PAGE], count=-5),
    "absurd count": document([PAGE], count=10**9),
    "many more kids than counted": document([PAGE], kids="100 0 R " * 10**5, count=1),
    "an outline that is its own next": outline({5: "<< /Title (a) /Next 5 0 R /First 5 0 R >>"}),
    "an outline of two that name each other": outline(
        {5: "<< /Title (a) /Next 6 0 R >>", 6: "<< /Title (b) /Next 5 0 R >>"}
    ),
    "an outline that doubles": outline(doubling(5, "<< /Title (a) /First {0} 0 R /Next {0} 0 R >>", 40)),
    "an outline of a thousand levels": outline(doubling(5, "<< /Title (a) /First {} 0 R >>", 1000)),
    "an object stream that inflates to 300 MB": document(
        [PAGE],
        catalogue="/X 4 0 R",
        more={90: stream(INFLATING, "/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode")},
    ),
    "a cross-reference table before itself": SOUND.replace(b"/Root", b"/Prev %d /Root" % SOUND.index(b"xref\n")),
    "a cross-reference table elsewhere": SOUND.replace(b"startxref\n", b"startxref\n9"),
    "no size": document([PAGE], box="[0 0 0 0]"),
    "an upside-down size": document([PAGE], box="[595 842 0 0]"),
    "an absurd size": document([PAGE], box="[0 0 1000000000 1000000000]"),
    "a form in itself": document([PAGE + "/X Do"], resources="/XObject << /X 4 0 R >>", more={4: ITSELF}),
    "actions": document([PAGE], catalogue=ACTIONS),
    "junk before it": b"junk\n" * 100 + SOUND,
    "NUL between the objects": SOUND.replace(b"\nendobj", b"\0\0\nendobj"),
    "a million states": document(["q " * 10**6 + PAGE]),
    "a dictionary of ten thousand levels": document([PAGE], catalogue="/X " + "<< /A " * 10**4 + ">>" * 10**4),
}  # fmt: skip


@pytest.mark.parametrize("name", READ_ALL_THE_SAME)
def test_the_words_are_read_all_the_same(name: str) -> None:
    found = text_of(READ_ALL_THE_SAME[name])
    assert HAMMER in found
    assert len(found) < 10 * len(HAMMER)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (assembled({1: CATALOGUE, 2: "<< /Type /Pages /Kids [2 0 R] /Count 1 >>"}), "pdf-damaged"),
        (
            assembled({1: CATALOGUE, 2: "<< /Kids [3 0 R] /Count 2 >>", 3: "<< /Kids [2 0 R 2 0 R] /Count 2 >>"}),
            "pdf-damaged",
        ),
        (document([PAGE], count=10**6), "pdf-too-long"),
        (document([PAGE], kids="100 0 R " * 10**6, count=10**6), "pdf-too-long"),
        (SOUND[: SOUND.index(b"xref\n")], "pdf-damaged"),
    ],
    ids=["a page tree of itself", "a page tree in a circle", "a million counted", "a million kids", "no trailer"],
)
def test_what_cannot_be_read_has_a_reason(content: bytes, code: str) -> None:
    assert code_for(content) == code


def test_three_thousand_pages_are_no_attack() -> None:
    found = contents(document([PAGE] * 3000))
    assert (found.metadata.page_count, len(found.blocks), found.warnings) == (3000, 3000, ())


def test_the_text_of_all_pages_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_MOST_CHARACTERS", 20 * len(HAMMER))
    assert len(contents(document([PAGE] * 10)).blocks) == 10
    assert code_for(document([PAGE] * 30)) == "pdf-too-large"


def test_words_with_nul_are_read_without_it() -> None:
    assert "\0" not in text_of(document([words("The ham\0mer \0")])).replace("\0", "", 3)


@pytest.mark.parametrize("ink", ["", "1 g"])
def test_a_page_of_a_million_characters(ink: str) -> None:
    page = "".join(words("x" * 80, y=i % 800, x=i / 20, size=5, before=ink) for i in range(12_000))
    assert sum(len(block.text) for block in contents(document([page])).blocks) < 1_100_000


@pytest.mark.parametrize("twentieth", range(1, 20))
def test_a_file_cut_off_anywhere(twentieth: int) -> None:
    book = (Path(__file__).parent / "samples" / "book.pdf").read_bytes()
    for whole in (book, document([PAGE] * 5)):
        assert outcome(whole[: len(whole) * twentieth // 20]) in {"read", "pdf-damaged"}


def outcome(content: bytes) -> str:
    try:
        return "read" if text_of(content) else "nothing"
    except UnreadableError as error:
        return error.code


def seen_by(content: bytes) -> tuple[Contents, list[Picture]]:
    pictures: list[Picture] = []

    def recognise(picture: Picture) -> str:
        pictures.append(picture)
        return ""

    return pdf.READER.contents(OpenedFile(Path("a.pdf"), content, recognise)), pictures


@pytest.mark.parametrize("box", ["[0 0 1000000 0.001]", "[0 0 1000000000 1000000000]", "[0 0 0.01 0.01]"])
def test_a_page_of_any_size_is_drawn_small(box: str) -> None:
    _, pictures = seen_by(document(["0 0 m 1 1 l S"], box=box))
    assert all(max(each.width, each.height) <= 2400 for each in pictures)
    assert all(len(each.pixels) == each.width * each.height for each in pictures)


def test_a_page_that_takes_too_long_to_draw_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_render, "_SECONDS", 0.0)
    lines = "".join(f"{i % 595} 0 m {i * 7 % 595} 842 l S\n" for i in range(20_000))
    found, pictures = seen_by(document([PAGE, lines]))
    assert not pictures
    assert (len(found.blocks), found.warnings) == (1, ("pages-without-text",))


@pytest.fixture(scope="module")
def child(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    """A reader as the program has them."""
    place = tmp_path_factory.mktemp("recogniser")
    one = Child("reader", partial(reading.role, recogniser=RecogniserOptions(place, place)), _READER_LIMITS)
    yield one
    one.close()


KILLERS = {
    "forms that double forty times": (
        document(
            [PAGE + "/X Do"],
            resources="/XObject << /X 10 0 R >>",
            more={
                number: stream("/X Do /X Do", f"{FORM} /Resources << /XObject << /X {number + 1} 0 R >> >>")
                for number in range(10, 50)
            },
        ),
        {"child-died", "child-memory", "child-deadline"},
    ),
    "fields that double forty times": (
        document(
            [PAGE],
            page_entries="/Annots [4 0 R]",
            catalogue="/AcroForm << /Fields [10 0 R] >>",
            more={
                4: "<< /Type /Annot /Subtype /Widget /FT /Tx /T (a) /V (b) /Rect [0 0 9 9] >>",
                **doubling(10, "<< /T (a) /Kids [{0} 0 R {0} 0 R] >>", 40),
            },
        ),
        {"child-deadline"},
    ),
    "page labels in a circle": (
        document([PAGE], catalogue="/PageLabels 4 0 R", more={4: "<< /Kids [4 0 R 4 0 R] /Limits [0 9] >>"}),
        {"child-died", "child-deadline"},
    ),
    "a page that is drawn for ever": (
        document(
            ["/Pattern cs /P scn 0 0 595 842 re f"],
            resources="/Pattern << /P 4 0 R >>",
            more={
                4: stream(
                    "0 0 1 1 re f",
                    "/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 1 1]"
                    " /XStep 0.001 /YStep 0.001 /Resources << >>",
                )
            },
        ),
        {"child-deadline"},
    ),
    "a gigabyte in a few kilobytes": (
        document([stream(zlib.compress(zlib.compress(bytes(1 << 30), 9), 9), "/Filter [/FlateDecode /FlateDecode]")]),
        {"child-memory", "child-died", "no-text", "child-deadline"},
    ),
}


@pytest.mark.parametrize("name", KILLERS)
def test_what_kills_a_reader_does_not_keep_the_next_document_from_being_read(
    name: str, child: Child, tmp_path: Path
) -> None:
    content, codes = KILLERS[name]
    (tmp_path / "killer.pdf").write_bytes(content)
    (tmp_path / "sound.pdf").write_bytes(SOUND)
    with pytest.raises(UserFacingError) as failure:
        list(child.stream(ReadRequest(str(tmp_path / "killer.pdf"), "leaves"), deadline_s=3))
    assert failure.value.code in codes
    head, *_ = child.stream(ReadRequest(str(tmp_path / "sound.pdf"), "leaves"), deadline_s=60)
    assert isinstance(head, ReadHead)
    assert HAMMER in head.read.reading.text
