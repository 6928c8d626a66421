"""Makes PDF files from raw syntax, sound and hostile ones, for the tests of the PDF reader."""

import io
from collections.abc import Mapping, Sequence

FONT = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
CATALOGUE, PAGES, FONT_NUMBER = 1, 2, 3
FIRST_FREE = 4
BOX = "[0 0 595 842]"


def stream(body: bytes | str, entries: str = "") -> bytes:
    """The body of a stream object."""
    data = body.encode("latin-1") if isinstance(body, str) else body
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), entries.encode(), data)


def assembled(objects: Mapping[int, bytes | str], trailer: str = "") -> bytes:
    """A file of numbered objects with a cross-reference table; object 1 is the catalogue."""
    out = io.BytesIO(b"%PDF-1.7\n")
    out.seek(0, io.SEEK_END)
    places = {}
    for number, body in objects.items():
        places[number] = out.tell()
        data = body.encode("latin-1") if isinstance(body, str) else body
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, data))
    start, size = out.tell(), max(objects) + 1
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % size)
    for number in range(1, size):
        out.write(b"%010d 00000 n \n" % places[number] if number in places else b"0000000000 65535 f \n")
    out.write(f"trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF\n".encode("latin-1"))
    return out.getvalue()


def document(
    pages: Sequence[str | bytes],
    *,
    box: str = BOX,
    page_entries: str = "",
    resources: str = "",
    catalogue: str = "",
    more: Mapping[int, bytes | str] | None = None,
    kids: str | None = None,
    count: int | None = None,
) -> bytes:
    """A document of pages with these contents; page n, from 0, is object 100 + 2n. /F1 is Helvetica."""
    counted = len(pages) if count is None else count
    objects: dict[int, bytes | str] = {
        CATALOGUE: f"<< /Type /Catalog /Pages 2 0 R {catalogue} >>",
        PAGES: f"<< /Type /Pages /Kids [{kids or listed(len(pages))}] /Count {counted} >>",
        FONT_NUMBER: FONT,
        **(more or {}),
    }
    for number, content in enumerate(pages):
        objects[100 + 2 * number] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox {box} /Contents {101 + 2 * number} 0 R"
            f" /Resources << /Font << /F1 3 0 R >> {resources} >> {page_entries} >>"
        )
        objects[101 + 2 * number] = content if isinstance(content, bytes) else stream(content)
    return assembled(objects)


def listed(pages: int) -> str:
    """References to the first pages."""
    return " ".join(f"{100 + 2 * number} 0 R" for number in range(pages))


def words(text: str, *, x: float = 72, y: float = 700, size: float = 12, before: str = "") -> str:
    """Page contents that print one line; `before` is put before it, as `1 g` for white ink."""
    escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return f"q {before} BT /F1 {size} Tf {x} {y} Td ({escaped}) Tj ET Q\n"


def picture(width: int, height: int, grey: bytes) -> bytes:
    """An image XObject of grey pixels."""
    return stream(
        grey,
        f"/Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceGray /BitsPerComponent 8",
    )
