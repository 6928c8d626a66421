"""The catalogue of models the program knows by name, read strictly from one TOML file."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.models import (
    Conversion,
    Converter,
    HubFile,
    LocalFile,
    Model,
    ModelFile,
    ModelKind,
    Relevance,
    Source,
    WheelMember,
)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,98}[A-Za-z0-9]")
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
_PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9][A-Za-z0-9.+!_-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_REVISION = re.compile(r"[0-9a-f]{40}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_MODEL_KEYS = {
    "name", "title", "kind", "files", "licence", "context_length", "languages", "template", "query_prefix",
    "passage_prefix", "dimension", "relevance", "late", "rank", "default", "sources", "convert", "originals",
}  # fmt: skip


class Catalogue(Mapping[str, Model]):
    """Models by name, in the order of the file. At most one model of each kind is the default."""

    def __init__(self, models: tuple[Model, ...] = ()) -> None:
        self._models = {model.name: model for model in models}

    def __getitem__(self, name: str) -> Model:
        return self._models[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._models)

    def __len__(self) -> int:
        return len(self._models)

    def default(self, kind: ModelKind) -> Model | None:
        """The model to recommend for `kind`, or None where the catalogue names none."""
        return next((model for model in self.values() if model.kind is kind and model.default), None)

    def with_file(self, sha256: str) -> Model | None:
        """The model of a single file whose SHA-256 is `sha256` (64 hex digits), or None."""
        single = (model for model in self.values() if len(model.files) == 1)
        return next((model for model in single if model.files[0].sha256 == sha256), None)


def load(path: Path) -> Catalogue:
    """Read and check a catalogue.

    Raises UserFacingError: `catalogue-damaged` (file, place, reason) where anything in it is not as it should be.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserFacingError("catalogue-damaged", file=path.name, place="", reason=str(error)) from error
    top = _Table(document, path.name, "")
    top.only({"model"})
    models = tuple(_model(table) for table in top.tables("model"))
    _check_together(models, top)
    return Catalogue(models)


def is_safe_name(name: str) -> bool:
    """Whether `name` may be the name of a model, and so of a folder on any system."""
    return bool(_NAME.fullmatch(name)) and not _RESERVED.fullmatch(name)


def is_safe_path(name: str) -> bool:
    """Whether `name` is a plain relative path with `/` that stays inside its folder on any system."""
    parts = PurePosixPath(name).parts
    plain = bool(parts) and "/".join(parts) == name and not name.startswith("/")
    return plain and all(_is_safe_part(part) for part in parts)


def _is_safe_part(part: str) -> bool:
    forbidden = set('\\:*?"<>|') & set(part) or any(ord(character) < 32 for character in part)
    return not forbidden and part not in {".", ".."} and part[-1] not in " ." and not _RESERVED.fullmatch(part)


class _Table:
    """One TOML table with its place in the file, so that every complaint says where."""

    def __init__(self, value: dict[str, Any], file: str, place: str) -> None:
        self._value = value
        self._file = file
        self.place = place

    def fail(self, reason: str) -> NoReturn:
        raise UserFacingError("catalogue-damaged", file=self._file, place=self.place, reason=reason)

    def only(self, keys: set[str]) -> None:
        unknown = sorted(set(self._value) - keys)
        if unknown:
            self.fail(f"unknown key {unknown[0]!r}")

    def has(self, key: str) -> bool:
        return key in self._value

    def text(self, key: str, default: str | None = None) -> str:
        value = self._value.get(key, default)
        if not isinstance(value, str) or (default is None and not value):
            self.fail(f"{key!r} must be text")
        return value

    def whole(self, key: str, least: int, default: int | None = None) -> int:
        value = self._value.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            self.fail(f"{key!r} must be a whole number of at least {least}")
        return value

    def fraction(self, key: str) -> float:
        value = self._value.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not -1 <= value <= 1:
            self.fail(f"{key!r} must be a number from -1 to 1")
        return float(value)

    def flag(self, key: str) -> bool:
        value = self._value.get(key, False)
        if not isinstance(value, bool):
            self.fail(f"{key!r} must be true or false")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._value.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            self.fail(f"{key!r} must be a list of texts")
        return tuple(value)

    def table(self, key: str) -> "_Table":
        value = self._value[key]
        if not isinstance(value, dict):
            self.fail(f"{key!r} must be a table")
        return _Table(value, self._file, self._place_of(key, 1, value))

    def tables(self, key: str) -> list["_Table"]:
        value = self._value.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.fail(f"{key!r} must be a list of tables")
        return [_Table(item, self._file, self._place_of(key, number, item)) for number, item in enumerate(value, 1)]

    def _place_of(self, key: str, number: int, item: dict[str, Any]) -> str:
        name = item.get("name")
        here = f"{key} {number}" + (f" ({name})" if isinstance(name, str) else "")
        return f"{self.place}, {here}" if self.place else here


def _model(table: _Table) -> Model:
    table.only(_MODEL_KEYS)
    name = table.text("name")
    if not is_safe_name(name):
        table.fail("a name is letters, digits, '.', '_' and '-'")
    conversion = _conversion(table)
    return Model(
        name=name,
        title=table.text("title"),
        kind=_kind(table),
        files=_made(table) if conversion else _files(table, "files"),
        licence=table.text("licence"),
        context_length=table.whole("context_length", 1),
        languages=table.texts("languages"),
        template=table.text("template") if table.has("template") else None,
        query_prefix=table.text("query_prefix", ""),
        passage_prefix=table.text("passage_prefix", ""),
        dimension=table.whole("dimension", 1) if table.has("dimension") else None,
        relevance=_relevance(table.table("relevance")) if table.has("relevance") else None,
        is_late=table.flag("late"),
        rank=table.whole("rank", 0, 0),
        default=table.flag("default"),
        conversion=conversion,
    )


def _relevance(table: _Table) -> Relevance:
    table.only({"midpoint", "width"})
    midpoint, width = table.fraction("midpoint"), table.fraction("width")
    if width <= 0:
        table.fail("'width' must be above 0")
    return Relevance(midpoint, width)


def _kind(table: _Table) -> ModelKind:
    word = table.text("kind")
    if word not in set(ModelKind):
        table.fail(f"unknown kind {word!r}")
    return ModelKind(word)


def _conversion(table: _Table) -> Conversion | None:
    if not table.has("convert"):
        if table.has("originals"):
            table.fail("'originals' without 'convert'")
        return None
    word = table.text("convert")
    if word not in set(Converter):
        table.fail(f"unknown converter {word!r}")
    return Conversion(Converter(word), _files(table, "originals"))


def _made(table: _Table) -> tuple[ModelFile, ...]:
    """The files that a conversion leaves."""
    return _unlike(table, "files", tuple(_made_file(file) for file in table.tables("files")))


def _made_file(table: _Table) -> ModelFile:
    table.only({"name", "size", "sha256"})
    if not (table.has("size") and table.has("sha256")):
        table.fail(f"{table.text('name')!r} needs size and sha256: it is made, and must be the same everywhere")
    return ModelFile(*_identity(table), ())


def _files(table: _Table, key: str) -> tuple[ModelFile, ...]:
    shared = table.tables("sources")
    return _unlike(table, key, tuple(_file(file, shared) for file in table.tables(key)))


def _unlike(table: _Table, key: str, files: tuple[ModelFile, ...]) -> tuple[ModelFile, ...]:
    names = [file.name.casefold() for file in files]
    if not files or len(set(names)) < len(names):
        table.fail(f"{key!r} must name at least one file, and none twice")
    return files


def _file(table: _Table, shared: list[_Table]) -> ModelFile:
    table.only({"name", "size", "sha256", "sources"})
    name, size, sha256 = _identity(table)
    sources = tuple(_source(source, name) for source in table.tables("sources") or shared)
    if not sources:
        table.fail(f"{name!r} has no source")
    if (size is None or sha256 is None) and not all(isinstance(source, HubFile) for source in sources):
        table.fail(f"{name!r} needs size and sha256: only a file of the Hub may go without")
    return ModelFile(name, size, sha256, sources)


def _identity(table: _Table) -> tuple[str, int | None, str | None]:
    """Name, size and SHA-256 of a file."""
    name = table.text("name")
    if not is_safe_path(name):
        table.fail(f"{name!r} is not a relative path inside the model's folder")
    size = table.whole("size", 1) if table.has("size") else None
    sha256 = table.text("sha256") if table.has("sha256") else None
    if sha256 is not None and not _SHA256.fullmatch(sha256):
        table.fail("'sha256' must be 64 hexadecimal digits in lower case")
    return name, size, sha256


def _source(table: _Table, name: str) -> Source:
    if table.has("wheel"):
        return _wheel(table, name)
    if table.has("hub"):
        return _hub(table, name)
    table.only({"local"})
    path = Path(table.text("local"))
    if not path.is_absolute():
        table.fail("'local' must be an absolute path")
    return LocalFile(path)


def _wheel(table: _Table, name: str) -> WheelMember:
    table.only({"wheel", "member"})
    packages = table.texts("wheel")
    members = tuple(member.replace("{file}", name) for member in table.texts("member"))
    if not packages or len(packages) != len(members):
        table.fail("'wheel' and 'member' must be lists of the same length")
    for package in packages:
        if not _PACKAGE.fullmatch(package):
            table.fail(f"{package!r} is not of the form name==version")
    for member in members:
        if not is_safe_path(member):
            table.fail(f"{member!r} is not a relative path")
    return WheelMember(packages, members)


def _hub(table: _Table, name: str) -> HubFile:
    table.only({"hub", "revision", "path"})
    repository = table.text("hub")
    path = table.text("path").replace("{file}", name)
    revision = table.text("revision", "")
    if not _REPOSITORY.fullmatch(repository):
        table.fail(f"{repository!r} is not of the form owner/repository")
    if not is_safe_path(path):
        table.fail(f"{path!r} is not a relative path")
    if revision and not _REVISION.fullmatch(revision):
        table.fail("'revision' must be 40 hexadecimal digits, or be left out")
    return HubFile(repository, revision, path)


def _check_together(models: tuple[Model, ...], top: _Table) -> None:
    # Names are folders, and some file systems take two spellings for one.
    names = [model.name.casefold() for model in models]
    if len(set(names)) < len(names):
        top.fail(f"two models are called {next(name for name in names if names.count(name) > 1)!r}")
    for kind in ModelKind:
        if sum(model.default for model in models if model.kind is kind) > 1:
            top.fail(f"two models are the default {kind.value}")
