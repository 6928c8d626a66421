"""Writes the samples that are made and not typed: PDFs from raw syntax, and texts in old encodings.

Run once by hand (python tests/formats/make_samples.py); what it writes is committed. pypdf encrypts with random keys,
so those two files differ from run to run while what is read from them does not.
"""

import io
from pathlib import Path

SAMPLES = Path(__file__).parent / "samples"

_LINES = (
    (
        "1 Introduction",
        "The librarian keeps an infor-",
        "mation desk. 계약서는 두 부 작성한다.",
        "x\u0002y and \U0001f600 end.",
    ),
    ("1.1 기간", "계약 기간은 일 년이다.", "2 Payment", "Payment is due within 30 days."),
)
_OUTLINE = (("1 Introduction", 0, 0), ("1.1 기간", 1, 1), ("Payment", 0, 1))


def _pdf(objects: list[str]) -> bytes:
    """A PDF 1.7 file of these objects, numbered from 1; the first is the catalogue, the second the information."""
    out = io.BytesIO()
    out.write(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1"))
    start = out.tell()
    rows = "".join(f"{place:010d} 00000 n \n" for place in places)
    size = len(objects) + 1
    out.write(f"xref\n0 {size}\n0000000000 65535 f \n{rows}".encode("latin-1"))
    out.write(f"trailer\n<< /Size {size} /Root 1 0 R /Info 2 0 R >>\nstartxref\n{start}\n%%EOF\n".encode("latin-1"))
    return out.getvalue()


def _utf16(text: str) -> str:
    return text.encode("utf-16-be").hex().upper()


def _stream(body: str) -> str:
    return f"<< /Length {len(body)} >>\nstream\n{body}\nendstream"


def _text(value: str) -> str:
    return f"<FEFF{_utf16(value)}>"


def _page(lines: tuple[str, ...], codes: dict[str, int]) -> str:
    shown = ("<" + "".join(f"{codes[character]:04X}" for character in line) + "> Tj T*" for line in lines)
    return _stream("BT /F1 12 Tf 16 TL 72 700 Td " + "\n".join(shown) + " ET")


def _to_unicode(codes: dict[str, int]) -> str:
    pairs = [f"<{code:04X}> <{_utf16(character)}>" for character, code in codes.items()]
    groups = (pairs[at : at + 100] for at in range(0, len(pairs), 100))
    body = "\n".join(f"{len(group)} beginbfchar\n" + "\n".join(group) + "\nendbfchar" for group in groups)
    head = "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Own def /CMapType 2 def"
    return _stream(f"{head}\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n{body}\nendcmap end end")


def book() -> bytes:
    """Two pages with Korean words, an outline of three entries, roman page labels, and awkward characters."""
    used = dict.fromkeys("".join("".join(lines) for lines in _LINES))
    codes = {character: code for code, character in enumerate(used, 1)}
    kin = (" /Next 8 0 R /First 7 0 R /Last 7 0 R /Count 1", "", " /Prev 6 0 R")
    entries = [
        f"<< /Title {_text(title)} /Parent {6 if level else 5} 0 R /Dest [{9 + page} 0 R /XYZ 72 720 0]{more} >>"
        for (title, level, page), more in zip(_OUTLINE, kin, strict=True)
    ]
    page = "<< /Type /Page /Parent 3 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 4 0 R >> >> /Contents"
    return _pdf(
        [
            "<< /Type /Catalog /Pages 3 0 R /Outlines 5 0 R /PageLabels << /Nums [0 << /S /r /St 3 >>] >> >>",
            f"<< /Title {_text('계약 안내서')} /Author {_text('홍길동')} >>",
            "<< /Type /Pages /Kids [9 0 R 10 0 R] /Count 2 >>",
            (
                "<< /Type /Font /Subtype /Type0 /BaseFont /Own /Encoding /Identity-H"
                " /DescendantFonts [13 0 R] /ToUnicode 14 0 R >>"
            ),
            "<< /Type /Outlines /First 6 0 R /Last 8 0 R /Count 3 >>",
            *entries,
            f"{page} 11 0 R >>",
            f"{page} 12 0 R >>",
            _page(_LINES[0], codes),
            _page(_LINES[1], codes),
            (
                "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Own /CIDSystemInfo << /Registry (Adobe)"
                " /Ordering (Identity) /Supplement 0 >> /DW 600 /FontDescriptor 15 0 R >>"
            ),
            _to_unicode(codes),
            (
                "<< /Type /FontDescriptor /FontName /Own /Flags 4 /FontBBox [0 -200 1000 800] /ItalicAngle 0"
                " /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>"
            ),
        ]
    )


def drawing() -> bytes:
    """One page with a line and no text, as a scanned page is."""
    return _pdf(
        [
            "<< /Type /Catalog /Pages 3 0 R >>",
            "<< >>",
            "<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
            "<< /Type /Page /Parent 3 0 R /MediaBox [0 0 200 200] /Contents 5 0 R >>",
            _stream("10 10 m 190 190 l S"),
        ]
    )


def encrypted(user_password: str) -> bytes:
    """The book, for whose opening this password is needed; an empty one opens by itself."""
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(book())))
    writer.encrypt(user_password, owner_password="owner", algorithm="AES-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def sign() -> bytes:
    """A picture of a few words, as a telephone takes one of a door."""
    import pypdfium2

    lines = (("Reading room", 40), ("Open from 9:30 to 18:00", 24), ("Closed on Mondays and holidays.", 24))
    shown = "".join(f"BT /F1 {size} Tf 40 {230 - 60 * k} Td ({line}) Tj ET\n" for k, (line, size) in enumerate(lines))
    page = _pdf(
        [
            "<< /Type /Catalog /Pages 3 0 R >>",
            "<< >>",
            "<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
            (
                "<< /Type /Page /Parent 3 0 R /MediaBox [0 0 450 300] /Contents 5 0 R"
                " /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>"
            ),
            _stream(shown),
        ]
    )
    out = io.BytesIO()
    with pypdfium2.PdfDocument(page) as document:
        document[0].render(scale=2, grayscale=True).to_pil().save(out, "PNG", optimize=True)
    return out.getvalue()


def main() -> None:
    korean = (
        "제1조 (목적)\r\n이 계약은 물품의 공급에 관하여 정한다.\r\n\r\n제2조 (기간)\r\n계약 기간은 일 년으로 한다.\r\n"
    )
    page = (
        '<html><head><meta http-equiv="Content-Type" content="text/html; charset=euc-kr"><title>공지</title></head>'
        "<body><h1>휴관 안내</h1><p>도서관은 월요일에 쉽니다.</p></body></html>\n"
    )
    files = {
        "book.pdf": book(),
        "locked.pdf": encrypted("secret"),
        "restricted.pdf": encrypted(""),
        "drawing.pdf": drawing(),
        "sign.png": sign(),
        "damaged.pdf": b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R",
        "cp949.txt": korean.encode("cp949"),
        "utf16.txt": korean.encode("utf-16-le"),
        "binary.txt": b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 4,
        "undecodable.txt": bytes(range(0x80, 0x100)) * 5,
        "euckr.html": page.encode("cp949"),
        "decomposed.txt": "\ufeffCafe\u0301 \u1112\u1161\u11ab\u1100\u1173\u11af\x00\n".encode(),
    }
    for name, content in files.items():
        (SAMPLES / name).write_bytes(content)


if __name__ == "__main__":
    main()
