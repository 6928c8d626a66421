"""Random names and contents for files of several formats: made from a seed, and the same each time."""

import csv
import io
import json
import random
import unicodedata
from pathlib import Path

from tests.formats import make_docx

SAMPLES = Path(__file__).parents[1] / "formats" / "samples"
COPIED = ("book.pdf", "drawing.pdf", "novel.epub", "memo.rtf", "staff.xlsx", "letter.hwpx", "quarter.pptx", "story.fb2")
SUFFIXES = (".txt", ".md", ".csv", ".json", ".html", ".docx")
UNREAD = ".xyz"
"""A suffix that no reader takes."""
_POOL = 60
_SENTENCE = (
    "anchor basket candle dagger ember falcon garden harbour island jacket kettle lantern meadow needle orchard pillow"
    " quarry ribbon saddle timber umbrella velvet window yellow zipper 계약서를 사무실에서 공급한다 대금은 종이와"
)
_WORDS = _SENTENCE.split()
_STEMS = (
    "notes", "report 2024", "계약서", "보고서 최종", "it's", 'say "hello"', "line\nbreak", "tab\tstop", "שלום",
    "a\u202eb",
    unicodedata.normalize("NFC", "café 견본"), unicodedata.normalize("NFD", "café 견본"), "%s & <b>", "*?[x]", "#note",
    " leading", "trailing ", "dots..", "$HOME", "back\\slash", "-rf", "emoji 📎", "very " * 40, "Notes", "caf\udce9",
)  # fmt: skip
"""The last is no Unicode: bytes that a file system took as they came."""


class Material:
    """Makes names and contents. Paragraphs come again, so that passages are shared between documents."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._pool: list[str] = []

    def stem(self) -> str:
        """A name without its suffix."""
        stem = self._chance.choice(_STEMS)
        return f"{stem}{self._chance.randrange(10)}" if self._chance.random() < 0.5 else stem

    def name(self) -> str:
        """A name whose format is mostly one that is read."""
        return self.stem() + self._chance.choice((*SUFFIXES, ".txt", ".md", UNREAD))

    def paragraph(self) -> str:
        """Some sentences; sometimes those of an earlier paragraph."""
        chance = self._chance
        if self._pool and chance.random() < 0.2:
            return chance.choice(self._pool)
        words = [chance.choice(_WORDS) if chance.random() < 0.7 else f"w{chance.randrange(10**5)}"
                 for _ in range(chance.randrange(5, 60))]  # fmt: skip
        made = " ".join(words).capitalize() + "."
        self._pool = [*self._pool[-_POOL:], made]
        return made

    def paragraphs(self) -> list[str]:
        """What a document says."""
        return [self.paragraph() for _ in range(self._chance.choice((1, 1, 2, 3, 6, 12)))]

    def content(self, suffix: str) -> bytes:
        """The bytes of a new file of this format."""
        if self._chance.random() < 0.03:
            return b""
        said = self.paragraphs()
        match suffix.lower():
            case ".md":
                parts = [f"## Part {self._chance.randrange(9)}\n\n{each}" for each in said]
                return ("# " + said[0][:30] + "\n\n" + "\n\n".join(parts)).encode()
            case ".csv":
                return _table(said)
            case ".json":
                return json.dumps({"title": said[0][:20], "parts": said}, ensure_ascii=False).encode()
            case ".html":
                body = "".join(f"<h2>{each[:12]}</h2><p>{each}</p>" for each in said)
                return f"<html><head><title>{said[0][:20]}</title></head><body>{body}</body></html>".encode()
            case ".docx":
                return make_docx.document(*map(make_docx.paragraph, said))
            case _:
                return "\n\n".join(said).encode()

    def sample(self) -> tuple[str, bytes]:
        """A suffix and the bytes of one of the samples of other formats."""
        path = SAMPLES / self._chance.choice(COPIED)
        return path.suffix, path.read_bytes()

    def damaged(self) -> tuple[str, bytes]:
        """A suffix and bytes that its reader refuses, or has to be careful with."""
        chance = self._chance
        kind = chance.randrange(4)
        if kind == 0:
            return ".txt", chance.randbytes(300)
        if kind == 1:
            return ".pdf", b"%PDF-1.7\n" + chance.randbytes(200)
        suffix, whole = (".docx", self.content(".docx")) if kind == 2 else self.sample()
        flipped = bytearray(whole)
        for _ in range(chance.choice((3, 60))):
            if flipped:
                flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
        return suffix, bytes(flipped)


def _table(said: list[str]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["name", "count", "words"])
    writer.writerows([each.split()[0], number, each] for number, each in enumerate(said))
    return out.getvalue().encode()
