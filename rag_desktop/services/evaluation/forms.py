"""Reads datasets in the forms that people share them in.

BEIR (https://github.com/beir-cellar/beir): `corpus.jsonl`, `queries.jsonl`, and judgements in `qrels/test.tsv` or
`qrels.tsv`. SQuAD 1.1 and 2.0 (https://rajpurkar.github.io/SQuAD-explorer/): one JSON file. Questions about the files
of a folder: `questions.jsonl`, each line with `question` and `path`, and if wanted `page`, `words`, `kind` and `id`.
"""

import json
import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.ranking.metrics import Grades
from rag_desktop.services.evaluation.datasets import Collection, Dataset, Judged, Record, page_name

QUESTIONS = "questions.jsonl"
_CORPUS, _QUERIES, _JUDGEMENTS = "corpus.jsonl", "queries.jsonl", ("qrels.tsv", "qrels/test.tsv")
_GRADE = re.compile(r"[+-]?\d{1,9}")
_MOST_BYTES = 1 << 30
"""Of a file that is read whole. Others are read by the line."""
_MOST_IN_LINE = 1 << 26

Json = dict[str, Any]


def open_dataset(path: Path, documents: Path | None = None) -> Dataset:
    """The dataset at `path`: a folder in BEIR form or with `questions.jsonl`, a SQuAD file, or a file of questions.

    documents: the folder that questions are about, where it is not the one they lie in. Raises UserFacingError
    `dataset-unknown`, `dataset-missing` (a part), `dataset-damaged` (a line), `dataset-empty`, `path-missing`.
    """
    path = path.absolute()
    if (path / _CORPUS).is_file():
        dataset = _beir(path)
    elif path.suffix == ".jsonl" or (path / QUESTIONS).is_file() or documents is not None:
        source = path / QUESTIONS if path.is_dir() else path
        dataset = _about_files(source, (documents or source.parent).absolute())
    elif path.is_file():
        dataset = _squad(path)
    else:
        raise UserFacingError("dataset-unknown" if path.exists() else "path-missing", path=str(path))
    if not dataset.questions:
        raise UserFacingError("dataset-empty", path=str(path))
    return dataset


def _dataset(name: str, judged: list[Judged], documents: Collection | Path, source: Path) -> Dataset:
    questions = tuple(each for each in judged if each.is_answerable)
    return Dataset(name, questions, len(judged) - len(questions), documents, source)


def _beir(folder: Path) -> Dataset:
    source = next((folder / name for name in _JUDGEMENTS if (folder / name).is_file()), folder / _JUDGEMENTS[0])
    grades = _grades(source)
    queries = folder / _QUERIES
    judged = [
        Judged(id_, _text(line, "text", queries, number), grades.get(id_, {}), kind=str(line.get("kind") or ""))
        for number, line in _json_lines(queries)
        for id_ in [_id(line, queries, number)]
    ]
    collection = Collection(folder / _CORPUS, partial(_records, folder / _CORPUS))
    return _dataset(folder.name, judged, collection, queries)


def _records(corpus: Path) -> Iterator[Record]:
    for number, line in _json_lines(corpus):
        yield Record(_id(line, corpus, number), str(line.get("title") or ""), _text(line, "text", corpus, number))


def _grades(path: Path) -> dict[str, Grades]:
    """Grades by query and document: columns query, document, grade; TREC's own form has one more after the query."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for number, line in _lines(path):
        columns = line.split("\t")
        if len(columns) < 3 or not _GRADE.fullmatch(columns[-1].strip()):
            if number == 1 and len(columns) >= 3:
                continue  # the names of the columns
            raise UserFacingError("dataset-damaged", path=str(path), line=number)
        found[columns[0]][columns[-2]] = int(columns[-1])
    return dict(found)


def _squad(path: Path) -> Dataset:
    """Paragraphs are the documents; questions that their paragraph does not answer have nothing relevant."""
    articles = _squad_articles(path)
    try:
        judged = [
            Judged(str(asked["id"]), str(asked["question"]), {} if asked.get("is_impossible") else {id_: 1})
            for id_, paragraph in _paragraphs(articles)
            for asked in paragraph["qas"]
        ]
        records = [Record(id_, "", str(paragraph["context"])) for id_, paragraph in _paragraphs(articles)]
    except (KeyError, TypeError, AttributeError) as error:
        raise UserFacingError("dataset-unknown", path=str(path)) from error
    return _dataset(path.stem, judged, Collection(path, lambda: iter(records)), path)


def _squad_articles(path: Path) -> Any:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UserFacingError("file-too-large", path=str(path))
        return json.loads(path.read_bytes())["data"]
    except OSError as error:
        raise UserFacingError("dataset-missing", path=str(path)) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserFacingError("dataset-unknown", path=str(path)) from error


def _paragraphs(articles: Any) -> Iterator[tuple[str, Any]]:
    for first, article in enumerate(articles):
        for second, paragraph in enumerate(article["paragraphs"]):
            yield f"{first}-{second}", paragraph


def _about_files(source: Path, folder: Path) -> Dataset:
    judged = [_asked(line, source, number, folder) for number, line in _json_lines(source)]
    return _dataset(folder.name if source.parent == folder else source.stem, judged, folder, source)


def _asked(line: Json, source: Path, number: int, folder: Path) -> Judged:
    """One line of `questions.jsonl`. `path` and `page` may be lists; pages are of one path only."""
    paths, pages = _several(line.get("path")), _several(line.get("page"))
    are_pages = all(isinstance(page, int) and page > 0 for page in pages)
    if not all(isinstance(path, str) and path for path in paths) or not are_pages or (pages and len(paths) != 1):
        raise UserFacingError("dataset-damaged", path=str(source), line=number)
    for path in paths:
        if not (folder / path).is_file():
            raise UserFacingError("path-missing", path=str(folder / path))
    names = [name_below(folder, os.path.normpath(folder / path)) for path in paths]
    return Judged(
        str(line.get("id") or number),
        _text(line, "question", source, number),
        dict.fromkeys([page_name(names[0], page) for page in pages] if pages else names, 1),
        by_page=bool(pages),
        words=str(line.get("words") or ""),
        kind=str(line.get("kind") or ""),
    )


def name_below(folder: Path, path: str) -> str:
    """The name of a file below a folder: its path from there, with `/`, composed."""
    return unicodedata.normalize("NFC", os.path.relpath(path, folder).replace(os.sep, "/"))


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _id(line: Json, path: Path, number: int) -> str:
    """BEIR's files say `_id`; `id` is as good."""
    id_ = line.get("_id", line.get("id"))
    if not isinstance(id_, str | int) or id_ == "":
        raise UserFacingError("dataset-damaged", path=str(path), line=number)
    return str(id_)


def _text(line: Json, key: str, path: Path, number: int) -> str:
    text = line.get(key)
    if not isinstance(text, str):
        raise UserFacingError("dataset-damaged", path=str(path), line=number)
    return text


def _json_lines(path: Path) -> Iterator[tuple[int, Json]]:
    for number, text in _lines(path):
        try:
            line = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UserFacingError("dataset-damaged", path=str(path), line=number) from error
        if not isinstance(line, dict):
            raise UserFacingError("dataset-damaged", path=str(path), line=number)
        yield number, line


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines that say something, with their numbers from 1."""
    number = 0
    try:
        with path.open("rb") as file:
            while line := file.readline(_MOST_IN_LINE):
                number += 1
                text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
                if text.strip():
                    yield number, text
    except OSError as error:
        raise UserFacingError("dataset-missing", path=str(path)) from error
    except UnicodeDecodeError as error:
        raise UserFacingError("dataset-damaged", path=str(path), line=number) from error
