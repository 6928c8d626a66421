"""LaTeX sources: sections, words, lists, tables and listings of a document's body, without comments and preamble.

Nothing is executed: what the author's own commands with arguments would print is not known, their words are kept.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from rag_desktop.domain.documents import Block, BlockKind, Metadata
from rag_desktop.formats.decoding import decode
from rag_desktop.formats.latex_text import LatexText, group, options
from rag_desktop.formats.outline import Trail
from rag_desktop.formats.reader import Contents, OpenedFile, Reader

_LEVELS = {
    name: level
    for level, name in enumerate(
        ("part", "chapter", "section", "subsection", "subsubsection", "paragraph", "subparagraph")
    )
}
_VERBATIM = "verbatim|Verbatim|lstlisting|minted|alltt|comment|filecontents"
_COMMENT_OR_VERBATIM = re.compile(
    rf"\\begin\{{(?P<env>(?:{_VERBATIM})\*?)\}}.*?(?:\\end\{{(?P=env)\}}|\Z)"
    r"|\\verb\*?(?P<mark>[^\sA-Za-z*])[^\n]{0,500}?(?P=mark)|\\[\\%]|(?P<comment>%[^\n]*(?:\n[ \t]*(?!\s))?)",
    re.DOTALL,
)
_STRUCTURE = re.compile(
    rf"\\(?P<section>{'|'.join(_LEVELS)})(?![A-Za-z])\*?"
    r"|\\begin\s{0,3}\{(?P<begin>[A-Za-z*]+)\}|\\end\s{0,3}\{(?P<end>[A-Za-z*]+)\}"
    r"|\\item(?![A-Za-z])|\\bibitem(?![A-Za-z])|(?P<blank>\n[ \t]*\n\s*|\\par(?![A-Za-z])|\\maketitle(?![A-Za-z]))"
)
_LAST = re.compile(r"\\end\{document\}|\\endinput(?![A-Za-z])")
_TABULAR = frozenset({"tabular", "tabular*", "tabularx", "tabulary", "longtable", "supertabular", "array"})
_MATH = frozenset(
    name + star
    for name in ("equation", "align", "gather", "multline", "eqnarray", "displaymath", "math", "flalign", "alignat")
    for star in ("", "*")
)
_DRAWN = frozenset({"tikzpicture", "pgfpicture", "picture", "forest", "comment", "filecontents", "CCSXML"})
_LISTS = frozenset({"itemize", "enumerate", "description", "thebibliography", "compactitem", "compactenum"})
_WITH_ARGUMENT = frozenset({"minipage", "thebibliography", "wrapfigure", "multicols", "adjustbox", "spacing"})
_ROW = re.compile(r"\\\\(?:\s*\[[^\]]{0,40}\])?|\\tabularnewline|\\(?:end(?:first)?(?:head|foot)|endlast(?:foot|head))")
_RULES = re.compile(r"\\(?:hline|toprule|midrule|bottomrule|(?:cline|cmidrule)(?:\([^)]*\))?\s*\{[^}]*\})")
_CELL = re.compile(r"(?<!\\)&")
_OWN = re.compile(r"\\(?:(?:re)?newcommand\*?\s*\{?\\([A-Za-z]+)\}?\s*(?=\{)|def\s*\\([A-Za-z]+)\s*(?=\{))")
_MOST_OWN = 1000
_LONGEST_OWN = 200


@dataclass(slots=True)
class _Walk:
    text: str
    words: LatexText
    trail: Trail = field(default_factory=Trail)
    blocks: list[Block] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    """LaTeX of the paragraph in hand."""
    counters: list[int | None] = field(default_factory=list)
    """One for each open list: the number of its last item, or None where items have none."""
    mark: str = ""

    def end_paragraph(self) -> None:
        said = self.words.plain("".join(self.pending))
        self.pending.clear()
        if said:
            self.add(f"{self.mark}{said}", BlockKind.PROSE)
        self.mark = ""

    def add(self, text: str, kind: BlockKind) -> None:
        self.blocks.append(Block(text + ("\n" if self.mark else "\n\n"), kind, self.trail.path))


def _contents(file: OpenedFile) -> Contents:
    decoded = decode(file.content)
    text = _COMMENT_OR_VERBATIM.sub(lambda match: "" if match["comment"] else match[0], decoded.text)
    begin = text.find("\\begin{document}")
    body = text[begin + len("\\begin{document}") :] if begin >= 0 else text
    body = _LAST.split(body, maxsplit=1)[0]
    words = LatexText(_own_commands(text))
    title, author = (_declared(text, words, name) for name in ("title", "author"))
    walk = _Walk(body, words)
    if title and begin >= 0:
        walk.add(title, BlockKind.HEADING)
        walk.blocks[-1] = Block(f"{title}\n\n", BlockKind.HEADING, (title,))
    _take(walk)
    return Contents(tuple(walk.blocks), Metadata(title, author), decoded.warnings)


def _own_commands(text: str) -> dict[str, str]:
    """The author's own commands that stand for words alone."""
    found: dict[str, str] = {}
    for match in _OWN.finditer(text):
        body, _ = group(text[match.end() : match.end() + 2 * _LONGEST_OWN], 0)
        said = LatexText().plain(body) if len(body) <= _LONGEST_OWN and "#" not in body else ""
        if said and len(found) < _MOST_OWN:
            found[match[1] or match[2]] = said
    return found


def _declared(text: str, words: LatexText, name: str) -> str | None:
    match = re.search(rf"\\{name}(?![A-Za-z])", text)
    if match is None:
        return None
    said = words.plain(group(text, options(text, match.end()))[0][:1000])
    return " ".join(said.split()).replace(" ,", ",") or None


def _take(walk: _Walk) -> None:
    at = 0
    while match := _STRUCTURE.search(walk.text, at):
        walk.pending.append(walk.text[at : match.start()])
        at = _structure(walk, match)
    walk.pending.append(walk.text[at:])
    walk.end_paragraph()


def _structure(walk: _Walk, match: re.Match[str]) -> int:
    """Takes what begins or ends here; where the text goes on."""
    if match["section"]:
        return _section(walk, match["section"], match.end())
    if match["begin"]:
        return _begin(walk, match["begin"], match)
    walk.end_paragraph()
    if match["end"] in _LISTS:
        _end_list(walk)
    elif match["end"] == "abstract":
        walk.trail.enter(_LEVELS["section"], "")
    elif match[0].startswith("\\item"):
        return _item(walk, match.end())
    elif match[0].startswith("\\bibitem"):
        key, at = group(walk.text, options(walk.text, match.end()))
        walk.mark = f"[{key}] " if key else ""
        return at
    return match.end()


def _section(walk: _Walk, name: str, at: int) -> int:
    walk.end_paragraph()
    title, at = group(walk.text, options(walk.text, at))
    said = " ".join(walk.words.plain(title).split())
    walk.trail.enter(_LEVELS[name], said)
    if said:
        walk.add(said, BlockKind.HEADING)
    return at


def _item(walk: _Walk, at: int) -> int:
    end = options(walk.text, at)
    label = walk.words.plain(walk.text[at:end].strip()[1:-1])
    if walk.counters and (last := walk.counters[-1]) is not None:
        walk.counters[-1] = last + 1
        walk.mark = f"{last + 1}. "
    else:
        walk.mark = f"- {label}: " if label else "- "
    return end


def _end_list(walk: _Walk) -> None:
    if walk.counters:
        walk.counters.pop()
    if walk.blocks and not walk.counters:
        last = walk.blocks[-1]
        walk.blocks[-1] = replace(last, text=last.text.rstrip("\n") + "\n\n")


def _begin(walk: _Walk, name: str, match: re.Match[str]) -> int:
    at = match.end()
    if name.rstrip("*") in _VERBATIM.split("|") or name in _MATH or name in _TABULAR or name in _DRAWN:
        walk.end_paragraph()
        end, after = _end_of(walk.text, name, at)
        if name not in _DRAWN:
            _WHOLE.get(name.rstrip("*"), _mathematics)(walk, name, at, end)
        return after
    walk.end_paragraph()
    if name in _LISTS:
        walk.counters.append(0 if name in {"enumerate", "compactenum"} else None)
    if name == "abstract":
        walk.trail.enter(_LEVELS["section"], "Abstract")
    at = options(walk.text, at)
    return group(walk.text, at)[1] if name in _WITH_ARGUMENT else at


def _end_of(text: str, name: str, at: int) -> tuple[int, int]:
    """Where an environment's content ends, and where the text goes on; those of the same name inside it are counted."""
    depth = 1
    pattern = re.compile(rf"\\(begin|end)\s{{0,3}}\{{{re.escape(name)}\}}")
    for match in pattern.finditer(text, at):
        depth += 1 if match[1] == "begin" else -1
        if not depth:
            return match.start(), match.end()
    return len(text), len(text)


def _listing(walk: _Walk, name: str, at: int, end: int) -> None:
    start = options(walk.text, at)
    if name == "minted":
        start = group(walk.text, start)[1]
    if code := walk.text[start:end].strip("\n").rstrip():
        walk.add(code, BlockKind.CODE)


def _mathematics(walk: _Walk, _name: str, at: int, end: int) -> None:
    if source := re.sub(r"\\label\{[^}]*\}", "", walk.text[at:end]).strip():
        walk.add(source, BlockKind.CODE)


def _table(walk: _Walk, name: str, at: int, end: int) -> None:
    start = options(walk.text, at)
    for _ in range(2 if name in {"tabular*", "tabularx", "tabulary"} else 1):
        start = options(walk.text, group(walk.text, start)[1])
    rows = (_CELL.split(_RULES.sub("", row)) for row in _ROW.split(walk.text[start:end]))
    lines = ([" ".join(walk.words.plain(cell).split()) for cell in row] for row in rows)
    if shown := "\n".join(" | ".join(line) for line in lines if any(line)):
        walk.add(shown, BlockKind.TABLE)


_WHOLE: dict[str, Callable[[_Walk, str, int, int], None]] = {
    **dict.fromkeys(_VERBATIM.split("|"), _listing),
    **dict.fromkeys(_TABULAR, _table),
}
"""What is made of environments that are taken in one piece; mathematics of all others."""

READER = Reader("latex", (".tex", ".ltx", ".latex"), _contents)
