"""Words of a document by another program's eyes, so that what a reader of ours lost can be told from what is not there.

pdftotext for PDF, pandoc for what it reads, the strings in the XML of slides and sheets, the file itself where it is
plain text. A program that is not installed has no opinion.
"""

import re
import shutil
import subprocess
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

PROGRAMS = ("pdftotext", "pandoc")
_PATIENCE_S = 120
_WORD = re.compile(r"[^\W\d_]{3,}")
_HYPHENATED = re.compile(r"(?<=\w)[-\xad\u2010]\n\s*(?=[a-z])")
_PANDOC = {
    ".docx": "docx", ".odt": "odt", ".epub": "epub", ".rtf": "rtf", ".html": "html", ".htm": "html",
    ".xhtml": "html", ".ipynb": "ipynb", ".fb2": "fb2", ".rst": "rst", ".org": "org", ".tex": "latex",
    ".md": "gfm", ".markdown": "gfm",
}  # fmt: skip
_PLAIN = frozenset({".txt", ".text", ".csv", ".tsv", ".log", ".yaml", ".yml", ".toml", ".py", ".c", ".js"})
_DRAWN = re.compile(rb"<a:t(?:\s[^>]*)?>([^<]*)</a:t>")
_CELL = re.compile(rb"<(?:\w+:)?t(?:\s[^>]*)?>([^<]*)</(?:\w+:)?t>")
_PHONETIC = re.compile(rb"<(?:\w+:)?rPh\b.*?</(?:\w+:)?rPh>", re.DOTALL)
"""How a cell's characters are pronounced: beside the text, and no part of it."""


@dataclass(frozen=True, slots=True)
class Extractor:
    """Another way to a file's text: None where it fails."""

    name: str
    text: Callable[[Path], str | None]


def words(text: str) -> frozenset[str]:
    """Distinct runs of three letters or more; case, width and composition aside."""
    return frozenset(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def squeezed(text: str) -> str:
    """The letters alone, without what parts them: where a word is cut or joined differs between good extractors."""
    return re.sub(r"[\W\d_]+", "", unicodedata.normalize("NFKC", text).casefold())


def extractor_for(path: Path) -> Extractor | None:
    """Who else can read this file, on this machine."""
    suffix = path.suffix.lower()
    if suffix == ".pdf":
        return Extractor("pdftotext", _pdftotext) if shutil.which("pdftotext") else None
    if suffix in _PANDOC:
        return Extractor("pandoc", _pandoc) if shutil.which("pandoc") else None
    if suffix in (".pptx", ".pptm", ".ppsx"):
        return Extractor("slides' XML", lambda each: _strings(each, r"ppt/(slides|notesSlides)/[^/]+\.xml", _DRAWN))
    if suffix in (".xlsx", ".xlsm"):
        return Extractor("sheets' XML", lambda each: _strings(each, r"xl/(sharedStrings|worksheets/[^/]+)\.xml", _CELL))
    return Extractor("the file", _itself) if suffix in _PLAIN else None


def _pdftotext(path: Path) -> str | None:
    text = _said_by("pdftotext", "-q", "-enc", "UTF-8", str(path), "-")
    return None if text is None else _HYPHENATED.sub("", text)


def _pandoc(path: Path) -> str | None:
    return _said_by("pandoc", "-f", _PANDOC[path.suffix.lower()], "-t", "plain", "--wrap=none", "--quiet", str(path))


def _said_by(*command: str) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, timeout=_PATIENCE_S, check=False)
    except subprocess.TimeoutExpired:
        return None
    return None if done.returncode else done.stdout.decode("utf-8", "replace")


def _strings(path: Path, member: str, string: re.Pattern[bytes]) -> str | None:
    try:
        with zipfile.ZipFile(path) as package:
            names = [name for name in package.namelist() if re.fullmatch(member, name)]
            return "\n".join(each for name in names for each in _found(package.read(name), string))
    except (OSError, RuntimeError, NotImplementedError, zipfile.BadZipFile):
        return None


def _found(xml: bytes, string: re.Pattern[bytes]) -> Iterator[str]:
    for match in string.finditer(_PHONETIC.sub(b"", xml)):
        yield unescape(match[1].decode("utf-8", "replace"))


def _itself(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
