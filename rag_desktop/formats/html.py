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
from rag_desktop.formats.html_hidden import LEAST_HIDDEN, TEXT_HIDDEN, drop, drop_hidden
from rag_desktop.formats.outline import Trail
from rag_desktop.formats.reader import Contents, OpenedFile, Reader

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_UNSEEN = (
    "script,style,template,noscript,iframe,object,svg,canvas,select,datalist,dialog:not([open]),"
    "[aria-hidden=true],a.headerlink"
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
_MOST_TAGS = 3_000_000
"""lexbor takes some 300 bytes of memory for each."""
_MOST_LEVELS = 20_000
"""Levels of elements: the time that lexbor takes grows with their square. Browsers stop at 512."""
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)|<!--")
_VOID = frozenset(re.findall(r"\w+", "area base br col embed hr img input link meta param source track wbr"))
_NOT_NESTING = _VOID | {"p", "li", "dt", "dd", "tr", "td", "th", "option"}
_OPAQUE = frozenset({"script", "style", "textarea", "title"})
"""What stands in these is not markup."""
_XML = re.compile(
    r"\s*<\?xml|\s*(?:<!DOCTYPE[^>]*>\s*)?<html[^>]*xmlns=[\"']http://www\.w3\.org/1999/xhtml", re.IGNORECASE
)
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[<>]*+(\[.*?\])?\s*>", re.DOTALL | re.IGNORECASE)
_EMPTY_ELEMENT = re.compile(r"<([A-Za-z][\w.:-]*)((?:\s[^<>]*)?)/>")
_HEAD = 64 * 1024


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
    return read_page(file.content)


def read_page(content: bytes, trail: Trail | None = None, *, is_chapter: bool = False) -> Contents:
    """What a page says. `trail` holds the titles above it, and goes on with its own.

    A chapter of a book has no menus around it: all of it is read, but tables of contents.
    Raises UnreadableError: html-damaged (reason), file-binary, text-undecodable.
    """
    from selectolax.lexbor import LexborHTMLParser, SelectolaxError

    found = _CHARSET.search(content[:4096])
    decoded = decode(content, (found[1] or found[2]).decode("ascii") if found else None)
    if decoded.text.count("<") > _MOST_TAGS:
        raise UnreadableError("file-too-large", size=len(content), limit=_MOST_TAGS)
    text = _as_html(decoded.text)
    if _is_too_deep(text):
        raise UnreadableError("html-damaged", reason="nested too deeply")
    try:
        tree = LexborHTMLParser(text)
        metadata = _metadata(tree)
        is_plain = tree.css_first("link[rel~=stylesheet i],style") is None
        drop(tree.css(_UNSEEN))
        hidden = drop_hidden(tree, is_white=is_plain)
        blocks = _blocks(tree, Trail() if trail is None else trail, is_chapter=is_chapter)
    except (SelectolaxError, ValueError, RuntimeError, AttributeError) as error:
        raise UnreadableError("html-damaged", reason=type(error).__name__) from error
    warnings = (*decoded.warnings, TEXT_HIDDEN) if hidden >= LEAST_HIDDEN else decoded.warnings
    return Contents(blocks, metadata, warnings)


def _as_html(text: str) -> str:
    """XHTML so that a parser of HTML understands it: `<title/>` is an element without content, not the start of one."""
    if not _XML.match(text):
        return text
    place = text.find("<!DOCTYPE", 0, _HEAD)
    if place >= 0 and (found := _DOCTYPE.match(text, place)):
        text = text[:place] + "<!DOCTYPE html>" + text[found.end() :]
    return _EMPTY_ELEMENT.sub(_opened_and_closed, text)


def _opened_and_closed(match: re.Match[str]) -> str:
    name = match[1].lower()
    return match[0] if name in _VOID else f"<{match[1]}{match[2]}></{match[1]}>"


def _is_too_deep(text: str) -> bool:
    """Whether elements are nested past any use, told from the tags alone."""
    if text.count("<") <= _MOST_LEVELS:
        return False
    lower = text.lower()
    depth, at = 0, 0
    while match := _TAG.search(lower, at):
        at = match.end()
        name = match[2]
        if name is None or (name in _OPAQUE and not match[1]):
            at = lower.find("-->" if name is None else f"</{name}", at)
            if at < 0:
                return False
        elif name not in _NOT_NESTING:
            depth = max(depth - 1, 0) if match[1] else depth + 1
            if depth > _MOST_LEVELS:
                return True
    return False


def _metadata(tree: "LexborHTMLParser") -> Metadata:
    title = tree.css_first("head > title")
    author = tree.css_first("meta[name=author]")
    said = author.attributes.get("content") if author else None
    return Metadata(_collapsed(title.text()) or None if title else None, _collapsed(said or "") or None)


def _blocks(tree: "LexborHTMLParser", trail: Trail, *, is_chapter: bool) -> tuple[Block, ...]:
    for node in tree.css("br"):
        node.replace_with(_LINE_BREAK)
    roots = _chapter_roots(tree) if is_chapter else _roots(tree)
    page = _Page(_layout_tables(tree), trail=trail)
    for root in roots:
        _walk(page, root)
        page.end_paragraph()
        page.end_list()
    return tuple(page.blocks)


def _chapter_roots(tree: "LexborHTMLParser") -> list["LexborNode"]:
    drop(tree.css("nav"))
    return [tree.body] if tree.body is not None else []


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
        drop(menus)
    return [body]


def _outside(nodes: list["LexborNode"], holders: list["LexborNode"]) -> list["LexborNode"]:
    """Those nodes that stand in none of the holders, and in no node that is kept."""
    closed = {holder.mem_id for holder in holders}
    open_: set[int] = set()
    """Elements seen to stand in none, so that no path upwards is gone twice."""
    kept = []
    for node in nodes:
        above = node.parent
        path = set()
        while above is not None and above.mem_id not in closed and above.mem_id not in open_:
            path.add(above.mem_id)
            above = above.parent
        is_open = above is None or above.mem_id in open_
        (open_ if is_open else closed).update(path)
        closed.add(node.mem_id)
        if is_open:
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
    seen: set[int] = set()
    for node in tree.css(_NOT_IN_CELL):
        above = node.parent
        while above is not None and above.mem_id not in seen:
            seen.add(above.mem_id)
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
