"""Web pages: what a reader of the page reads, without its menus, scripts and hidden parts.

Parsed with lexbor (selectolax), which follows the WHATWG HTML standard; what costs per element is kept to block
elements, since the words of one paragraph come out of the parser in one piece.
"""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag_desktop.domain.documents import Block, BlockKind, Metadata
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats.decoding import decode
from rag_desktop.formats.outline import Trail
from rag_desktop.formats.reader import Contents, OpenedFile, Reader

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_UNSEEN = (
    "script,style,template,noscript,iframe,object,svg,canvas,select,datalist,dialog:not([open]),[hidden],"
    "[aria-hidden=true],[style*='display:none'],[style*='display: none'],a.headerlink"
)
_MENUS = "nav,footer,[role=navigation],[role=contentinfo],[role=search],[role=banner],[role=complementary]"
_MAIN = "main,[role=main]"
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption"
        " figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li listing main menu nav ol optgroup"
        " option p pre search section summary table tbody td tfoot th thead tr ul xmp",
    )
)
_VERBATIM = frozenset({"pre", "listing", "xmp"})
_NOT_IN_CELL = "table,h1,h2,h3,h4,h5,h6,pre,form"
_LINE_BREAK = "\x0b"
"""Stands for <br> until white space is collapsed: HTML itself cannot hold it."""
_SPACE = re.compile(r"[ \t\n\r\f]+")
_BREAKS = re.compile(rf" ?{_LINE_BREAK} ?")
_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)|<\?xml[^>]{0,80}encoding=[\"']([\w.-]+)", re.IGNORECASE
)
_LONGEST_CELL = 400
"""Characters on average; with more the cells are columns of a page."""
_LEAST_MAIN = 200
"""Characters; a page's main part with fewer is believed only where it is most of the page."""


@dataclass(slots=True)
class _Page:
    """What has been found so far, the words of the paragraph in hand, and the items of the list in hand."""

    layouts: set[int]
    """Identities of tables that are no tables of words."""
    blocks: list[Block] = field(default_factory=list)
    trail: Trail = field(default_factory=Trail)
    words: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    counters: list[int | None] = field(default_factory=list)
    """One for each open list: the number of its last item, or None where items have none."""
    mark: str = ""

    def end_paragraph(self) -> None:
        text = _collapsed("".join(self.words))
        self.words.clear()
        if text and self.counters:
            self.items.append(f"{self.mark}{text}\n")
            self.mark = ""
        elif text:
            self.add(text + "\n\n", BlockKind.PROSE)

    def begin_item(self) -> None:
        if self.counters and (last := self.counters[-1]) is not None:
            self.counters[-1] = last + 1
            self.mark = f"{last + 1}. "
        else:
            self.mark = "- "

    def end_list(self) -> None:
        """A list is one block as far as nothing else stands in it."""
        if self.items:
            self.blocks.append(Block("".join(self.items) + "\n", BlockKind.PROSE, self.trail.path))
            self.items.clear()

    def add(self, text: str, kind: BlockKind) -> None:
        self.end_list()
        self.blocks.append(Block(text, kind, self.trail.path))


def _contents(file: OpenedFile) -> Contents:
    from selectolax.lexbor import LexborHTMLParser, SelectolaxError

    found = _CHARSET.search(file.content[:4096])
    decoded = decode(file.content, (found[1] or found[2]).decode("ascii") if found else None)
    try:
        tree = LexborHTMLParser(decoded.text)
        metadata = _metadata(tree)
        blocks = _blocks(tree)
    except (SelectolaxError, ValueError, RuntimeError, AttributeError) as error:
        raise UnreadableError("html-damaged", reason=type(error).__name__) from error
    return Contents(blocks, metadata, decoded.warnings)


def _metadata(tree: "LexborHTMLParser") -> Metadata:
    title = tree.css_first("head > title")
    author = tree.css_first("meta[name=author]")
    said = author.attributes.get("content") if author else None
    return Metadata(_collapsed(title.text()) or None if title else None, _collapsed(said or "") or None)


def _blocks(tree: "LexborHTMLParser") -> tuple[Block, ...]:
    _drop(tree.css(_UNSEEN))
    for node in tree.css("br"):
        node.replace_with(_LINE_BREAK)
    roots = _roots(tree)
    page = _Page(_layout_tables(tree))
    for root in roots:
        _walk(page, root)
        page.end_paragraph()
        page.end_list()
    return tuple(page.blocks)


def _drop(nodes: list["LexborNode"]) -> None:
    """Inner ones first and each once: a node inside a dropped one must not be touched any more."""
    dropped: set[int] = set()
    for node in reversed(nodes):
        if node.mem_id not in dropped:
            dropped.add(node.mem_id)
            node.decompose()


def _roots(tree: "LexborHTMLParser") -> list["LexborNode"]:
    """The main part where the page names it, else its articles, else all but menus; never so that most words go."""
    body = tree.body
    if body is None:
        return []
    for query in (_MAIN, "article"):
        parts = _outside(tree.css(query), tree.css(query))
        if parts and _is_most(parts, body, _LEAST_MAIN if query == _MAIN else None):
            return parts
    menus = _outside(tree.css(_MENUS), tree.css("article"))
    if menus and not _is_most(menus, body, None):
        _drop(menus)
    return [body]


def _outside(nodes: list["LexborNode"], holders: list["LexborNode"]) -> list["LexborNode"]:
    """Those nodes that stand in none of the holders, and in no node that is kept."""
    closed = {holder.mem_id for holder in holders}
    kept = []
    for node in nodes:
        above = node.parent
        while above is not None and above.mem_id not in closed:
            above = above.parent
        closed.add(node.mem_id)
        if above is None:
            kept.append(node)
    return kept


def _is_most(parts: list["LexborNode"], body: "LexborNode", enough: int | None) -> bool:
    """Whether the parts hold at least half of the page's characters, or `enough` of them."""
    size = sum(len(_collapsed(node.text())) for node in parts)
    return (enough is not None and size >= enough) or 2 * size >= len(_collapsed(body.text()))


def _walk(page: _Page, root: "LexborNode") -> None:
    """Visits block elements in order; a loop, since pages nest deeper than Python recurses."""
    _open(page, root)
    stack = [(root, iter(root.iter(include_text=True)))]
    while stack:
        node = next(stack[-1][1], None)
        if node is None:
            _close(page, stack.pop()[0].tag or "")
            continue
        tag = node.tag or ""
        if tag == "-text":
            page.words.append(node.text_content or "")
        elif not _take_whole(page, node, tag):
            if tag in _BLOCKS:
                _open(page, node)
            stack.append((node, iter(node.iter(include_text=True))))


def _take_whole(page: _Page, node: "LexborNode", tag: str) -> bool:
    """Elements whose words are taken in one piece. False for those whose children must be seen."""
    if tag in _HEADINGS:
        _heading(page, node, _HEADINGS[tag])
    elif tag in _VERBATIM:
        _verbatim(page, node)
    elif tag == "table" and _is_tabular(page, node):
        _table(page, node)
    elif tag == "p" or (tag not in _BLOCKS and _is_leaf(node)):
        if tag == "p":
            page.end_paragraph()
        page.words.append(node.text())
        if tag == "p":
            page.end_paragraph()
    else:
        return tag in {"-comment", "head", "title"}
    return True


def _is_leaf(node: "LexborNode") -> bool:
    child = node.first_child
    return child is None or (child.tag == "-text" and child.next is None)


def _open(page: _Page, node: "LexborNode") -> None:
    page.end_paragraph()
    tag = node.tag
    if tag in {"ul", "ol", "menu", "dir"}:
        page.counters.append(0 if tag == "ol" else None)
    elif tag == "li":
        page.begin_item()


def _close(page: _Page, tag: str) -> None:
    if tag not in _BLOCKS:
        return
    page.end_paragraph()
    if tag in {"ul", "ol", "menu", "dir"} and page.counters:
        page.counters.pop()
        if not page.counters:
            page.end_list()


def _heading(page: _Page, node: "LexborNode", level: int) -> None:
    page.end_paragraph()
    page.end_list()
    title = _collapsed(node.text()).replace("\n", " ").rstrip("¶§# ")
    page.trail.enter(level, title)
    if title:
        page.add(title + "\n\n", BlockKind.HEADING)


def _verbatim(page: _Page, node: "LexborNode") -> None:
    page.end_paragraph()
    text = node.text().replace(_LINE_BREAK, "\n")
    if text.strip():
        page.add(text.rstrip() + "\n\n", BlockKind.CODE)


def _layout_tables(tree: "LexborHTMLParser") -> set[int]:
    """Tables that arrange a page: those that hold another table, a heading, code or a form."""
    found: set[int] = set()
    for node in tree.css(_NOT_IN_CELL):
        above = node.parent
        while above is not None and above.mem_id not in found:
            if above.tag == "table":
                found.add(above.mem_id)
            above = above.parent
    return found


def _is_tabular(page: _Page, node: "LexborNode") -> bool:
    """A table of figures and words, not one that arranges a page."""
    if node.mem_id in page.layouts or node.attributes.get("role") == "presentation":
        return False
    rows, cells = len(node.css("tr")), len(node.css("td, th"))
    if cells <= rows:
        return False
    return len(node.text()) <= _LONGEST_CELL * cells


def _table(page: _Page, node: "LexborNode") -> None:
    page.end_paragraph()
    caption = node.css_first("caption")
    if caption is not None and (title := _collapsed(caption.text())):
        page.add(title + "\n\n", BlockKind.PROSE)
    if lines := "\n".join(filter(None, map(_row, node.css("tr")))):
        page.add(lines + "\n\n", BlockKind.TABLE)


def _row(row: "LexborNode") -> str:
    cells = [_collapsed(cell.text()).replace("\n", " ") for cell in row.iter() if cell.tag in {"td", "th"}]
    return " | ".join(cells) if any(cells) else ""


def _collapsed(text: str) -> str:
    return _BREAKS.sub("\n", _SPACE.sub(" ", text)).strip()


READER = Reader("html", (".html", ".htm", ".xhtml"), _contents)
