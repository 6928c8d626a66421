"""Source code and configuration, kept word for word and cut where a definition at the outer level begins."""

import re
from collections.abc import Iterator

from rag_desktop.domain.documents import Block, BlockKind
from rag_desktop.formats.decoding import decode
from rag_desktop.formats.reader import Contents, OpenedFile, Reader

_NAME = r"(?P<name>[\w$.:~?!]+)"
_C_FUNCTION = (
    r"(?!(?:return|else|if|for|while|switch|case|do|goto|typedef|using)\b)[A-Za-z_][^\n;={}()]{0,200}?[ \t*&]"
    r"(?P<name>[\w:~]+)[ \t]*\([^;{}]{0,400}?\)[^;={}]{0,80}\{"
)
_MODIFIERS = (
    r"(?:(?:export|default|declare|public|private|protected|internal|static|final|abstract|sealed|open|override|async"
    r"|inline|virtual|partial|data|case|unsafe|extern|pub(?:\([^)]*\))?|const|fileprivate|implicit|lazy)[ \t]+)*"
)
_KEYWORDS = r"(?:class|interface|enum|struct|trait|union|record|object|protocol|extension|namespace|module|mod|package)"
_TYPE = rf"{_MODIFIERS}(?:enum[ \t]+class|{_KEYWORDS})[ \t]+{_NAME}"
_FUNCTION = rf"{_MODIFIERS}(?:function\*?|func|fun|fn|def|sub)[ \t]+(?:\([^)\n]*\)[ \t]*)?{_NAME}"
_ARROW = (
    rf"{_MODIFIERS}(?:const|let|var)[ \t]+{_NAME}[ \t]*=\s*(?:async[ \t]*)?"
    r"(?:function\b|\([^)]{0,400}\)\s*=>|\w+\s*=>)"
)
_SHELL = rf"(?:function\s+{_NAME}|(?P<other>[\w.-]+)\s*\(\)\s*\{{?)"
_SQL = (
    r"create\s+(?:or\s+replace\s+)?(?:\w+\s+)?(?:table|view|function|procedure|trigger|index)\s+"
    rf"(?:if\s+not\s+exists\s+)?[\"`\[]?{_NAME}"
)
_R = rf"{_NAME}\s*(?:<-|=)\s*function\b"
_SECTION = r"\[{1,2}(?P<name>[^\[\]\r\n]+)\]"
_RULE = r"(?P<name>[^\s@{}/*][^{}\r\n;]*?)\s*\{"
_RUST_IMPL = r"(?:unsafe\s+)?(?P<name>impl\b[^{]*?)\s*(?:\{|where|$)"

_BY_SUFFIX: dict[tuple[str, ...], tuple[str, ...]] = {
    (".py", ".pyi", ".rb", ".scala", ".kt", ".kts", ".swift", ".go", ".php", ".lua", ".pl", ".pm"): (_TYPE, _FUNCTION),
    (".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".vue", ".svelte"): (_TYPE, _FUNCTION, _ARROW),
    (".rs",): (_TYPE, _FUNCTION, _RUST_IMPL),
    (".java", ".cs"): (_TYPE,),
    (".c", ".h", ".cpp", ".hpp", ".cc", ".hh", ".cxx", ".hxx", ".ino"): (_TYPE + r"[^;{\n]*(?:\{|$)", _C_FUNCTION),
    (".m",): (_TYPE, rf"function\s+(?:[^=\n]*=\s*)?{_NAME}", rf"@(?:interface|implementation)\s+{_NAME}"),
    (".sh", ".bash", ".zsh", ".ps1"): (_SHELL,),
    (".sql",): (_SQL,),
    (".r",): (_R,),
    (".toml", ".ini", ".cfg"): (_SECTION,),
    (".css", ".scss"): (_RULE,),
}
_FILE_NAMES = ("makefile", "dockerfile", "cmakelists.txt")
_ABOVE = re.compile(r"(?:@|#(?!include|define|endif)|//|/\*| ?\*|--|%|\[)")


def _pattern(suffix: str) -> re.Pattern[str] | None:
    for suffixes, definitions in _BY_SUFFIX.items():
        if suffix in suffixes and definitions:
            numbered = (each.replace("?P<name>", f"?P<name{k}>") for k, each in enumerate(definitions))
            case = re.IGNORECASE if suffix == ".sql" else re.NOFLAG
            return re.compile(rf"^(?:{'|'.join(numbered)})", re.MULTILINE | case)
    return None


def _contents(file: OpenedFile) -> Contents:
    decoded = decode(file.content)
    pattern = _pattern(file.path.suffix.lower())
    return Contents(tuple(_blocks(decoded.text, pattern)), warnings=decoded.warnings)


def _blocks(text: str, pattern: re.Pattern[str] | None) -> Iterator[Block]:
    """Blocks that tile the text: what stands before the first definition, then each with the comments above it."""
    at = 0
    headings: tuple[str, ...] = ()
    for match in pattern.finditer(text) if pattern else ():
        start = _start_with_comments(text, at, match.start())
        if start > at:
            yield Block(text[at:start], BlockKind.CODE, headings, source_start=at)
        at, headings = start, (_name(match),)
    if at < len(text):
        yield Block(text[at:], BlockKind.CODE, headings, source_start=at)


def _name(match: re.Match[str]) -> str:
    found = next(value for value in match.groupdict().values() if value)
    return " ".join(found.split()).strip("\"':")


def _start_with_comments(text: str, floor: int, start: int) -> int:
    """Where the decorators and comments right above a definition begin, but not above `floor`."""
    at = start
    while at > floor:
        line = text.rfind("\n", floor, at - 1) + 1 or floor
        if not _ABOVE.match(text, line, at):
            break
        at = line
    return at


READER = Reader("code", tuple(suffix for suffixes in _BY_SUFFIX for suffix in suffixes), _contents, _FILE_NAMES)
