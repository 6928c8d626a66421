"""Recognises the text in pictures: scanned pages and images. An extra (`pip install rag-desktop[ocr]`).

RapidOCR finds lines with PP-OCRv6 (small) and reads them with the recogniser in its wheel: Latin scripts, Chinese and
Japanese, but no Hangul and no Cyrillic. What it cannot read it reads badly and says so by its scores, and such a page
counts as one without text. A recogniser for another script takes its place as `ocr/recognition.onnx` in the models
folder: a PP-OCR recognition model in ONNX whose metadata holds its `character` list, as RapidOCR publishes them for
Korean. Nothing is ever downloaded: each model is named by its file.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rag_desktop.domain.errors import UnreadableError
from rag_desktop.formats.ocr_cache import RecognitionCache
from rag_desktop.formats.ocr_order import Line, text_in_order

PACKAGES = ("rapidocr", "onnxruntime")
"""What must be installed; the models are in the first one's wheel."""
MOST_SIDE = 2400
"""Pixels of a picture's longer side. A4 at 200 dots an inch has 2339."""
MOST_PICTURES = 1_000
MOST_SECONDS = 1_800.0
"""Of one document: a page takes two to five."""

_DETECTED_SIDE = 1536
"""Lines are looked for on a smaller picture: a third of the time of the full size, and the same lines."""
_LEAST_SIDE = 24
_INK = 64
"""Of 255, the least difference from the ground that may be ink."""
_MARGIN = 24
_LEAST_LINE_SCORE = 0.7
_LEAST_PAGE_SCORE = 0.8
"""Pages that are read well score above 0.9; upside down or in an unknown script 0.65."""
_LINES_AT_ONCE = 2
"""Six, the default, take a third more time (short lines are padded to the longest) and 200 MB more."""
_LAYOUT = 1
"""Raised when the same picture would give other lines for reasons that are ours."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Grey pixels, a byte each, rows from the top: `len(pixels) == width * height`. 0 is black."""

    width: int
    height: int
    pixels: bytes


Recognise = Callable[[Picture], str]
"""The text of a picture in reading order, paragraphs parted by a blank line; empty where none could be read."""


@dataclass(frozen=True, slots=True)
class RecogniserOptions:
    """How a reading child recognises text. `models` is the folder of all models; `threads` at most 2 are of use."""

    cache: Path
    models: Path
    threads: int = 1


class Allowance:
    """Recognises pictures of one document until `MOST_PICTURES` or `MOST_SECONDS` after the first one are over."""

    def __init__(self, recognise: Recognise) -> None:
        self._recognise = recognise
        self._pictures = 0
        self._end = float("inf")

    @property
    def is_spent(self) -> bool:
        """Whether no further picture may be recognised, and so none need be drawn."""
        return self._pictures >= MOST_PICTURES or time.monotonic() > self._end

    def text_of(self, picture: Picture | None) -> str:
        """The words of a picture; empty where there are none, or it could not be drawn."""
        if not self._pictures:
            self._end = time.monotonic() + MOST_SECONDS
        self._pictures += 1
        return self._recognise(picture) if picture else ""


def is_installed() -> bool:
    """Whether the packages of the extra are there. Imports none of them."""
    return all(find_spec(name) is not None for name in PACKAGES)


class Recogniser:
    """RapidOCR, loaded with the first picture: 0.6 s, and up to 800 MB while a page is read."""

    def __init__(self, options: RecogniserOptions | None = None) -> None:
        self._threads = options.threads if options else 1
        self._cache = RecognitionCache(options.cache / "recognised") if options else None
        own = options.models / "ocr" / "recognition.onnx" if options else None
        self._own_model = own if own and own.is_file() else None

    def __call__(self, picture: Picture) -> str:
        """The text of a picture, in reading order (see `Recognise`)."""
        return text_in_order(self.lines(picture))

    def lines(self, picture: Picture) -> tuple[Line, ...]:
        """The lines of a picture as it stands upright; none where the reading cannot be trusted.

        Their boxes count from the corner of what is printed, without empty margins. Raises UnreadableError
        recogniser-failed (reason).
        """
        if min(picture.width, picture.height) < _LEAST_SIDE:
            return ()
        if self._cache is None:
            return self._recognised(picture)
        key = self._key(picture)
        known = self._cache.get(key)
        if known is None:
            known = self._recognised(picture)
            self._cache.put(key, known)
        return known

    def _key(self, picture: Picture) -> str:
        seen = hashlib.sha256(f"{self._version} {picture.width} {picture.height} ".encode())
        seen.update(picture.pixels)
        return seen.hexdigest()

    @cached_property
    def _version(self) -> str:
        model = hashlib.sha256(self._own_model.read_bytes()).hexdigest() if self._own_model else "wheel"
        return f"{_LAYOUT} {metadata.version('rapidocr')} {model}"

    @cached_property
    def _engine(self) -> Any:
        import cv2
        import rapidocr

        cv2.setNumThreads(self._threads)
        models = Path(rapidocr.__file__).parent / "models"
        return rapidocr.RapidOCR(
            params={
                "Global.log_level": "critical",
                "Global.use_cls": False,  # it takes upright lines for turned ones more often than it is right
                "Global.max_side_len": MOST_SIDE,
                "Global.text_score": _LEAST_LINE_SCORE / 2,
                "Det.model_path": str(models / "PP-OCRv6_det_small.onnx"),
                "Det.limit_type": "max",
                "Det.limit_side_len": _DETECTED_SIDE,
                "Rec.model_path": str(self._own_model or models / "PP-OCRv6_rec_small.onnx"),
                "Rec.rec_batch_num": _LINES_AT_ONCE,
                "EngineConfig.onnxruntime.intra_op_num_threads": self._threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )

    def _recognised(self, picture: Picture) -> tuple[Line, ...]:
        import numpy as np

        whole = np.frombuffer(picture.pixels, np.uint8).reshape(picture.height, picture.width)
        rows, columns = _inked(whole)
        grey = whole[rows, columns]
        lines = self._read(grey)
        if lines and _score(lines) < _LEAST_PAGE_SCORE:
            turned = self._read(grey[::-1, ::-1])
            lines = max(lines, turned, key=_score)
        if _score(lines) < _LEAST_PAGE_SCORE:
            return ()
        lines = [line for line in lines if line.score >= _LEAST_LINE_SCORE]
        return tuple(_upright(lines, grey.shape[1]) if _are_sideways(lines) else lines)

    def _read(self, grey: Any) -> list[Line]:
        import numpy as np

        try:
            found = self._engine(np.repeat(grey[:, :, None], 3, axis=2))
        except ImportError as error:
            raise UnreadableError("recogniser-failed", reason=str(error)) from error
        except _failures() as error:
            raise UnreadableError("recogniser-failed", reason=str(error).strip().rpartition("\n")[2]) from error
        if found.boxes is None or found.txts is None:
            return []
        lines = []
        for box, text, score in zip(found.boxes, found.txts, found.scores, strict=True):
            (left, top), (right, bottom) = box.min(axis=0).tolist(), box.max(axis=0).tolist()
            lines.append(Line(str(text), round(left), round(top), round(right), round(bottom), float(score)))
        return lines


def _failures() -> tuple[type[Exception], ...]:
    """What the packages raise for a model that is damaged or none of theirs, or for want of memory."""
    import cv2
    from onnxruntime.capi import onnxruntime_pybind11_state as state
    from rapidocr.inference_engine.onnxruntime.main import ONNXRuntimeError

    by_model = (state.Fail, state.InvalidArgument, state.InvalidGraph, state.InvalidProtobuf, state.NotImplemented)
    return *by_model, state.RuntimeException, ONNXRuntimeError, cv2.error, LookupError, OSError, TypeError, ValueError


def _inked(grey: Any) -> tuple[slice, slice]:
    """Rows and columns without the empty margins: a few words alone on a page are not found."""
    import numpy as np

    ground = np.median(grey[::8, ::8])
    ink = np.abs(grey.astype(np.int16) - ground) > _INK
    return _extent(ink.any(axis=1)), _extent(ink.any(axis=0))


def _extent(has_ink: Any) -> slice:
    places = has_ink.nonzero()[0]
    if not len(places):
        return slice(0, len(has_ink))
    return slice(max(0, int(places[0]) - _MARGIN), int(places[-1]) + 1 + _MARGIN)


def _score(lines: Sequence[Line]) -> float:
    """The mean of the lines' scores, a long line counting for more; 0 without lines."""
    letters = sum(len(line.text) for line in lines)
    return sum(line.score * len(line.text) for line in lines) / letters if letters else 0.0


def _are_sideways(lines: Sequence[Line]) -> bool:
    """Whether most words stand in boxes that are taller than wide: RapidOCR reads these turned to the left."""
    tall = sum(len(line.text) for line in lines if line.bottom - line.top > 1.5 * (line.right - line.left))
    return 2 * tall > sum(len(line.text) for line in lines)


def _upright(lines: Sequence[Line], width: int) -> list[Line]:
    """The boxes after a quarter turn to the left of a picture of this width."""
    return [
        replace(line, left=line.top, top=width - line.right, right=line.bottom, bottom=width - line.left)
        for line in lines
    ]
