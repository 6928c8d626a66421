"""Images: each kind is read, frame by frame, within bounds; a photograph without words is no failure."""

import io
import struct
import zlib
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from rag_desktop.domain.errors import UnreadableError
from rag_desktop.domain.messages import ReadRequest
from rag_desktop.formats import image, ocr, reading, registry
from rag_desktop.formats.ocr import Picture
from rag_desktop.formats.reader import Contents, OpenedFile
from tests.formats.make_pdf import document, words


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def contents(content: bytes, said: str = "Words.") -> tuple[Contents, list[Picture]]:
    seen: list[Picture] = []

    def recognise(picture: Picture) -> str:
        seen.append(picture)
        return said

    return image.READER.contents(OpenedFile(Path("a"), content, recognise)), seen


def left_half_black(mode: str) -> Image.Image:
    whole = Image.new("RGB", (80, 40), "white")
    whole.paste("black", (0, 0, 40, 40))
    return whole.convert(mode)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("1", "PNG"), ("L", "PNG"), ("P", "PNG"), ("RGB", "PNG"), ("RGBA", "PNG"), ("LA", "PNG"),
        ("RGB", "JPEG"), ("CMYK", "JPEG"), ("L", "JPEG"), ("1", "TIFF"), ("RGB", "TIFF"), ("CMYK", "TIFF"),
        ("RGB", "BMP"), ("P", "BMP"), ("RGB", "WEBP"), ("RGBA", "WEBP"),
    ],
)  # fmt: skip
def test_every_kind_becomes_grey_pixels(mode: str, kind: str) -> None:
    found, (picture,) = contents(saved(left_half_black(mode), kind))
    assert (picture.width, picture.height, len(picture.pixels)) == (80, 40, 3200)
    row = picture.pixels[80 * 20 : 80 * 21]
    assert (max(row[:36]) < 40, min(row[44:]) > 215) == (True, True)
    assert [(block.text, block.page, block.source_start) for block in found.blocks] == [("Words.\n", 1, None)]


def test_sixteen_bits_are_no_trouble() -> None:
    deep = Image.frombytes("I;16", (40, 40), struct.pack("<1600H", *([0] * 800 + [65535] * 800)))
    _, (picture,) = contents(saved(deep, "PNG"))
    assert (picture.pixels[0], picture.pixels[-1]) == (0, 255)


def test_what_is_transparent_is_white() -> None:
    _, (picture,) = contents(saved(Image.new("RGBA", (30, 30), (0, 0, 0, 0)), "PNG"))
    assert set(picture.pixels) == {255}


def test_a_photograph_is_turned_as_it_was_taken() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # Orientation: turn it to the right
    _, (picture,) = contents(saved(left_half_black("RGB"), "JPEG", exif=exif))
    assert (picture.width, picture.height) == (40, 80)


def test_frames_of_a_tiff_are_pages() -> None:
    frames = [Image.new("L", (40 + n, 40), 255) for n in range(3)]
    found, seen = contents(saved(frames[0], "TIFF", save_all=True, append_images=frames[1:]))
    assert [picture.width for picture in seen] == [40, 41, 42]
    assert (found.metadata.page_count, [block.page for block in found.blocks]) == (3, [1, 2, 3])


def test_of_what_moves_the_first_frame_is_read() -> None:
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("white", "black")]
    found, seen = contents(saved(frames[0], "WEBP", save_all=True, append_images=frames[1:]))
    assert (len(seen), found.metadata.page_count) == (1, 1)


def test_no_more_frames_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "_MOST_FRAMES", 2)
    frames = [Image.new("L", (40, 40), 255)] * 4
    found, seen = contents(saved(frames[0], "TIFF", save_all=True, append_images=frames[1:]))
    assert (len(seen), found.warnings) == (2, ("pages-not-recognised",))


def test_frames_in_a_circle_come_to_an_end() -> None:
    one = bytearray(saved(Image.new("L", (40, 40), 255), "TIFF"))
    first = struct.unpack_from("<I", one, 4)[0]
    entries = struct.unpack_from("<H", one, first)[0]
    struct.pack_into("<I", one, first + 2 + 12 * entries, first)  # the next frame is this one
    _, seen = contents(bytes(one))
    assert len(seen) <= 2


def declaring(side: int) -> bytes:
    """A PNG of a few bytes that says it is `side` pixels wide and high."""
    small = saved(Image.new("1", (8, 8)), "PNG")
    head = b"IHDR" + struct.pack(">II", side, side) + small[24:29]
    return small[:12] + head + struct.pack(">I", zlib.crc32(head)) + small[33:]


def bitmap(side: int) -> bytes:
    """The same as a BMP."""
    small = bytearray(saved(Image.new("RGB", (8, 8)), "BMP"))
    struct.pack_into("<ii", small, 18, side, side)
    return bytes(small)


@pytest.mark.parametrize("content", [declaring(60_000), declaring(10_001), bitmap(60_000), bitmap(10_001)])
def test_a_bomb_is_refused_before_it_is_unpacked(content: bytes) -> None:
    with pytest.raises(UnreadableError) as failure:
        contents(content)
    assert failure.value.code == "image-too-large"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP", "WEBP"])
def test_a_file_cut_off_anywhere_is_damaged(kind: str) -> None:
    whole = saved(left_half_black("RGB").resize((800, 400)), kind)
    for tenth in range(1, 10):
        with pytest.raises(UnreadableError) as failure:
            contents(whole[: len(whole) * tenth // 10])
        assert failure.value.code == "file-damaged"


@pytest.mark.parametrize("content", [b"GIF89a" + bytes(100), b"%PDF-1.7", b"\0" * 1000, b"<svg xmlns='a'/>"])
def test_other_things_with_an_images_name(content: bytes) -> None:
    with pytest.raises(UnreadableError) as failure:
        contents(content)
    assert failure.value.code == "file-damaged"


def test_a_large_picture_is_made_smaller_and_a_long_one_cut() -> None:
    _, (picture,) = contents(saved(Image.new("L", (5000, 4000), 255), "PNG"))
    assert (picture.width, picture.height) == (2400, 1920)
    long = Image.new("L", (500, 6000), 255)
    for top in range(0, 6000, 30):
        long.paste(0, (0, top, 500, top + 20))  # lines, and the white between them
    for top in range(0, 6000, 60):
        long.paste(255, (100, top + 5, 400, top + 15))
    _, pieces = contents(saved(long, "PNG"))
    assert sum(piece.height for piece in pieces) == 6000
    assert len(pieces) == 4
    for piece in pieces[1:]:
        assert len(set(piece.pixels[:500])) == 1  # cut where nothing changes along the row


def test_a_photograph_without_words_is_stored_and_no_failure(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(saved(Image.new("RGB", (300, 200), "navy"), "JPEG"))
    found = reading.read(ReadRequest(str(tmp_path / "a.jpg"), "leaves")).reading
    assert (found.format, found.text, found.chunks, found.warnings) == ("image", "", (), ())


def test_words_of_a_picture_are_read(tmp_path: Path) -> None:
    with pypdfium2.PdfDocument(document([words("Closed on Mondays.", size=40)])) as opened:
        opened[0].render(scale=1).to_pil().save(tmp_path / "a.png")
    assert reading.read(ReadRequest(str(tmp_path / "a.png"), "leaves")).reading.text == "Closed on Mondays.\n"


def test_images_are_claimed_only_where_they_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert registry.format_of("a.JPEG") == "image"
    monkeypatch.setattr(registry, "find_spec", lambda name: None if name in ocr.PACKAGES else object())
    registry._claims.cache_clear()
    try:
        assert registry.format_of("a.jpeg") is None
        assert registry.format_of("a.pdf") == "pdf"
    finally:
        registry._claims.cache_clear()
