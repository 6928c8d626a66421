"""What documents are called on the screen."""

import unicodedata
from pathlib import PurePath

from rag_desktop.domain.documents import Document


def file_name(document: Document) -> str:
    """The name of a document's file, composed as people read it (macOS stores names decomposed)."""
    return unicodedata.normalize("NFC", PurePath(document.path).name)
