"""Writes the samples of OpenDocument part by part, so that what is in them can be read here.

Run once by hand (python -m tests.formats.make_odf); what it writes is committed, and the same each time.
"""

from tests.formats.make_docx import SAMPLES, package

_URN = "urn:oasis:names:tc:opendocument:xmlns"
_NAMES = " ".join(
    [
        *(
            f'xmlns:{name}="{_URN}:{name}:1.0"'
            for name in ("office", "style", "text", "table", "presentation", "meta", "manifest")
        ),
        f'xmlns:draw="{_URN}:drawing:1.0" xmlns:svg="{_URN}:svg-compatible:1.0"',
        'xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:dc="http://purl.org/dc/elements/1.1/"',
    ]
)

NUMBERED = """
<text:list-style style:name="L1">
 <text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="."/>
 <text:list-level-style-number text:level="2" style:num-format="가, 나, 다, ..." style:num-suffix=")"/>
 <text:list-level-style-bullet text:level="3" text:bullet-char="•"/>
</text:list-style>
"""
STYLES = """
<style:style style:name="Code" style:family="paragraph" style:parent-style-name="Preformatted_20_Text"/>
<style:style style:name="T1" style:family="text"><style:text-properties text:display="none"/></style:style>
<style:style style:name="P9" style:family="paragraph" style:parent-style-name="Title"/>
"""
OUTLINE = """
<text:outline-style style:name="Outline">
 <text:outline-level-style text:level="1" style:num-format="1"/>
 <text:outline-level-style text:level="2" style:num-format="1" text:display-levels="2"/>
 <text:outline-level-style text:level="3" style:num-format=""/>
</text:outline-style>
"""


def para(content: str, style: str = "Standard") -> str:
    """A paragraph; `content` may hold markup."""
    return f'<text:p text:style-name="{style}">{content}</text:p>'


def heading(content: str, level: int) -> str:
    """A heading of this outline level."""
    return f'<text:h text:outline-level="{level}">{content}</text:h>'


def listed(*items: str, more: str = 'text:style-name="L1"') -> str:
    """A list; an item without markup is a paragraph."""
    made = (f"<text:list-item>{each if '<text:' in each else para(each)}</text:list-item>" for each in items)
    return f"<text:list {more}>{''.join(made)}</text:list>"


def cell(content: str, more: str = "") -> str:
    """A cell of a table; with markup in it `content` is taken as it is."""
    return f"<table:table-cell {more}>{content if '<' in content else para(content)}</table:table-cell>"


def row(*cells: str, more: str = "") -> str:
    """A row of cells; those without markup are words."""
    made = (each if each.startswith("<table:") else cell(each) for each in cells)
    return f"<table:table-row {more}>{''.join(made)}</table:table-row>"


def table(*rows: str, name: str = "T") -> str:
    """A table of rows."""
    return f'<table:table table:name="{name}">{"".join(rows)}</table:table>'


def frame(content: str, place: str = "", kind: str = "") -> str:
    """A frame with a text box; `place` is "x y width height" in cm, `kind` the class of a placeholder."""
    names = ("svg:x", "svg:y", "svg:width", "svg:height")
    sizes = " ".join(f'{name}="{size}cm"' for name, size in zip(names, place.split(), strict=False))
    about = f'presentation:class="{kind}"' if kind else ""
    return f"<draw:frame {sizes} {about}><draw:text-box>{content}</draw:text-box></draw:frame>"


def document(kind: str, *body: str, styles: str = NUMBERED + STYLES, outline: str = "", **parts: str) -> bytes:
    """A file of this kind: text, presentation or spreadsheet. `parts` are others; `_` in their names stands for `/`."""
    about = "<dc:title>보고서</dc:title><dc:creator>홍길동</dc:creator>"
    return package(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "META-INF/manifest.xml": f"<manifest:manifest {_NAMES}/>",
            "meta.xml": _part("meta", f"<office:meta>{about}</office:meta>"),
            "styles.xml": _part("styles", f"<office:styles>{outline}</office:styles>"),
            "content.xml": _part(
                "content",
                f"<office:automatic-styles>{styles}</office:automatic-styles>"
                f"<office:body><office:{kind}>{''.join(body)}</office:{kind}></office:body>",
            ),
            **{name.replace("_", "/"): text.replace("NAMES", _NAMES) for name, text in parts.items()},
        }
    )


def _part(name: str, content: str) -> str:
    return f"<office:document-{name} {_NAMES}>{content}</office:document-{name}>"


def report() -> bytes:
    """A text with something of everything."""
    note = (
        '<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body>'
        f"{para('별표 1을 본다.')}</text:note-body></text:note>"
    )
    deleted = (
        '<text:tracked-changes><text:changed-region text:id="c1"><text:deletion>'
        f"{para('사무용 ')}</text:deletion></text:changed-region></text:tracked-changes>"
    )
    secret = "<text:section text:display='none'>" + para("This is said to nobody at all. " * 4) + "</text:section>"
    formula = '<draw:frame><draw:object xlink:href="./Object 1"/></draw:frame>'
    typed = "<semantics><mi>E</mi><annotation>E = m c^2</annotation></semantics>"
    math = f'<math xmlns="http://www.w3.org/1998/Math/MathML">{typed}</math>'
    comment = f"<office:annotation>{para('왜?')}</office:annotation>"
    hidden = '<text:span text:style-name="T1">숨은 </text:span>'
    contents = f"<text:table-of-content><text:index-body>{para('목적 1')}</text:index-body></text:table-of-content>"
    return document(
        "text",
        deleted,
        para("공급 계약서", "P9"),
        contents,
        heading("목적", 1),
        para(
            '이 계약은 <text:change text:change-id="c1"/>인쇄용<text:s text:c="999999999"/>종이의 '
            f"{hidden}공급에 관하여{comment} 정한다.{note}<text:line-break/>둘째 줄"
        ),
        heading("대금", 1),
        heading("Payment", 2),
        heading("Deeper", 3),
        listed("하나", para("둘") + listed("갑", "을", more="") + para("still two"), "셋"),
        para("Between."),
        listed("넷", more='text:style-name="L1" text:continue-numbering="true"'),
        table(
            "<table:table-header-rows>" + row("품목", "수량", "단가") + "</table:table-header-rows>",
            row(cell("종이", 'table:number-rows-spanned="2"'), "500", "12.50"),
            row("<table:covered-table-cell/>", "1,000", "11.00"),
            row(cell("합계", 'table:number-columns-spanned="2"'), "<table:covered-table-cell/>", "17,250"),
        ),
        para(f"Beside a box.{frame(para('글상자 안의 말'))} Energy: {formula}"),
        secret,
        para("def f():", "Code"),
        para('<text:s text:c="4"/>return 1', "Code"),
        outline=OUTLINE,
        **{"Object 1_content.xml": math},
    )


def talk() -> bytes:
    """Two slides, the second hidden, with notes, a table and words in two columns."""
    said = frame(para("환율을 설명한다."), kind="notes")
    notes = f"<presentation:notes><draw:page-thumbnail/>{said}</presentation:notes>"
    first = (
        frame(para("13"), kind="page-number")
        + frame(para("오른쪽"), "15 5 8 8")
        + frame(listed("Left", "words"), "2 5 8 8")
        + frame(para("1분기 실적"), "2 1 20 2", "title")
        + notes
    )
    figures = table(row("지점", "매출"), row("서울", "1,200"), row("부산", "800"))
    second = (
        f"<draw:g><draw:custom-shape>{para('in a group')}</draw:custom-shape></draw:g>"
        f"<draw:frame>{figures}</draw:frame>"
    )
    pages = (f"<draw:page>{page}</draw:page>" for page in (first, second))
    return document("presentation", *pages)


def value(content: str, kind: str, held: str, more: str = "") -> str:
    """A cell of a sheet with a value beside what it shows."""
    name = "date-value" if kind == "date" else "value"
    return cell(content, f'office:value-type="{kind}" office:{name}="{held}" {more}')


def ledger() -> bytes:
    """A sheet with dates, repeated cells and rows, and a claim of a million rows; and one without cells."""
    empty = '<table:table-cell table:number-columns-repeated="16380"/>'
    return document(
        "spreadsheet",
        table(
            row("날짜", "항목", "금액", "비고", empty),
            row(
                value("24. 3. 1.", "date", "2024-03-01"),
                "종이",
                value("1,200원", "float", "1200"),
                cell("같음", 'table:number-columns-repeated="2"'),
            ),
            row(
                value("24. 3. 2.", "date", "2024-03-02T14:30:00"),
                "잉크",
                value("35%", "percentage", "0.35"),
                more='table:number-rows-repeated="3"',
            ),
            row(
                '<table:table-cell table:number-columns-repeated="16384"/>', more='table:number-rows-repeated="1048570"'
            ),
            name="장부",
        ),
        table(row(empty), name="빈 시트"),
    )


def locked() -> bytes:
    """A text that is encrypted, as its manifest says."""
    entry = '<manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry>'
    manifest = f"<manifest:manifest NAMES>{entry}</manifest:manifest>"
    return document("text", **{"META-INF_manifest.xml": manifest})


def main() -> None:
    files = {"report.odt": report(), "talk.odp": talk(), "ledger.ods": ledger(), "locked.odt": locked()}
    for name, content in files.items():
        (SAMPLES / name).write_bytes(content)


if __name__ == "__main__":
    main()
