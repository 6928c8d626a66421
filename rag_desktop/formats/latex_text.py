"""Words out of LaTeX: commands that dress words go, accents and signs become characters, mathematics stays as written.

One pass with a stack of open braces and no recursion. Commands of a package that nobody here knows lose their name and
keep their words.
"""

import re
import unicodedata
from collections.abc import Mapping

_TOKEN = re.compile(
    r"\\(?P<name>[A-Za-z@]+)\*?|\\(?P<sign>.)|(?P<math>\$\$?)|(?P<brace>[{}])|(?P<mark>~|``|''|---?|[\"`'-])"
    r"|(?P<words>[^\\${}~`'\"-]+)|(?P<odd>.)",
    re.DOTALL,
)
_OPTION = re.compile(r"\s{0,3}\[[^\[\]{}]{0,500}\]")
_OPENING = re.compile(r"\s{0,10}\{")
_BRACES = re.compile(r"(?<!\\)(?:\\\\)*([{}])")
_LONGEST_MATH = 2000
_LONGEST_GROUP = 20_000
_MOST_DEPTH = 20
"""Characters, and braces within braces: what is never closed costs no more."""

_ACCENTS = {
    "'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304", ".": "\u0307",
    "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "k": "\u0328", "r": "\u030a", "d": "\u0323",
}  # fmt: skip
_ACCENTED = re.compile(r"\s*(?:\{\s*(\\[ij](?![A-Za-z])|[^\W\d_])?\s*\}|(\\[ij](?![A-Za-z])\s?|[^\W\d_]))")
_SIGNS = {
    "ss": "ß", "o": "ø", "O": "Ø", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å", "l": "ł",
    "L": "Ł", "i": "ı", "j": "ȷ", "dh": "ð", "th": "þ", "ldots": "…", "dots": "…", "textellipsis": "…", "S": "§",
    "P": "¶", "copyright": "©", "textregistered": "®", "texttrademark": "™", "pounds": "£", "euro": "€",
    "texteuro": "€", "textdegree": "°", "dag": "†", "ddag": "‡", "textbackslash": "\\", "textasciitilde": "~",
    "textasciicircum": "^", "textunderscore": "_", "textbar": "|", "textless": "<", "textgreater": ">",
    "textquotedblleft": "“", "textquotedblright": "”", "textquoteleft": "‘", "textquoteright": "’",
    "textendash": "–", "textemdash": "—", "textbullet": "•", "LaTeX": "LaTeX", "TeX": "TeX", "LaTeXe": "LaTeX2e",
    "BibTeX": "BibTeX", "XeLaTeX": "XeLaTeX", "quad": " ", "qquad": " ", "newline": "\n", "linebreak": "\n",
    "par": "\n", "slash": "/", "textperiodcentered": "·", "lbrack": "[", "rbrack": "]", "and": ", ",
}  # fmt: skip
_MARKS = {"~": " ", "``": "“", "''": "”", "---": "—", "--": "–", "`": "‘", "'": "’"}
_DROPPED = {
    **dict.fromkeys(
        re.findall(
            r"\w+",
            "label index glossary vspace hspace vskip includegraphics input include bibliography bibliographystyle"
            " pagestyle thispagestyle usepackage documentclass pagenumbering hypersetup graphicspath phantom hphantom"
            " vphantom color selectlanguage enlargethispage nocite addbibresource pdfbookmark cmidrule cline"
            " newcolumntype theoremstyle DOI captionsetup tikzset lstset RequirePackage thanks",
        ),
        1,
    ),
    **dict.fromkeys(
        ("newtheorem", "markboth", "fontsize", "setlength", "addtolength", "setcounter", "addtocounter"), 2
    ),
    **dict.fromkeys(("newenvironment", "renewenvironment", "addcontentsline", "definecolor"), 3),
}
"""How many groups after a command are no words."""
_SKIPPED = {
    "href": 1, "textcolor": 1, "colorbox": 1, "hyperref": 0, "multicolumn": 2, "multirow": 2, "texorpdfstring": 1,
    "parbox": 1, "raisebox": 1, "resizebox": 2, "scalebox": 1, "rotatebox": 1, "foreignlanguage": 1, "minipage": 1,
    "hyperlink": 1, "hypertarget": 1, "fcolorbox": 2, "SI": 0, "adjustbox": 1,
}  # fmt: skip
"""How many groups come before the one that holds the words."""
_KEYS = re.compile(r"(?:[A-Za-z]*cite[A-Za-z]*|(?:eq|auto|page|name|v|c|C|sub|full)?ref|Cref)$")
_VERB = re.compile(
    r"\\(?:verb|lstinline|mintinline\{[^}]*\}|path)\*?(?:\[[^\]]*\])?(?:([^\sA-Za-z*\[{])(.{0,500}?)\1|\{([^{}\n]{0,500})\})"
)


def group(text: str, at: int) -> tuple[str, int]:
    """What the braces at `at` hold, and where they end; nothing where none stand there or they are never closed."""
    opening = _OPENING.match(text, at)
    if opening is None:
        return "", at
    depth = 0
    for match in _BRACES.finditer(text, opening.end() - 1, opening.end() + _LONGEST_GROUP):
        depth += 1 if match[1] == "{" else -1
        if not depth:
            return text[opening.end() : match.start(1)], match.end()
        if depth > _MOST_DEPTH:
            break
    return "", at


def options(text: str, at: int) -> int:
    """Where the options in square brackets at `at` end."""
    while match := _OPTION.match(text, at):
        at = match.end()
    return at


class LatexText:
    """Turns LaTeX into words. `own` holds what the author's own commands without arguments stand for, in words."""

    def __init__(self, own: Mapping[str, str] | None = None) -> None:
        self._own = own or {}
        self._out: list[str] = []
        self._closers: list[str] = []
        self._next_closer = ""

    def plain(self, source: str) -> str:
        """The words of `source` in one paragraph; a line break that was asked for stays one."""
        self._out, self._closers, self._next_closer = [], [], ""
        at = 0
        while match := _TOKEN.match(source, at):
            at = self._take(source, match)
        lines = ("".join(self._out) + "".join(reversed(self._closers))).split("\v")
        return "\n".join(filter(None, (" ".join(line.split()) for line in lines)))

    def _take(self, source: str, match: re.Match[str]) -> int:
        """Takes one token, and what belongs to it; where the next one begins."""
        if match["name"]:
            return self._command(source, match)
        if match["sign"]:
            return self._sign(source, match)
        if match["math"]:
            return self._mathematics(source, match.start(), match["math"], match["math"])
        if match["brace"]:
            self._brace(match["brace"])
            if source.startswith("}{", match.start()):  # arguments of a command that nobody here knows
                self._out.append(" ")
        else:
            self._out.append(_MARKS.get(match[0], match[0]))
        return match.end()

    def _brace(self, brace: str) -> None:
        if brace == "{":
            self._closers.append(self._next_closer)
            self._next_closer = ""
        elif self._closers:
            self._out.append(self._closers.pop())

    def _sign(self, source: str, match: re.Match[str]) -> int:
        sign = match["sign"]
        if sign in "([":
            return self._mathematics(source, match.start(), match[0], "\\)" if sign == "(" else "\\]")
        if sign in _ACCENTS:
            return self._accent(source, match.end(), _ACCENTS[sign])
        if sign == "\\":
            self._out.append("\v")
            return options(source, match.end())
        self._out.append(sign if sign in "&%$#_{}" else " " if sign in " \n,;:" else "")
        return match.end()

    def _mathematics(self, source: str, start: int, opening: str, closing: str) -> int:
        """Kept word for word; a dollar without another one is a dollar."""
        end = source.find(closing, start + len(opening), start + _LONGEST_MATH)
        if end < 0:
            self._out.append("$" if opening == "$" else "")
            return start + len(opening)
        self._out.append(source[start : end + len(closing)])
        return end + len(closing)

    def _accent(self, source: str, at: int, accent: str) -> int:
        match = _ACCENTED.match(source, at)
        if match is None:
            return at
        letter = (match[1] or match[2] or "").strip().lstrip("\\")
        self._out.append(unicodedata.normalize("NFC", letter + accent) if letter else "")
        return match.end()

    def _command(self, source: str, match: re.Match[str]) -> int:
        name, at = match["name"], match.end()
        if verb := _VERB.match(source, match.start()):
            self._out.append(verb[2] or verb[3] or "")
            return verb.end()
        if name in _ACCENTS:
            return self._accent(source, at, _ACCENTS[name])
        if name in self._own or name in _SIGNS:
            self._out.append(self._own.get(name) or _SIGNS.get(name, ""))
            return at + (source[at : at + 1] == " ")
        if _KEYS.match(name):
            keys, at = group(source, options(source, at))
            self._out.append(f"[{keys}]" if keys else "")
            return at
        if name in {"newcommand", "renewcommand", "providecommand", "DeclareMathOperator", "def"}:
            return _definition(source, at)
        for _ in range(_DROPPED.get(name, _SKIPPED.get(name, 0))):
            at = group(source, options(source, at))[1]
        if name in {"footnote", "footnotetext"}:
            self._out.append(" (")
            self._next_closer = ")"
        elif name in {"caption", "subcaption"}:
            self._next_closer = "\v"
        return options(source, at)


def _definition(source: str, at: int) -> int:
    """Behind `\\newcommand{\\x}[2]{…}` or `\\def\\x#1{…}`."""
    if found := re.compile(r"\s*\{?\s*\\[A-Za-z@]+\s*\}?(?:#\d|\[[^\]]*\])*").match(source, at):
        at = found.end()
    return group(source, at)[1]
