"""Writes the samples of slides and workbooks part by part, so that what is in them can be read here.

Run once by hand (python -m tests.formats.make_ooxml); what it writes is committed, and the same each time.
"""

from tests.formats.make_docx import SAMPLES, package, relations

_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_P = "http://schemas.openxmlformats.org/presentationml/2006/main"
_S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_C = "http://schemas.openxmlformats.org/drawingml/2006/chart"
_D = "http://schemas.openxmlformats.org/drawingml/2006/diagram"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
_NAMES = (
    f'xmlns:a="{_A}" xmlns:p="{_P}" xmlns:r="{OFFICE}" xmlns:c="{_C}" xmlns:dgm="{_D}"'
    ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
)
_CORE = (
    '<cp:coreProperties xmlns:cp="urn:x" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    "<dc:title>{}</dc:title><dc:creator>홍길동</dc:creator></cp:coreProperties>"
)


def links(*targets: tuple[str, str]) -> str:
    """A part of relationships rId0, rId1, … of these kinds to these targets."""
    each = (
        f'<Relationship Id="rId{number}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(targets)
    )
    return f'<Relationships xmlns="{_RELATIONSHIPS}">{"".join(each)}</Relationships>'


def para(text: str, properties: str = "") -> str:
    """A paragraph of DrawingML; `text` may hold markup of its own."""
    return f"<a:p>{properties}{text if '<' in text else f'<a:r><a:t>{text}</a:t></a:r>'}</a:p>"


def shape(body: str, place: str = "", kind: str = "", about: str = "") -> str:
    """A shape with paragraphs; `place` is "x y width height", `kind` the attributes of a placeholder."""
    numbers = place.split()
    frame = (
        f'<a:xfrm><a:off x="{numbers[0]}" y="{numbers[1]}"/><a:ext cx="{numbers[2]}" cy="{numbers[3]}"/></a:xfrm>'
        if place
        else ""
    )
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="1" name="n" {about}/><p:nvPr>{f"<p:ph {kind}/>" if kind else ""}</p:nvPr>'
        f"</p:nvSpPr><p:spPr>{frame}</p:spPr><p:txBody>{body}</p:txBody></p:sp>"
    )


def title(text: str) -> str:
    """The title of a slide."""
    return shape(para(text), kind='type="title"')


def frame(content: str, place: str = "0 0 9 9") -> str:
    """A frame around a table, a chart or a diagram."""
    numbers = place.split()
    return (
        '<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="2" name="f"/><p:nvPr/></p:nvGraphicFramePr><p:xfrm>'
        f'<a:off x="{numbers[0]}" y="{numbers[1]}"/><a:ext cx="{numbers[2]}" cy="{numbers[3]}"/></p:xfrm>'
        f"<a:graphic><a:graphicData>{content}</a:graphicData></a:graphic></p:graphicFrame>"
    )


def grid(*rows: str) -> str:
    """A table whose rows are cells, each `text` or `attributes>text`, parted by bars."""
    written = []
    for row in rows:
        cells = (cell.rpartition(">") for cell in row.split("|"))
        made = (f"<a:tc {about}><a:txBody>{para(text.strip())}</a:txBody></a:tc>" for about, _, text in cells)
        written.append(f"<a:tr>{''.join(made)}</a:tr>")
    return f'<a:tbl><a:tblPr firstRow="1"/>{"".join(written)}</a:tbl>'


def points(*values: str) -> str:
    """What a chart keeps of the cells that it shows."""
    return "".join(f'<c:pt idx="{at}"><c:v>{value}</c:v></c:pt>' for at, value in enumerate(values))


def slide(*shapes: str, about: str = "") -> str:
    """The part of one slide."""
    return f"<p:sld {_NAMES} {about}><p:cSld><p:spTree>{''.join(shapes)}</p:spTree></p:cSld></p:sld>"


def presentation(*slides: str, order: tuple[int, ...] | None = None, **parts: str) -> bytes:
    """A presentation. `parts` are other contents by their names: notes0 (of the first slide), chart0, data0, layout."""
    numbers = range(len(slides))
    identities = "".join(
        f'<p:sldId id="{256 + number}" r:id="rId{number}"/>' for number in (numbers if order is None else order)
    )
    written = {
        "_rels/.rels": relations(officeDocument="ppt/presentation.xml", core="docProps/core.xml"),
        "docProps/core.xml": _CORE.format("분기 보고"),
        "ppt/presentation.xml": f"<p:presentation {_NAMES}><p:sldIdLst>{identities}</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": links(*(("slide", f"slides/slide{number}.xml") for number in numbers)),
    }
    for number, text in enumerate(slides):
        kinds = {"chart": "chart", "data": "diagramData", "notes": "notesSlide"}
        own = [(kinds[name[:-1]], f"../{name}.xml") for name in parts if name.endswith(str(number))]
        written[f"ppt/slides/slide{number}.xml"] = text
        written[f"ppt/slides/_rels/slide{number}.xml.rels"] = links(("slideLayout", "../layout.xml"), *own)
    return package(written | {f"ppt/{name}.xml": text for name, text in parts.items()})


def quarter() -> bytes:
    """A presentation with something of everything."""
    numbered = '<a:pPr lvl="{}"><a:buAutoNum type="arabicPeriod"/></a:pPr>'
    overview = slide(
        shape(para("13"), kind='type="sldNum"'),
        shape(para("오른쪽 글") + para("둘째 줄"), "600 200 300 300"),
        shape(para("Left words"), "100 200 300 300"),
        shape(para("Below both"), "100 600 800 100"),
        title(
            "1분기 <a:br/> 실적".replace("1분기 ", "<a:r><a:t>1분기 </a:t></a:r>").replace(
                " 실적", "<a:r><a:t>실적</a:t></a:r>"
            )
        ),
    )
    plan = slide(
        title("Plan"),
        shape(
            para("Hire") + para("two engineers", '<a:pPr lvl="1"/>') + para("plain", "<a:pPr><a:buNone/></a:pPr>"),
            kind='idx="1"',
        ),
        shape(para("하나", numbered.format(0)) + para("둘", numbered.format(0)) + para("deep", numbered.format(1))),
        shape(
            para("A note to self that nobody in the audience is ever meant to see, whatever happens on that day."),
            about='hidden="1"',
        ),
        about='show="0"',
    )
    figures = slide(
        frame(grid("지점 | 매출 | 비고", '서울 | 1,200 | rowSpan="2">확정', '부산 | 800 | vMerge="1">'), "0 100 9 9"),
        frame('<c:chart r:id="rId1"/>', "0 200 9 9"),
        frame('<dgm:relIds r:dm="rId2"/>', "0 300 9 9"),
        frame("<p:oleObj/>", "0 400 9 9"),
        f'<p:grpSp><p:nvGrpSpPr><p:cNvPr id="9" name="g"/><p:nvPr/></p:nvGrpSpPr>{shape(para("in a group"))}</p:grpSp>',
    )
    heading = f"<c:title><c:tx><c:rich>{para('월별 매출')}</c:rich></c:tx></c:title>"
    values = f"<c:numRef><c:numCache><c:formatCode>#,##0</c:formatCode>{points('1200', '900')}</c:numCache></c:numRef>"
    series = (
        f"<c:tx><c:strRef><c:strCache>{points('매출')}</c:strCache></c:strRef></c:tx>"
        f"<c:cat><c:strRef><c:strCache>{points('1월', '2월')}</c:strCache></c:strRef></c:cat><c:val>{values}</c:val>"
    )
    bars = f"<c:plotArea><c:barChart><c:ser>{series}</c:ser></c:barChart></c:plotArea>"
    chart = f"<c:chartSpace {_NAMES}><c:chart>{heading}{bars}</c:chart></c:chartSpace>"
    data = (
        f'<dgm:dataModel {_NAMES}><dgm:ptLst><dgm:pt type="doc"><dgm:t>{para("no words")}</dgm:t></dgm:pt>'
        f"<dgm:pt><dgm:t>{para('접수')}</dgm:t></dgm:pt><dgm:pt><dgm:t>{para('검토')}</dgm:t></dgm:pt>"
        '<dgm:pt type="pres"/></dgm:ptLst></dgm:dataModel>'
    )
    layout = slide(shape("", "100 100 800 200", 'type="body" idx="1"').replace("<p:txBody>", (
        '<p:txBody><a:lstStyle><a:lvl1pPr><a:buChar char="•"/></a:lvl1pPr><a:lvl2pPr><a:buChar char="-"/></a:lvl2pPr>'
        "</a:lstStyle>")))  # fmt: skip
    notes = slide(
        shape(para("발표자 메모: 환율을 설명한다."), kind='type="body" idx="1"'), shape(para("1"), kind='type="sldNum"')
    )
    return presentation(
        plan, overview, figures, order=(1, 0, 2), notes1=notes, chart2=chart, data2=data, layout=layout
    )  # fmt: skip


def cell(place: str, content: str, more: str = "") -> str:
    """A cell of a workbook: a number, or words that stand in the cell itself."""
    if content.removeprefix("-").replace(".", "", 1).isdigit():
        return f'<c r="{place}" {more}><v>{content}</v></c>'
    return f'<c r="{place}" t="inlineStr" {more}><is><t>{content}</t></is></c>'


def shared(place: str, number: int) -> str:
    """A cell that shows one of the strings that all sheets share."""
    return f'<c r="{place}" t="s"><v>{number}</v></c>'


def row(number: int, *cells: str) -> str:
    """A row whose cells stand in A, B, …; empty ones are left out, and those with markup taken as they are."""
    made = (
        each if each.startswith("<") else cell(f"{chr(ord('A') + at)}{number}", each)
        for at, each in enumerate(cells)
        if each
    )
    return f'<row r="{number}">{"".join(made)}</row>'


def sheet(*rows: str, more: str = "") -> str:
    """The part of one sheet."""
    return f'<worksheet xmlns="{_S}" xmlns:r="{OFFICE}"><sheetData>{"".join(rows)}</sheetData>{more}</worksheet>'


def workbook(*sheets: str, about: str = "", **parts: str) -> bytes:
    """A workbook of sheets Sheet0, Sheet1, …; `parts` are the contents of xl/<name>.xml: styles, sharedStrings."""
    named = "".join(
        f'<sheet name="Sheet{number}" sheetId="{number + 1}" r:id="rId{number}"/>' for number in range(len(sheets))
    )
    targets = [("worksheet", f"worksheets/sheet{number}.xml") for number in range(len(sheets))]
    return package(
        {
            "_rels/.rels": relations(officeDocument="xl/workbook.xml", core="docProps/core.xml"),
            "docProps/core.xml": _CORE.format("직원 명부"),
            "xl/workbook.xml": f'<workbook xmlns="{_S}" xmlns:r="{OFFICE}">{about}<sheets>{named}</sheets></workbook>',
            "xl/_rels/workbook.xml.rels": links(*targets, *((name, f"{name}.xml") for name in parts)),
            **{f"xl/worksheets/sheet{number}.xml": text for number, text in enumerate(sheets)},
            **{f"xl/{name}.xml": text for name, text in parts.items()},
        }
    )


def styles(*codes: str) -> str:
    """The part of styles, whose cell formats 1, 2, … have these codes of number formats."""
    formats = "".join(f'<numFmt numFmtId="{200 + at}" formatCode="{code}"/>' for at, code in enumerate(codes))
    cells = "".join(f'<xf numFmtId="{200 + at}"/>' for at in range(len(codes)))
    shown = f'<numFmts>{formats}</numFmts><cellXfs><xf numFmtId="0"/>{cells}</cellXfs>'
    return f'<styleSheet xmlns="{_S}">{shown}</styleSheet>'


def staff() -> bytes:
    """A workbook with something of everything: a title, a merged header, dates, formulas, a gap, shared strings."""
    rich = "<si><r><t>Kim</t></r><r><t> Min_x000A_su</t></r><rPh><t>x</t></rPh></si>"
    strings = f'<sst xmlns="{_S}"><si><t>서울</t></si>{rich}</sst>'
    merged = '<mergeCells count="2"><mergeCell ref="B3:C3"/><mergeCell ref="A5:A6"/></mergeCells>'
    first = sheet(
        row(1, "직원 명부 (2024년 1월)"),
        row(3, "지점", "급여", "", "입사일"),
        row(4, "", "기본", "수당"),
        row(5, shared("A5", 0), cell("B5", "3200000", 's="1"'), "3.5000000001", cell("D5", "45352", 's="2"')),
        row(6, "", '<c r="B6" s="1"><f>B5*2</f><v>6400000</v></c>', "12", cell("D6", "45352.75", 's="2"')),
        row(8, "부산", cell("B8", "2900000", 's="1"'), '<c r="C8" t="e"><v>#N/A</v></c>'),
        more=merged,
    )  # fmt: skip
    second = sheet(
        row(1, "Name", "Share"),
        row(2, shared("A2", 1), cell("B2", "0.355", 's="3"')),
        row(1048576, '<c r="XFD1048576" t="b"><v>1</v></c>'),
    )
    shown = styles("#,##0&quot;원&quot;", "yyyy/mm/dd", "0.0%")
    return workbook(first, second, sharedStrings=strings, styles=shown)


def main() -> None:
    for name, content in {"quarter.pptx": quarter(), "staff.xlsx": staff()}.items():
        (SAMPLES / name).write_bytes(content)


if __name__ == "__main__":
    main()
