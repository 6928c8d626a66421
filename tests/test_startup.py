"""What a start costs: nothing heavy in the main process, and the window is there before the library is opened."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FIRST_PAINT_S = 10.0
"""Generous: other tests run beside this one. What was measured is printed."""
HEAVY = ("torch", "transformers", "sentence_transformers", "llama_cpp", "openvino", "onnxruntime")

SCRIPT = """
import json, sys, time
import psutil
from pathlib import Path
from PySide6.QtCore import QTimer
from rag_desktop.app import build
from rag_desktop.domain.events import LibraryLooked
from rag_desktop.gui.start import build_window

library, folder = Path(sys.argv[1]), sys.argv[2]
program = build(library)
opened = build_window(program)
window, notes = opened.window, {}

def started():
    notes["first_paint"] = time.time() - psutil.Process().create_time() - (time.monotonic() - window.painted_at)
    window.context.moves.paths_dropped.emit([folder])

def happened(event):
    if isinstance(event, LibraryLooked):
        spaces = event.status.spaces
        if spaces and spaces[0].vectors and not spaces[0].pending:
            opened.application.quit()

start = opened.desk.upkeep.start
def start_noting():
    notes["painted"] = window.painted_at is not None
    notes["existed"] = (library / "library.sqlite").exists()
    return start()
opened.desk.upkeep.start = start_noting

window.started.connect(started)
opened.bridge.happened.connect(happened)
QTimer.singleShot(60000, opened.application.quit)
window.show()
opened.application.exec()
notes["heavy"] = [name for name in sys.argv[3].split(",") if name in sys.modules]
notes["status"] = window.status.library.text()
window.close()
opened.desk.close()
print(json.dumps(notes))
"""


def environment(tmp_path: Path, **variables: str) -> dict[str, str]:
    given = {
        "RAG_DESKTOP_ENGINE": "scripted",
        "RAG_DESKTOP_LIBRARY": str(tmp_path / "library"),
        "RAG_DESKTOP_CONFIG": str(tmp_path / "config"),
        "RAG_DESKTOP_MODELS": str(tmp_path / "models"),
        "LC_ALL": "C.UTF-8",
        "QT_QPA_PLATFORM": "offscreen",
        **variables,
    }
    return {**{name: value for name, value in os.environ.items() if not name.endswith("DISPLAY")}, **given}


def test_the_window_is_painted_first_and_stays_light(tmp_path: Path) -> None:
    # The script lies in a file, so that the children that are spawned do not run it again.
    script = tmp_path / "script.py"
    script.write_text("if __name__ == '__main__':\n" + SCRIPT.replace("\n", "\n    "), encoding="utf-8")
    sample = ROOT / "resources" / "sample"
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "library"), str(sample), ",".join(HEAVY)],
        env={**environment(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    notes = json.loads(done.stdout)
    print(f"first paint after {notes['first_paint']:.2f} s")
    assert notes["heavy"] == []
    assert (notes["painted"], notes["existed"]) == (True, False)
    assert notes["status"].startswith("9 documents")
    assert notes["first_paint"] < FIRST_PAINT_S


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have a display")
@pytest.mark.parametrize("variables", [{"QT_QPA_PLATFORM": ""}, {"QT_QPA_PLATFORM": "", "DISPLAY": ":4077"}])
def test_without_a_display_one_sentence_says_so(tmp_path: Path, variables: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rag_desktop"],
        cwd=ROOT,
        env=environment(tmp_path, **variables),
        capture_output=True,
        timeout=60,
        check=False,
    )
    said = done.stderr.decode()
    assert done.returncode == 2
    assert said.count("\n") == 1
    assert "display" in said
    assert "rag-desktop --help" in said


def test_the_command_line_does_not_load_qt() -> None:
    code = "import sys, rag_desktop.app; print([name for name in sys.modules if name.startswith('PySide6')])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=60, check=True)
    assert done.stdout.strip() == b"[]"
