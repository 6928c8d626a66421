"""Recognising text in scans: the words of known pages come back, nothing is fetched, and nothing is done twice."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pypdfium2
import pytest

from rag_desktop.domain.errors import UnreadableError
from rag_desktop.domain.messages import ReadHead, ReadRequest, StillReading
from rag_desktop.formats import ocr, reading
from rag_desktop.formats.ocr import Picture, Recogniser, RecogniserOptions
from rag_desktop.formats.ocr_order import Line
from rag_desktop.formats.pdf_render import picture_of
from tests.formats.make_pdf import document, picture, words

TEXT = """A librarian keeps the books of a town in good order, and lends them to everybody who asks.
Whoever takes a book home signs for it, and brings it back within four weeks (28 days).
A reader who is late pays 1.50 EUR for each week; a child under 14 years pays half of it.
The reading room on the second floor opens at 9:30 and closes at 18:00, except on Mondays.
Maps, newspapers and rare prints may be seen there, but must not leave the building.
Questions are answered at the desk or by telephone: 555-0199, extension 42.""".splitlines()
PAGE = "".join(words(line, y=720 - 20 * number, size=10) for number, line in enumerate(TEXT))


@pytest.fixture(scope="module")
def recognise() -> Recogniser:
    return Recogniser()


def drawn(page: str = PAGE) -> Picture:
    with pypdfium2.PdfDocument(document([page])) as opened:
        found = picture_of(opened[0])
    assert found is not None
    return found


def turned(picture: Picture, quarters: int) -> Picture:
    grey = np.frombuffer(picture.pixels, np.uint8).reshape(picture.height, picture.width)
    rows = np.ascontiguousarray(np.rot90(grey, quarters))
    return Picture(rows.shape[1], rows.shape[0], rows.tobytes())


def scan(*pages: Picture) -> bytes:
    """A PDF of pictures alone, as a scanner makes it."""
    return document(
        [f"q 595 0 0 842 0 0 cm /I{number} Do Q" for number in range(len(pages))],
        resources=f"/XObject << {' '.join(f'/I{number} {number + 10} 0 R' for number in range(len(pages)))} >>",
        more={number + 10: picture(each.width, each.height, each.pixels) for number, each in enumerate(pages)},
    )


def recall(found: str) -> float:
    """The part of the page's words that was found."""
    expected, got = (Counter(re.findall(r"\w+", text.lower())) for text in ("\n".join(TEXT), found))
    return (expected & got).total() / expected.total()


@pytest.mark.parametrize("quarters", range(4))
def test_a_page_is_read_whichever_way_it_lies(quarters: int, recognise: Recogniser) -> None:
    found = recognise(turned(drawn(), quarters))
    assert recall(found) > 0.95
    assert found.index("librarian") < found.index("signs for it") < found.index("extension 42")


@pytest.mark.parametrize(
    "pixels", [np.full((600, 800), 255), np.random.default_rng(1).integers(0, 255, (600, 800)), np.zeros((5, 5000))]
)
def test_a_picture_without_words_has_none(pixels: np.ndarray, recognise: Recogniser) -> None:
    rows = pixels.astype(np.uint8)
    assert recognise(Picture(rows.shape[1], rows.shape[0], rows.tobytes())) == ""


def test_what_cannot_be_read_is_not_guessed() -> None:
    """Readings with low scores are of a script that the model does not know, or of no script at all."""

    class Unsure(Recogniser):
        def _read(self, grey: np.ndarray) -> list[Line]:
            return [Line("Thr e rvers", 0, 0, 100, 20, 0.72)]

    assert Unsure().lines(drawn()) == ()


def test_a_scanned_page_is_read_and_says_so(recognise: Recogniser, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(scan(drawn()))
    found = reading.read(ReadRequest(str(tmp_path / "a.pdf"), "leaves"), recognise).reading
    assert found.warnings == ("pages-recognised",)
    assert recall(found.text) > 0.95
    assert {run.source_start for run in found.runs} == {None}
    assert {run.page for run in found.runs} == {1}
    assert found.chunks


def test_without_a_recogniser_a_scan_is_what_it_was(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(scan(drawn()))
    with pytest.raises(UnreadableError) as failure:
        reading.read(ReadRequest(str(tmp_path / "a.pdf"), "leaves"))
    assert failure.value.code == "no-text"


def test_pages_with_words_of_their_own_are_not_recognised(tmp_path: Path) -> None:
    """A scan may have a stamped number; and a picture on a page of words is left alone."""
    seen: list[Picture] = []

    def note(picture: Picture) -> str:
        seen.append(picture)
        return "What the scan says."

    more = {10: picture(2, 2, bytes(4))}
    covered = "q 595 0 0 842 0 0 cm /I Do Q"
    pages = [covered + words("Page 3"), covered + PAGE, words("Part 2"), covered]
    (tmp_path / "a.pdf").write_bytes(document(pages, resources="/XObject << /I 10 0 R >>", more=more))
    found = reading.read(ReadRequest(str(tmp_path / "a.pdf"), "leaves"), note).reading
    assert len(seen) == 2
    assert [block.page for block in found.blocks if "What the scan says" in block.span.of(found.text)] == [1, 4]
    assert "Page 3" not in found.text
    assert "Part 2" in found.text
    assert {run.page for run in found.runs if run.source_start is not None} == {2, 3}


def test_no_more_pages_are_recognised_than_may_be(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ocr, "MOST_PICTURES", 2)
    more = {10: picture(2, 2, bytes(4))}
    pages = ["q 595 0 0 842 0 0 cm /I Do Q"] * 4
    (tmp_path / "a.pdf").write_bytes(document(pages, resources="/XObject << /I 10 0 R >>", more=more))
    found = reading.read(ReadRequest(str(tmp_path / "a.pdf"), "leaves"), lambda _: "Words.").reading
    assert found.text == "Words.\nWords.\n"
    assert found.warnings == ("pages-recognised", "pages-not-recognised", "pages-without-text")


def test_each_recognised_page_is_a_sign_of_life(tmp_path: Path) -> None:
    """The deadline of a reading counts from the last one: a long scan is not taken for a reader that hangs."""
    (tmp_path / "a.pdf").write_bytes(scan(*(drawn(words(said)) for said in ("One.", "Two words.", "Three."))))
    serve = reading.role(lambda: False, RecogniserOptions(tmp_path, tmp_path))
    signs = [type(message) for message in serve(ReadRequest(str(tmp_path / "a.pdf"), "leaves"))]
    assert signs[:4] == [StillReading, StillReading, StillReading, ReadHead]


def test_the_same_picture_is_recognised_once(tmp_path: Path) -> None:
    class Counting(Recogniser):
        readings = 0

        def _read(self, grey: np.ndarray) -> list[Line]:
            self.readings += 1
            return [Line("Words that were read.", 0, 0, 100, 20, 0.99)]

    page, other = drawn(), drawn(words("Another page"))
    first, second = (Counting(RecogniserOptions(tmp_path, tmp_path)) for _ in range(2))
    assert first(page) == second(page) == first(page) == "Words that were read."
    assert (first.readings, second.readings) == (1, 0)
    first(other)
    (tmp_path / "ocr").mkdir()
    (tmp_path / "ocr" / "recognition.onnx").write_bytes(b"another model")
    third = Counting(RecogniserOptions(tmp_path, tmp_path))
    third(page)
    assert (first.readings, third.readings) == (2, 1)


def test_a_recogniser_in_the_models_folder_takes_the_place_of_the_wheels(tmp_path: Path) -> None:
    import rapidocr

    packaged = Path(rapidocr.__file__).parent / "models" / "PP-OCRv6_rec_small.onnx"
    (tmp_path / "ocr").mkdir()
    (tmp_path / "ocr" / "recognition.onnx").write_bytes(packaged.read_bytes())
    found = Recogniser(RecogniserOptions(tmp_path, tmp_path))
    assert found(drawn(words("Read by another model."))) == "Read by another model."
    assert found._engine.cfg.Rec.model_path == str(tmp_path / "ocr" / "recognition.onnx")


def test_a_model_that_is_none_is_a_failure_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / "ocr").mkdir()
    (tmp_path / "ocr" / "recognition.onnx").write_bytes(b"no model")
    with pytest.raises(UnreadableError) as failure:
        Recogniser(RecogniserOptions(tmp_path, tmp_path))(drawn(words("Some words.")))
    assert failure.value.code == "recogniser-failed"
    assert "recognition.onnx" in str(failure.value.arguments["reason"])


def test_nothing_is_fetched(tmp_path: Path) -> None:
    """In a process that notes each attempt to reach a network, and refuses it as a reading child does."""
    grey = drawn()
    (tmp_path / "page").write_bytes(grey.pixels)
    script = f"""
import sys
reached = []
sys.addaudithook(lambda event, _: reached.append(event) if event.startswith("socket.") else None)
from rag_desktop.workers import guard
guard.install()
from rag_desktop.formats.ocr import Picture, Recogniser
pixels = open({str(tmp_path / "page")!r}, "rb").read()
text = Recogniser()(Picture({grey.width}, {grey.height}, pixels))
print("librarian" in text, sorted(set(reached) - {{"socket.__new__", "socket.bind"}}))  # urllib3 tries to bind to ::1
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "True []"
    assert done.stderr == ""


def test_asking_whether_it_is_installed_imports_nothing() -> None:
    script = "import sys; from rag_desktop.formats import ocr; print(ocr.is_installed(), 'cv2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "True False"
