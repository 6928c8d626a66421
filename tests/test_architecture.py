"""Reads every import of the package and holds it to the floors of the house."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "rag_desktop"
FLOORS: dict[str, int] = {
    "__main__": 7, "app": 6,
    "gui": 5, "cli": 5, "server": 5,
    "services": 4,
    "formats": 3, "engines": 3, "workers": 3, "store": 3, "vectors": 3, "settings": 3, "files": 3,
    "ranking": 2, "prompting": 2,
    "text": 1,
    "domain": 0,
}  # fmt: skip
HEAVY = {
    "torch", "sentence_transformers", "llama_cpp", "transformers", "openvino", "onnxruntime", "nncf",
    "rapidocr", "cv2", "PIL",
}  # fmt: skip
CHILD_ONLY = {
    "engines/embedding.py", "engines/generating.py", "engines/llama.py", "engines/reranking.py",
    "engines/openvino_backend.py", "engines/torch_backend.py",
    "formats/image.py", "formats/ocr.py",
}  # fmt: skip
WALLS = {"workers/serving.py", "services/lanes.py", "gui/crash.py"}
FILES = sorted(ROOT.rglob("*.py"))


def name_of(path: Path) -> str:
    """`rag_desktop/store/codec.py` as `store`; `rag_desktop/app.py` as `app`."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(tree: ast.AST) -> Iterator[tuple[str, bool]]:
    """Dotted names that a module imports, and whether at its top level; `import_module("x")` counts."""
    top = set(ast.iter_child_nodes(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node in top
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            assert node.module is not None
            if node.module == "rag_desktop":
                for alias in node.names:
                    yield f"rag_desktop.{alias.name}", node in top
            else:
                yield node.module, node in top
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "import_module":
            yield literal(node.args[0]), False


def literal(argument: ast.expr) -> str:
    """The name in `import_module("a.b")`, or the package in `import_module(f"a.b.{name}")`."""
    if isinstance(argument, ast.JoinedStr):
        argument = argument.values[0]
    assert isinstance(argument, ast.Constant), "import_module of a computed name"
    return str(argument.value).rstrip(".")


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def violation(path: Path) -> str | None:
    """What is wrong with a module's imports, or None."""
    here = name_of(path)
    for name, is_top in imports(parsed(path)):
        first, _, rest = name.partition(".")
        if first == "rag_desktop":
            there = rest.partition(".")[0]
            if there in ("", "__version__") or there == here:
                continue
            if there not in FLOORS:
                return f"{name}: on no floor"
            if FLOORS[there] >= FLOORS[here]:
                return f"{name}: not below {here}"
        elif first == "PySide6" and here not in ("gui", "app"):
            return f"{name}: Qt below the window"
        elif first in HEAVY:
            relative = path.relative_to(ROOT).as_posix()
            if is_top or relative not in CHILD_ONLY:
                return f"{name}: heavy outside a child"
        elif here == "domain" and first not in sys.stdlib_module_names:
            return f"{name}: the domain needs only the standard library"
    return None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_only_run_down(path: Path) -> None:
    assert name_of(path) in {*FLOORS, "__init__"}, "a package that is on no floor"
    if name_of(path) != "__init__":
        assert violation(path) is None


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ("store/x.py", "from rag_desktop.services import tasks"),
        ("store/x.py", "import rag_desktop.vectors.index"),
        ("store/x.py", "from rag_desktop import vectors"),
        ("cli/x.py", "from rag_desktop.gui import bridge"),
        ("text/x.py", "from importlib import import_module\nimport_module('rag_desktop.store')"),
        ("cli/x.py", "from rag_desktop.app import build"),
        ("services/x.py", "import PySide6.QtCore"),
        ("engines/embedding.py", "import torch"),
        ("services/x.py", "def f():\n    import llama_cpp"),
        ("domain/x.py", "import numpy"),
        ("store/x.py", "import rag_desktop.elsewhere"),
    ],
)
def test_a_wrong_import_is_seen(where: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "parsed", lambda _: ast.parse(line))
    assert violation(ROOT / where) is not None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_and_functions_stay_small(path: Path) -> None:
    assert path.read_text(encoding="utf-8").count("\n") <= 400
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, node.name


def test_exceptions_are_caught_wholesale_at_the_walls_only() -> None:
    caught = {
        path.relative_to(ROOT).as_posix()
        for path in FILES
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ExceptHandler) and getattr(node.type, "id", "") == "Exception"
    }
    assert caught <= WALLS


def test_there_are_no_circles() -> None:
    def module(path: Path) -> str:
        return ".".join(("rag_desktop", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")

    names = {module(path) for path in FILES}
    graph = {module(path): {name for name, top in imports(parsed(path)) if top and name in names} for path in FILES}
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " → ".join((*above, name))
        if name not in done:
            for below in graph[name]:
                visit(below, (*above, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())
