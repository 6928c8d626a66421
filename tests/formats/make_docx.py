"""Writes the Word samples part by part, so that what is in them can be read here.

Run once by hand (python tests/formats/make_docx.py); what it writes is committed, and the same each time.
"""

import io
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

SAMPLES = Path(__file__).parent / "samples"

_MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_CORE = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"
_NAMES = (
    f'xmlns:w="{_MAIN}" xmlns:r="{_OFFICE}" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
    ' xmlns:v="urn:schemas-microsoft-com:vml"'
)

STYLES = """
<w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/></w:style>
<w:style w:type="paragraph" w:styleId="1"><w:name w:val="heading 1"/></w:style>
<w:style w:type="paragraph" w:styleId="a5"><w:name w:val="제목 2"/></w:style>
<w:style w:type="paragraph" w:styleId="Clause"><w:name w:val="Clause"/><w:basedOn w:val="1"/>
 <w:pPr><w:numPr><w:numId w:val="2"/></w:numPr></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="Deep"><w:name w:val="Own"/><w:pPr><w:outlineLvl w:val="2"/></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="TOC1"><w:name w:val="toc 1"/></w:style>
<w:style w:type="paragraph" w:styleId="Code"><w:name w:val="HTML Preformatted"/></w:style>
"""

NUMBERING = """
<w:abstractNum w:abstractNumId="0">
 <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>
 <w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="ganada"/><w:lvlText w:val="%1%2)"/></w:lvl>
 <w:lvl w:ilvl="2"><w:start w:val="1"/><w:numFmt w:val="bullet"/><w:lvlText w:val="&#xF0B7;"/></w:lvl>
</w:abstractNum>
<w:abstractNum w:abstractNumId="1">
 <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:pStyle w:val="Clause"/>
  <w:lvlText w:val="제%1조"/></w:lvl>
</w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>
<w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>
<w:num w:numId="3"><w:abstractNumId w:val="0"/>
 <w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>
"""


def run(text: str) -> str:
    """Words of one paragraph."""
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(content: str, style: str = "", numbering: str = "") -> str:
    """A paragraph of runs, or of words where `content` holds no markup."""
    properties = f'<w:pStyle w:val="{style}"/>' if style else ""
    if numbering:
        identity, depth = numbering.split(".")
        properties += f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{identity}"/></w:numPr>'
    return f"<w:p><w:pPr>{properties}</w:pPr>{content if '<' in content else run(content)}</w:p>"


def cell(content: str, properties: str = "") -> str:
    """A cell of a table."""
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{content if '<w:p>' in content else paragraph(content)}</w:tc>"


def table(*rows: str) -> str:
    """A table of rows, each the concatenation of its cells."""
    return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in rows) + "</w:tbl>"


def control(content: str, properties: str = "") -> str:
    """A content control, as forms have them."""
    return f"<w:sdt><w:sdtPr>{properties}</w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>"


def fraction(above: str, below: str) -> str:
    """A formula."""
    above, below = (f"<m:r><m:t>{each}</m:t></m:r>" for each in (above, below))
    return f"<m:oMath><m:f><m:num>{above}</m:num><m:den>{below}</m:den></m:f></m:oMath>"


def box(words: str) -> str:
    """A text box as Word writes it: once for itself, and once for older programs."""
    content = f"<w:txbxContent>{paragraph(words)}</w:txbxContent>"
    return (
        f'<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:txbx>{content}</wps:txbx></w:drawing>'
        f"</mc:Choice><mc:Fallback><w:pict><v:textbox>{content}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )


BODY = (
    paragraph("공급 계약서", "Title"),
    paragraph("목적\t3", "TOC1"),
    paragraph("목적", "Clause"),
    paragraph(
        run("이 계약은 ")
        + "<w:ins>" + run("인쇄용 ") + "</w:ins>"
        + "<w:del><w:r><w:delText>사무용 </w:delText></w:r></w:del>"
        + '<w:hyperlink r:id="rId9">' + run("종이의 공급") + "</w:hyperlink>"
        + run("에 관하여 정한다.")
        + '<w:r><w:footnoteReference w:id="2"/></w:r>'
    ),
    paragraph("대금", "Clause"),
    paragraph("Payment within 30 days", "a5"),
    paragraph(run("Name:") + "<w:r><w:br/></w:r>" + run("Brightwater   Prints") + '<w:r><w:br w:type="page"/></w:r>'),
    paragraph("First", numbering="1.0"),
    paragraph("하나", numbering="1.1"),
    paragraph("둘", numbering="1.1"),
    paragraph("a sign", numbering="1.2"),
    paragraph("Second", numbering="1.0"),
    paragraph("Again from one", numbering="3.0"),
    table(
        cell("품목") + cell("수량") + cell("단가"),
        cell("종이", '<w:vMerge w:val="restart"/>') + cell("500") + cell("12.50"),
        cell("", "<w:vMerge/>") + cell("1,000") + cell("11.00"),
        cell("합계", '<w:gridSpan w:val="2"/>') + cell("<w:p>" + run("17,") + run("250") + "</w:p>"),
    ),
    table(cell("A frame around") + cell(paragraph("what is") + table(cell("x") + cell("1"), cell("y") + cell("2")))),
    paragraph("An own style", "Deep"),
    control(paragraph("Click here to enter text."), "<w:showingPlcHdr/>"),
    control(paragraph("Filled in.")),
    paragraph(run("Beside a box.") + box("글상자 안의 말")),
    paragraph("<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r>" + run("Half: ") + fraction("1", "2")),
    "<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr>" + run("Joined ") + "</w:p>",
    paragraph("paragraph."),
    paragraph("def f():", "Code"),
    paragraph("    return 1", "Code"),
)  # fmt: skip


def package(parts: Mapping[str, str | bytes]) -> bytes:
    """A ZIP file of these parts, with a fixed date."""
    out = io.BytesIO()
    with ZipFile(out, "w") as zip_:
        for name, text in parts.items():
            info = ZipInfo(name, (2024, 1, 1, 0, 0, 0))
            info.compress_type = ZIP_DEFLATED
            zip_.writestr(info, text)
    return out.getvalue()


def relations(**targets: str) -> str:
    """A part of relationships, from their kinds to their targets."""
    each = (
        f'<Relationship Id="rId{number}" Type="{_CORE if kind == "core" else f"{_OFFICE}/{kind}"}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets.items())
    )
    return f'<Relationships xmlns="{_PACKAGE}">{"".join(each)}</Relationships>'


def document(*body: str, **parts: str) -> bytes:
    """A Word document. `parts` are the contents of word/<name>.xml: styles, numbering, footnotes, header."""
    whole = {
        "_rels/.rels": relations(officeDocument="word/document.xml", core="docProps/core.xml"),
        "docProps/core.xml": (
            '<cp:coreProperties xmlns:cp="urn:x" xmlns:dc="http://purl.org/dc/elements/1.1/">'
            "<dc:creator>홍길동</dc:creator></cp:coreProperties>"
        ),
        "word/_rels/document.xml.rels": relations(**{name: f"{name}.xml" for name in parts}),
        "word/document.xml": f"<w:document {_NAMES}><w:body>{''.join(body)}<w:sectPr/></w:body></w:document>",
    }
    return package(
        whole | {f"word/{name}.xml": f"<w:{name} {_NAMES}>{text}</w:{name}>" for name, text in parts.items()}
    )


def contract() -> bytes:
    """A document with something of everything."""
    notes = f'<w:footnote w:id="2">{paragraph("별표 1을 본다.")}</w:footnote>'
    header = paragraph("Page header, on each page")
    return document(*BODY, styles=STYLES, numbering=NUMBERING, footnotes=notes, header=header)


def locked() -> bytes:
    """The beginning of a compound file as Office wraps around an encrypted package (MS-OFFCRYPTO)."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(1024, b"\0") + "EncryptedPackage".encode("utf-16-le").ljust(
        512, b"\0"
    )


def main() -> None:
    files = {"contract.docx": contract(), "locked.docx": locked(), "damaged.docx": contract()[:700]}
    for name, content in files.items():
        (SAMPLES / name).write_bytes(content)


if __name__ == "__main__":
    main()
