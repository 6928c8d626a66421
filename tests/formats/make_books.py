"""Writes the samples of e-books, Hancom's documents and RTF part by part, so that what is in them can be read here.

Run once by hand (python -m tests.formats.make_books); what it writes is committed, and the same each time.
"""

from pathlib import Path

from tests.formats.make_docx import package

SAMPLES = Path(__file__).parent / "samples"

_XHTML = '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"'
_EPUB = ' xmlns:epub="http://www.idpf.org/2007/ops"'
_CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile'
    ' full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)


def page(body: str) -> str:
    """A chapter as XHTML has it: an empty title is closed at once."""
    return f"{_XHTML}><head><title/></head><body>{body}</body></html>"


def item(identity: str, href: str, more: str = "", kind: str = "application/xhtml+xml") -> str:
    """An item of the manifest."""
    return f'<item id="{identity}" href="{href}" media-type="{kind}"{more}/>'


def spine(*references: str) -> str:
    """The reading order; a reference that ends in ! is beside it."""
    each = (
        f'<itemref idref="{name.rstrip("!")}"{" linear=" + chr(34) + "no" + chr(34) if name.endswith("!") else ""}/>'
        for name in references
    )
    return f"<spine>{''.join(each)}</spine>"


def navigation(entries: str) -> str:
    """EPUB 3's table of contents."""
    body = f'<nav epub:type="toc"><h1>Contents</h1>{entries}</nav>'
    return f"{_XHTML}{_EPUB}><head><title/></head><body>{body}</body></html>"


def book(plan: str, parts: dict[str, str], title: str = "") -> bytes:
    """A book whose package document has this plan: items, then spine. Parts lie beside it."""
    metadata = f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">{title}</metadata>'
    opf = f'<package xmlns="http://www.idpf.org/2007/opf" version="3.0">{metadata}{plan}</package>'
    whole = {"mimetype": "application/epub+zip", "META-INF/container.xml": _CONTAINER, "OEBPS/book.opf": opf}
    return package(
        whole | {name if name.startswith("META-INF") else f"OEBPS/{name}": text for name, text in parts.items()}
    )


def encryption(algorithm: str, part: str) -> str:
    """EPUB's list of encrypted parts, with one in it."""
    return (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"'
        ' xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>'
        f'<enc:EncryptionMethod Algorithm="{algorithm}"/><enc:CipherData><enc:CipherReference URI="{part}"/>'
        "</enc:CipherData></enc:EncryptedData></encryption>"
    )


OBFUSCATION = "http://www.idpf.org/2008/embedding"
AES = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"


def novel() -> bytes:
    """A book with something of everything."""
    contents = (
        '<ol><li><span>제1부 봄</span><ol><li><a href="text/one.xhtml">1장 소풍</a></li>'
        '<li><a href="text/%EB%91%98.xhtml#top">2장 비</a></li></ol></li>'
        '<li><a href="text/notes.xhtml">Notes</a></li></ol>'
    )
    plan = (
        "<manifest>"
        + item("nav", "nav.xhtml", ' properties="nav"')
        + item("one", "text/one.xhtml")
        + item("two", "text/%EB%91%98.xhtml")
        + item("more", "text/more.xhtml")
        + item("notes", "text/notes.xhtml")
        + item("cover", "cover.jpg", kind="image/jpeg")
        + "</manifest>"
        + spine("nav", "cover", "notes!", "one", "two", "more", "one")
    )
    table = (
        "<table><tr><th>품목</th><th>값</th></tr><tr><td>김밥</td><td>3,000</td></tr>"
        "<tr><td>사이다</td><td>1,500</td></tr></table>"
    )
    parts = {
        "nav.xhtml": navigation(contents),
        "text/one.xhtml": page(f"<h2>1장 소풍</h2><p>아이들은 산으로 갔다.<a id='a'/></p>{table}"),
        "text/둘.xhtml": page("<p>비가 왔다.</p><ul><li>우산</li><li>장화</li></ul>"),
        "text/more.xhtml": page("<p>A chapter goes on in the next file.</p>"),
        "text/notes.xhtml": page("<p>Notes</p><p>Gimbap is rice rolled in seaweed.</p>"),
        "META-INF/encryption.xml": encryption(OBFUSCATION, "OEBPS/font.otf"),
    }
    title = "<dc:title>소풍</dc:title><dc:creator>홍길동</dc:creator><dc:creator>Jane Doe</dc:creator>"
    return book(plan, parts, title)


def locked() -> bytes:
    """A book whose only chapter is encrypted."""
    plan = f"<manifest>{item('one', 'one.xhtml')}</manifest>{spine('one')}"
    return book(plan, {"one.xhtml": "?", "META-INF/encryption.xml": encryption(AES, "OEBPS/one.xhtml")})


def fiction(*bodies: str, about: str = "", head: str = '<?xml version="1.0" encoding="utf-8"?>') -> str:
    """A FictionBook. Its links have a prefix that nobody declared, as many have."""
    description = f"<description><title-info>{about}</title-info></description>"
    name = "http://www.gribuser.ru/xml/fictionbook/2.0"
    return f'{head}<FictionBook xmlns="{name}">{description}{"".join(bodies)}</FictionBook>'


def story() -> bytes:
    """A Russian story in the encoding that such files have, with a poem, a table and a note."""
    about = (
        "<author><first-name>Антон</first-name><last-name>Чехов</last-name></author><book-title>Дуэль</book-title>"
        "<annotation><p>Повесть.</p></annotation>"
    )
    body = (
        "<body><title><p>Дуэль</p></title><section><title><p>I</p></title>"
        '<p>Было восемь часов утра<a l:href="#n1" type="note">[1]</a>.</p><subtitle>* * *</subtitle>'
        "<p>Офицеры&nbsp;купались.</p><empty-line/><poem><title><p>Песня</p></title>"
        "<stanza><v>Ночь тиха,</v><v>звезды светят.</v></stanza><stanza><v>Спи.</v></stanza></poem>"
        '<table><tr><th>Дом</th><th>Цена</th></tr><tr><td rowspan="2">Белый</td><td>10</td></tr>'
        "<tr><td>12</td></tr></table>"
        "<section><title><p>Письмо</p></title><p>Милый друг!</p></section></section></body>"
    )
    notes = (
        '<body name="notes"><title><p>Примечания</p></title><section id="n1"><title><p>1</p></title><p>По часам.</p>'
        '</section><section id="n2"><p>Никто не ссылается.</p></section></body>'
    )
    picture = '<binary id="cover.jpg" content-type="image/jpeg">/9j/4AAQSkZJRg==</binary>'
    head = '<?xml version="1.0" encoding="windows-1251"?>'
    return fiction(body, notes, picture, about=about, head=head).encode("cp1251")


def korean_story() -> bytes:
    """A Korean one, in UTF-16."""
    title = "<title><p>첫째</p><p>소풍 가는 날</p></title>"
    body = f"<body><section>{title}<p>날이 <strong>맑</strong>았다.</p></section></body>"
    head = '<?xml version="1.0" encoding="utf-16"?>'
    return fiction(body, about="<book-title>소풍</book-title>", head=head).encode("utf-16")


_OWPML = "http://www.hancom.co.kr/hwpml/2011"
_NAMES = (
    f'xmlns:hp="{_OWPML}/paragraph" xmlns:hs="{_OWPML}/section" xmlns:hh="{_OWPML}/head" xmlns:hc="{_OWPML}/core"'
    ' xmlns:opf="http://www.idpf.org/2007/opf/"'
)

HEADER = (
    "<hh:refList><hh:numberings>"
    '<hh:numbering id="1"><hh:paraHead level="1" start="1" numFormat="DIGIT">제^1조</hh:paraHead>'
    '<hh:paraHead level="2" start="1" numFormat="HANGUL_SYLLABLE">^1-^2.</hh:paraHead></hh:numbering>'
    '<hh:numbering id="2"><hh:paraHead level="1" start="3" numFormat="CIRCLED_DIGIT">^1</hh:paraHead></hh:numbering>'
    "</hh:numberings><hh:paraProperties>"
    '<hh:paraPr id="0"><hh:heading type="NONE" idRef="0" level="0"/></hh:paraPr>'
    '<hh:paraPr id="1"><hh:heading type="OUTLINE" idRef="0" level="0"/></hh:paraPr>'
    '<hh:paraPr id="2"><hh:heading type="OUTLINE" idRef="0" level="1"/></hh:paraPr>'
    '<hh:paraPr id="3"><hh:heading type="NUMBER" idRef="2" level="0"/></hh:paraPr>'
    '<hh:paraPr id="4"><hh:heading type="BULLET" idRef="1" level="0"/></hh:paraPr>'
    "</hh:paraProperties><hh:styles>"
    '<hh:style id="0" type="PARA" name="바탕글" engName="Normal"/>'
    '<hh:style id="1" type="PARA" name="개요 1" engName="Outline 1"/>'
    '<hh:style id="2" type="PARA" name="차례 1" engName="TOC 1"/>'
    '<hh:style id="3" type="PARA" name="제목" engName="Title"/>'
    "</hh:styles></hh:refList>"
)


def p(content: str, shape: int = 0, style: int = 0) -> str:
    """A paragraph of runs, or of words where `content` holds no markup."""
    inner = content if "<" in content else f"<hp:t>{content}</hp:t>"
    return f'<hp:p paraPrIDRef="{shape}" styleIDRef="{style}"><hp:run charPrIDRef="0">{inner}</hp:run></hp:p>'


def tc(content: str, column: int, row: int, columns: int = 1, rows: int = 1, header: int = 0) -> str:
    """A cell at its place."""
    return (
        f'<hp:tc header="{header}"><hp:subList>{content if "<hp:p" in content else p(content)}</hp:subList>'
        f'<hp:cellAddr colAddr="{column}" rowAddr="{row}"/><hp:cellSpan colSpan="{columns}" rowSpan="{rows}"/></hp:tc>'
    )


def tbl(*rows: str, caption: str = "") -> str:
    """A table of rows, each the concatenation of its cells."""
    said = f"<hp:caption><hp:subList>{caption}</hp:subList></hp:caption>" if caption else ""
    return f"<hp:tbl>{said}{''.join(f'<hp:tr>{row}</hp:tr>' for row in rows)}</hp:tbl>"


def note(words: str, name: str = "footNote") -> str:
    """A footnote, which begins with its number."""
    number = '<hp:ctrl><hp:autoNum num="1" numType="FOOTNOTE"/></hp:ctrl>'
    return f"<hp:ctrl><hp:{name}><hp:subList>{p(f'{number}<hp:t> {words}</hp:t>')}</hp:subList></hp:{name}></hp:ctrl>"


def hancom(*sections: str, header: str = HEADER, **parts: str) -> bytes:
    """A document of these sections. `parts` are more of the package's: `__` in their names is /, and `_xml` is .xml."""
    names = [f"section{number}" for number in range(len(sections))]
    items = "".join(f'<opf:item id="{name}" href="Contents/{name}.xml"/>' for name in ("header", *names))
    order = "".join(f'<opf:itemref idref="{name}" linear="yes"/>' for name in ("header", *names))
    metadata = '<opf:title>계약서</opf:title><opf:meta name="creator" content="text">홍길동</opf:meta>'
    plan = f"<opf:metadata>{metadata}</opf:metadata><opf:manifest>{items}</opf:manifest><opf:spine>{order}</opf:spine>"
    whole = {
        "mimetype": "application/hwp+zip",
        "Contents/content.hpf": f"<opf:package {_NAMES}>{plan}</opf:package>",
        "Contents/header.xml": f"<hh:head {_NAMES}>{header}</hh:head>",
        "META-INF/manifest.xml": '<odf:manifest xmlns:odf="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
    }
    whole |= {
        f"Contents/{name}.xml": f"<hs:sec {_NAMES}>{body}</hs:sec>" for name, body in zip(names, sections, strict=True)
    }
    return package(whole | {name.replace("__", "/").replace("_xml", ".xml"): text for name, text in parts.items()})


def letter() -> bytes:
    """A document with something of everything."""
    first = (
        p('<hp:secPr outlineShapeIDRef="1"><hp:pagePr/></hp:secPr><hp:t>공급 계약서</hp:t>', 0, 3)
        + p("목적<hp:tab/>3", 0, 2).replace("목적<hp:tab/>3", "<hp:t>목적<hp:tab/>3</hp:t>")
        + p("목적", 1, 1)
        + p(
            '<hp:t>이 계약은 <hp:deleteBegin Id="1" TcId="1"/>사무용 <hp:deleteEnd Id="1" TcId="1" paraend="0"/>'
            '<hp:insertBegin Id="2" TcId="2"/>인쇄용<hp:insertEnd Id="2" TcId="2"/> 종이의 공급에 관하여 정한다.</hp:t>'
            + note("별표 1을 본다.")
            + "<hp:ctrl><hp:header><hp:subList>"
            + p("머리말")
            + "</hp:subList></hp:header></hp:ctrl>"
        )
        + p("대금", 1, 1)
        + p("지급", 2)
        + p("첫째 항", 3)
        + p("둘째 항", 3)
        + p("a sign", 4)
        + p(
            tbl(
                tc("품목", 0, 0, header=1) + tc("수량", 1, 0, header=1) + tc("단가", 2, 0, header=1),
                tc("종이", 0, 1, rows=2) + tc("500", 1, 1) + tc("12.50", 2, 1),
                tc("1,000", 1, 2) + tc("11.00", 2, 2),
                tc("합계", 0, 3, columns=2) + tc(p("17,") + p("250"), 2, 3),
                caption=p(
                    '<hp:t>표 </hp:t><hp:ctrl><hp:autoNum num="1" numType="TABLE"/></hp:ctrl><hp:t> 단가표</hp:t>'
                ),
            )
        )
    )
    box = "<hp:rect><hp:drawText><hp:subList>" + p("글상자 안의 말") + "</hp:subList></hp:drawText></hp:rect>"
    second = (
        p('<hp:secPr outlineShapeIDRef="1"/>')
        + p(tbl(tc(p("개인정보 안내", 1) + p("상자 하나에 든 글"), 0, 0)))
        + p("<hp:t>Beside a box.<hp:lineBreak/>Second line.</hp:t>" + box)
        + p("<hp:t>Formula </hp:t><hp:equation><hp:script>a over b</hp:script></hp:equation>")
        + p('<hp:switch><hp:case><hp:chart chartIDRef="Chart/chart1.xml"/></hp:case></hp:switch>')
        + p("<hp:ctrl><hp:hiddenComment><hp:subList>" + p("숨은 설명") + "</hp:subList></hp:hiddenComment></hp:ctrl>")
        + p("가" * 160, 1)
    )
    return hancom(first, second)


def locked_letter() -> bytes:
    """A document with a password: its manifest says how the parts are encrypted."""
    manifest = (
        '<odf:manifest xmlns:odf="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><odf:file-entry'
        ' full-path="Contents/section0.xml"><odf:encryption-data checksum="x"/></odf:file-entry></odf:manifest>'
    )
    return hancom("\x00", **{"META-INF__manifest_xml": manifest})


def rtf(body: str, head: str = "") -> bytes:
    """An RTF file; characters past ASCII are written in the code page of Korean."""
    fonts = r"{\fonttbl{\f0\froman\fcharset0 Times New Roman;}{\f1\fnil\fcharset129 Batang;}{\f2\fcharset161 Arial;}}"
    styles = r"{\stylesheet{\ql Normal;}{\s1\outlinelevel0 heading 1;}{\s2 Heading 2;}{\s3 toc 1;}{\*\cs10 Own;}}"
    return (r"{\rtf1\ansi\ansicpg949\deff0" + fonts + styles + head + body + "}").encode("ascii")


def bytes_of(text: str, encoding: str = "cp949") -> str:
    """Characters as RTF writes bytes."""
    return "".join(f"\\'{byte:02x}" for byte in text.encode(encoding))


def units_of(text: str) -> str:
    """Characters as RTF writes UTF-16, each with a question mark for older programs."""
    raw = text.encode("utf-16-le")
    units = (int.from_bytes(raw[at : at + 2], "little", signed=True) for at in range(0, len(raw), 2))
    return "".join(f"\\u{unit}?" for unit in units)


def row(*cells: str, edges: tuple[int, ...], more: str = "") -> str:
    """A row of a table: where its cells end, then the cells."""
    definitions = more + "".join(rf"\cellx{edge}" for edge in edges)
    return rf"\trowd{definitions}" + "".join(rf"\pard\intbl {cell}\cell" for cell in cells) + r"\row" + "\n"


def memo() -> bytes:
    """A document with something of everything."""
    head = (
        r"{\info{\title "
        + units_of("계약 안내")
        + r"}{\author "
        + rf"\f1 {bytes_of('홍길동')}"
        + r"}{\operator Nobody}}"
        r"{\header\pard Page header\par}{\*\generator Made by hand;}"
    )
    body = (
        r"\pard\plain\s1 " + units_of("제1조 목적") + r"\par"
        r"\pard\plain\s3 Contents\tab 3\par"
        r"\pard\plain\f1 " + bytes_of("이 계약은 물품의 ") + r"{\deleted " + bytes_of("사무용 ") + "}"
        + bytes_of("공급에 관하여 정한다.")
        + r"{\super\chftn}{\footnote\pard\plain{\super\chftn} \f1 " + bytes_of("별표를 본다.") + r"}\par" + "\n"
        r"\pard\plain\s2 Payment\par"
        r"\pard\plain Due within 30\~days\line by wire \u8212\'97 {\v not shown}caf" + bytes_of("é", "cp1252")
        + r" \f2 " + bytes_of("αβγ", "cp1253") + r"\f0 " + units_of("😀") + r".\par"
        r"{\listtext\f0 1.\tab}First\par{\listtext\f0 \u183?\tab}Sign\par"
        r"\pard\plain{\field{\*\fldinst{HYPERLINK \"http://example.org/\"}}{\fldrslt{A link}}}"
        r"{\*\shppict{\pict\pngblip\bin11 {\}}\\\'00\x00}}{\nonshppict{\pict 8950}}\par"
        + row(*(rf"\f1 {bytes_of(name)}" for name in ("품목", "수량", "단가")), edges=(2000, 4000, 6000))
        + row("Paper", "500", "12.50", edges=(2000, 4000, 6000), more=r"\clvmgf")
        + row("", "1,000", "11.00", edges=(2000, 4000, 6000), more=r"\clvmrg")
        + row("Total", "17,250", edges=(4020, 6000))
        + r"\pard\plain After the table.{\shp{\*\shpinst{\sp{\sn x}{\sv 1}}{\shptxt\pard In a box.\par}}"
        r"{\shprslt old}}\par"
    )  # fmt: skip
    return rtf(body, head).replace(b"\\x00", b"\x00")


def main() -> None:
    files = {
        "novel.epub": novel(),
        "locked.epub": locked(),
        "damaged.epub": novel()[:900],
        "story.fb2": story(),
        "korean.fb2": korean_story(),
        "damaged.fb2": story()[:-30],
        "letter.hwpx": letter(),
        "locked.hwpx": locked_letter(),
        "damaged.hwpx": letter()[:900],
        "memo.rtf": memo(),
        "damaged.rtf": b"This is no RTF.\n",
    }
    for name, content in files.items():
        (SAMPLES / name).write_bytes(content)


if __name__ == "__main__":
    main()
