"""Images: their text is recognised; a frame of a TIFF is a page. Not claimed where nothing is there to recognise with.

A photograph without words is a document without text and no failure: it is stored, so that it is not read again.
"""

import io
import struct
import warnings
import zlib
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from rag_desktop.domain.documents import Block, Metadata
from rag_desktop.domain.errors import UnreadableError
from rag_desktop.domain.messages import StillReading
from rag_desktop.formats import ocr
from rag_desktop.formats.pdf_sections import page_blocks
from rag_desktop.formats.reader import Contents, OpenedFile, Reader, Steps, finished

if TYPE_CHECKING:
    from PIL.Image import Image

_KINDS = ("BMP", "JPEG", "PNG", "TIFF", "WEBP")
_MOST_PIXELS = 100_000_000
"""Of one frame, as it is stored: three times what phones take, and 300 MB once it is unpacked."""
_MOST_FRAMES = 500
_LONG = 3
"""A picture so many times longer than wide is cut into pieces: it would be unreadable at the size that is read."""
_MOST_PIECES = 50
_MALFORMED = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What Pillow raises on malformed files."""


def _steps(file: OpenedFile) -> Steps:
    allowance = ocr.Allowance(file.recognise or ocr.Recogniser())
    blocks: list[Block] = []
    number, has_more = 0, True
    while has_more and number < _MOST_FRAMES and not allowance.is_spent:
        pictures, has_more = _pictures(file.content, number)
        number += 1
        texts = []
        for picture in pictures:
            texts.append(allowance.text_of(picture))
            yield StillReading()
        text = "\n".join(filter(None, texts))
        blocks += page_blocks(text + "\n", number, (), ()) if text else ()
    left_out = ("pages-not-recognised",) if has_more else ()
    return Contents(tuple(map(_unplaced, blocks)), Metadata(page_count=number), left_out)


def _unplaced(block: Block) -> Block:
    return replace(block, source_start=None)


def _pictures(content: bytes, number: int) -> tuple[list[ocr.Picture], bool]:
    """One frame, in pieces from the top where it is long, and whether another follows it."""
    from PIL import Image, ImageOps

    with warnings.catch_warnings(action="ignore"):
        try:
            with Image.open(io.BytesIO(content), formats=_KINDS) as image:
                image.seek(number)
                if image.width * image.height > _MOST_PIXELS:
                    raise _too_large(image.width * image.height)
                image.draft("L", (ocr.MOST_SIDE, ocr.MOST_SIDE))
                pieces = [_picture(piece) for piece in _cut(ImageOps.exif_transpose(image))]
                return pieces, image.format == "TIFF" and _has_frame(image, number + 1)
        except Image.DecompressionBombError as error:
            raise _too_large(2 * _MOST_PIXELS) from error
        except _MALFORMED as error:
            raise UnreadableError("file-damaged", reason=type(error).__name__) from error


def _has_frame(image: "Image", number: int) -> bool:
    try:
        image.seek(number)
    except EOFError:
        return False
    return True


def _cut(image: "Image") -> list["Image"]:
    """The picture, or pieces of a long one, cut between its lines."""
    width, height = image.size
    if not _LONG * width < height < _MOST_PIECES * _LONG * width:
        return [image]
    import numpy as np

    rows = np.asarray(image.convert("L"))
    restless = np.ptp(rows, axis=1)
    edges = [0]
    while height - edges[-1] > _LONG * width:
        reach = edges[-1] + _LONG * width
        edges.append(reach - int(restless[reach - width : reach][::-1].argmin()))
    return [image.crop((0, top, width, bottom)) for top, bottom in pairwise([*edges, height])]


def _picture(image: "Image") -> ocr.Picture:
    """Grey, on white where it is transparent, and no larger than what is read."""
    image.thumbnail((ocr.MOST_SIDE, ocr.MOST_SIDE), reducing_gap=3.0)
    if image.has_transparency_data:
        from PIL.Image import new

        ground = new("RGBA", image.size, "white")
        ground.alpha_composite(image.convert("RGBA"))
        image = ground
    grey = image.convert("L")
    return ocr.Picture(*grey.size, grey.tobytes())


def _too_large(pixels: int) -> UnreadableError:
    return UnreadableError("image-too-large", pixels=pixels, limit=_MOST_PIXELS)


READER = Reader(
    "image",
    (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"),
    lambda file: finished(_steps(file)),
    packages=(*ocr.PACKAGES, "PIL"),
    may_be_empty=True,
    steps=_steps,
)
