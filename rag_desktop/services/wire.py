"""What a window and a command line beside it say to each other, as JSON: nothing that is read can run anything."""

import json
from dataclasses import dataclass
from typing import Any

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.status import Failure
from rag_desktop.services.indexing import FolderReport, IndexingReport

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of a window: `ping`, `activate`, or a verb with absolute paths.

    Those are `add`, `remove`, `retry`, `ignore`, `heed`, `pause`, `resume`, and two that have a `text`: `exclude` its
    patterns, `chunker` the name of a scheme, as `add` may.
    """

    verb: str
    paths: tuple[str, ...] = ()
    text: str = ""


def encoded(message: Json) -> bytes:
    """A message as it is sent. File names that are no Unicode survive as escapes."""
    return json.dumps(message).encode("ascii")


def decoded(message: bytes) -> Json:
    """A message that came. Raises ValueError where it is no JSON object."""
    value = json.loads(message)
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004 - all that is wrong with a message is a ValueError
    return value


def wish_out(wish: Wish) -> Json:
    """A wish as JSON."""
    return {"verb": wish.verb, "paths": list(wish.paths), "text": wish.text}


def wish_in(value: Json) -> Wish:
    """A wish from JSON. Raises ValueError where it is none."""
    verb, paths, text = value.get("verb"), value.get("paths", []), value.get("text", "")
    if not isinstance(verb, str) or not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise ValueError("not a wish")
    return Wish(verb, tuple(paths), str(text))


def error_out(error: UserFacingError) -> Json:
    """An error as JSON; its words are found where it is shown."""
    return {"code": error.code, "arguments": error.arguments}


def error_in(value: Json) -> UserFacingError:
    """An error from JSON."""
    return UserFacingError(value["code"], **value["arguments"])


def report_out(report: IndexingReport) -> Json:
    """What an indexing run did, as JSON."""
    return {
        "folders": [_folder_out(folder) for folder in report.folders],
        "searchable": report.searchable,
        "total": report.total,
        "vectors_pending": report.vectors_pending,
        "embedding_error": error_out(report.embedding_error) if report.embedding_error else None,
    }


def report_in(value: Json) -> IndexingReport:
    """What an indexing run did, from JSON."""
    error = value["embedding_error"]
    return IndexingReport(
        tuple(_folder_in(folder) for folder in value["folders"]),
        value["searchable"],
        value["total"],
        value["vectors_pending"],
        error_in(error) if error else None,
    )


def _folder_out(folder: FolderReport) -> Json:
    return {
        "path": folder.path,
        "documents": folder.documents,
        "passages": folder.passages,
        "embedded": folder.embedded,
        "failed": [{"path": each.path, "error": error_out(each.error)} for each in folder.failed],
        "skipped": folder.skipped,
    }


def _folder_in(value: Json) -> FolderReport:
    failed = tuple(Failure(each["path"], error_in(each["error"])) for each in value["failed"])
    return FolderReport(
        value["path"], value["documents"], value["passages"], value["embedded"], failed, dict(value["skipped"])
    )
