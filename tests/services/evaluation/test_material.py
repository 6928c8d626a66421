"""Records become files that are read word for word, once, under names that say nothing."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.domain.documents import Block
from rag_desktop.domain.errors import Cancelled
from rag_desktop.domain.messages import ReadRequest
from rag_desktop.formats.reading import read
from rag_desktop.services.evaluation import material
from rag_desktop.services.evaluation.datasets import Collection, Dataset, Record
from rag_desktop.services.evaluation.material import Place
from rag_desktop.services.tasks import Task
from rag_desktop.text.normalise import assemble

RECORDS = [
    Record("finance - 지방은행 가이드.pdf - 4", "예비인가", "은행업 인가"),
    Record("a/b", "", "Words."),
    Record(
        "x" * 300, "A title\nof two lines", "---\ntitle: no front matter\n---\n\n# No heading\n\n```\nan open fence"
    ),
]


def collection(folder: Path, records: list[Record] | None = None) -> Collection:
    file = folder / "corpus.jsonl"
    file.write_text(repr(records))
    return Collection(file, lambda: iter(RECORDS if records is None else records))


def untold() -> Task:
    return Task(lambda _: None)


def test_ids_of_all_kinds_are_kept_beside_plain_names(tmp_path: Path) -> None:
    ids = material.materialise(collection(tmp_path), Place(tmp_path / "place"), untold())
    assert list(ids.values()) == [record.id for record in RECORDS]
    assert sorted(ids) == ["d0000001.md", "d0000002.txt", "d0000003.md"]
    assert [material.name_by_id(ids, f"/somewhere/{name}") for name in sorted(ids)] == list(ids.values())
    written = (tmp_path / "place/documents/d0000001.md").read_text(encoding="utf-8")
    assert written == "# 예비인가\n\n은행업 인가"


def test_a_record_without_a_word_is_no_document(tmp_path: Path) -> None:
    records = [Record("1", "", " \n"), Record("2", "A title", ""), Record("3", "", "Words.")]
    ids = material.materialise(collection(tmp_path, records), Place(tmp_path / "place"), untold())
    assert ids == {"d0000002.md": "2", "d0000003.txt": "3"}


def test_what_is_whole_is_not_written_again_and_what_is_not_is(tmp_path: Path) -> None:
    place = Place(tmp_path / "place")
    ids = material.materialise(collection(tmp_path), place, untold())
    assert material.materialise(collection(tmp_path, []), place, untold()) == ids
    (place.documents / "d0000002.txt").unlink()
    assert material.materialise(collection(tmp_path), place, untold()) == ids
    assert (place.documents / "d0000002.txt").exists()
    for damaged in ("{", "[]"):
        place.ids.write_text(damaged)
        assert material.materialise(collection(tmp_path), place, untold()) == ids


def test_what_was_stopped_is_begun_again(tmp_path: Path) -> None:
    place, stopped = Place(tmp_path / "place"), untold()
    stopped.stop()
    with pytest.raises(Cancelled):
        material.materialise(collection(tmp_path), place, stopped)
    assert len(material.materialise(collection(tmp_path), place, untold())) == 3


def test_the_place_is_that_of_the_content(tmp_path: Path) -> None:
    def place(documents: Collection | Path, chunker: str = "leaves") -> Place:
        return material.place_for(Dataset("x", (), 0, documents, tmp_path), chunker, tmp_path / "caches")

    one = place(collection(tmp_path))
    assert one.folder.is_relative_to(tmp_path / "caches" / "evaluation")
    assert place(collection(tmp_path)) == one
    assert place(collection(tmp_path), "other") != one
    assert place(collection(tmp_path, [])) != one
    assert place(tmp_path) == place(tmp_path) != place(tmp_path / "other")


def test_clearing_leaves_nothing_of_one_place_and_all_of_others(tmp_path: Path) -> None:
    one, other = Place(tmp_path / "one"), Place(tmp_path / "other")
    for place in (one, other):
        material.materialise(collection(tmp_path), place, untold())
    material.clear(one)
    material.clear(one)
    assert not one.folder.exists()
    assert other.ids.exists()


TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from("\n#`-=| "), min_size=1, max_size=80)


@given(st.text("abc #\n", max_size=12), TEXTS)
def test_no_sign_of_a_text_is_lost(tmp_path_factory: pytest.TempPathFactory, title: str, text: str) -> None:
    name, content = material.as_file(Record("id", title, text), 1)
    path = tmp_path_factory.mktemp("read") / name
    path.write_bytes(content)
    whole = content.decode()
    assert whole.endswith(text)
    if any(sign.isalnum() for sign in whole):
        assert read(ReadRequest(str(path), "leaves")).reading.text == assemble([Block(whole)]).text
