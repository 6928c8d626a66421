"""The command line with the scripted engine: verbs, JSON shapes, exit statuses, streams."""

import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rag_desktop.services.library import mark_removed
from rag_desktop.store.library import Library
from tests.road.conftest import ROOT, CommandLine

LEASE = "How many months is the notice period?"


def test_add_says_what_it_did(scripted: CommandLine, sample: Path) -> None:
    added = scripted("add", str(sample), "--json").json
    (folder,) = added["folders"]
    assert folder["path"] == str(sample)
    assert folder["documents"] == 9
    assert folder["passages"] == folder["embedded"] > 9
    assert folder["failed"] == []
    assert added["vectors_pending"] == 0
    assert 0 < added["seconds"]["searchable"] <= added["seconds"]["total"]


def test_adding_again_embeds_nothing(scripted: CommandLine, sample: Path) -> None:
    scripted("add", str(sample))
    again = scripted("--json", "add", str(sample)).json["folders"][0]
    assert (again["embedded"], again["documents"]) == (0, 9)


def test_a_failed_document_is_named_and_the_others_go_on(scripted: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    (folder / "good.txt").write_text("The boiler was serviced in May.", encoding="utf-8")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and then nothing of use")
    added = scripted("add", str(folder), "--json", status=3).json["folders"][0]
    assert added["documents"] == 1
    (failed,) = added["failed"]
    assert failed["path"] == str(folder / "broken.pdf")
    assert "damaged" in failed["reason"]


@pytest.mark.parametrize("mode", ["hybrid", "keyword", "vector"])
def test_search_finds_the_words_at_their_offsets(scripted: CommandLine, sample: Path, mode: str) -> None:
    scripted("add", str(sample))
    query = "The notice period is three months to the end of a quarter"
    found = scripted("search", query, "--top-k", "3", "--mode", mode, "--json").json
    assert (found["query"], found["mode"]) == (query, mode)
    first = found["passages"][0]
    assert first["rank"] == 1
    assert first["path"].endswith("workshop-lease.md")
    assert first["headings"][-1] == "3. Termination"
    assert "three months" in first["text"]
    for passage in found["passages"]:
        whole = scripted("text", passage["path"]).out
        assert whole[passage["start"] : passage["end"]] == passage["text"]


def test_exact_and_approximate_search_agree(scripted: CommandLine, sample: Path) -> None:
    scripted("add", str(sample))
    query = ("search", "paper weight for the printer", "--mode", "vector", "--json")
    ranked = [[passage["text"] for passage in scripted(*query, *more).json["passages"]] for more in ([], ["--exact"])]
    assert ranked[0] == ranked[1]


def test_options_stand_before_or_after_the_verb(scripted: CommandLine, sample: Path, tmp_path: Path) -> None:
    other = str(tmp_path / "other")
    scripted("--library", other, "--json", "add", str(sample))
    before = scripted("--json", "--library", other, "status").json
    after = scripted("status", "--library", other, "--json").json
    assert before == after
    assert before["library"] == other
    assert "no library" in scripted("status", status=1).err.lower()


def test_ask_cites_words_that_stand_in_the_document(scripted: CommandLine, sample: Path) -> None:
    scripted("add", str(sample))
    answered = scripted("ask", LEASE, "--json").json
    assert not answered["refused"]
    assert answered["model"] == "scripted"
    assert answered["citations"]
    for citation in answered["citations"]:
        assert f"[{citation['number']}]" in answered["answer"]
        whole = scripted("text", citation["path"]).out
        assert whole[citation["start"] : citation["end"]] == citation["text"]
        assert whole[citation["quoted_start"] : citation["quoted_end"]] == citation["quoted"]
        assert citation["quoted"] in citation["text"]
    assert {number for each in answered["sentences"] for number in each["citations"]} == {
        citation["number"] for citation in answered["citations"]
    }


def test_ask_streams_for_people_with_sources_beneath(scripted: CommandLine, sample: Path) -> None:
    scripted("add", str(sample))
    shown = scripted("ask", LEASE).out
    assert shown.index("three months") < shown.index("workshop-lease.md")


def test_a_question_about_nothing_is_refused_without_generating(scripted: CommandLine, sample: Path) -> None:
    scripted("add", str(sample))
    answered = scripted("ask", "Zyxwv qwertz plugh xyzzy?", "--json").json
    assert answered["refused"]
    assert answered["citations"] == []
    assert answered["tokens"]["generated"] == 0


def test_a_pdf_is_cited_with_its_page(scripted: CommandLine, sample: Path) -> None:
    scripted("add", str(sample))
    answered = scripted("ask", "How often must the main bearing be greased?", "--json").json
    citation = next(each for each in answered["citations"] if each["path"].endswith("printer-manual.pdf"))
    assert citation["page"] == 3
    assert "every 500 hours" in " ".join(citation["quoted"].split())


def test_korean_is_found_by_part_of_a_word(scripted: CommandLine, sample: Path) -> None:
    scripted("add", str(sample))
    found = scripted("search", "계약", "--mode", "keyword", "--json").json["passages"]
    assert any("계약서를" in passage["text"] for passage in found)


def test_words_are_korean_on_a_korean_system(scripted: CommandLine, sample: Path) -> None:
    korean = CommandLine(scripted.library, {**scripted.environment, "LANG": "ko_KR.UTF-8", "LC_ALL": "ko_KR.UTF-8"})
    assert "라이브러리가 없습니다" in korean("status", status=1).err


def test_renaming_embeds_nothing_and_deleting_is_seen(scripted: CommandLine, sample: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(sample, folder)
    scripted("add", str(folder))
    (folder / "workshop-lease.md").rename(folder / "lease.md")
    (folder / "meeting-notes.txt").unlink()
    again = scripted("add", str(folder), "--json").json["folders"][0]
    assert (again["embedded"], again["documents"]) == (0, 8)
    found = scripted("search", LEASE, "--json").json["passages"]
    assert found[0]["path"].endswith(f"{os.sep}lease.md")
    catalogue = scripted("search", "autumn catalogue print run copies", "--json").json["passages"]
    assert not any(passage["path"].endswith("meeting-notes.txt") for passage in catalogue)


def test_an_edited_document_embeds_only_what_changed(scripted: CommandLine, sample: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(sample, folder)
    scripted("add", str(folder))
    lease = folder / "workshop-lease.md"
    lease.write_text(lease.read_text(encoding="utf-8").replace("1,850 euros", "1,900 euros"), encoding="utf-8")
    again = scripted("add", str(folder), "--json").json["folders"][0]
    assert again["embedded"] == 1
    assert "1,900 euros" in scripted("search", "monthly rent", "--json").json["passages"][0]["text"]


def test_removing_takes_a_folder_out_of_results(scripted: CommandLine, sample: Path) -> None:
    scripted("add", str(sample))
    assert scripted("remove", str(sample), "--json").json == {"removed": [str(sample)], "documents": 9}
    assert scripted("search", LEASE, "--json").json["passages"] == []
    status = scripted("status", "--json").json
    assert (status["folders"], status["passages"]) == ([], 0)
    assert "not a folder" in scripted("remove", str(sample), status=1).err
    assert scripted("add", str(sample), "--json").json["folders"][0]["documents"] == 9


def test_wrong_paths_and_wrong_words_say_so(scripted: CommandLine, sample: Path) -> None:
    assert "no file or folder" in scripted("add", "/nowhere/at/all", status=1).err
    scripted("add", str(sample))
    assert "not in this library" in scripted("text", "/nowhere/at/all", status=1).err
    assert "belongs to" in scripted("remove", str(sample / "workshop-lease.md"), status=1).err
    error = scripted("--json", "text", "/nowhere", status=1).json["error"]
    assert error["code"] == "document-unknown"
    assert scripted("search", "x", "--mode", "sideways", status=2).out == ""


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="these systems have no such file names")
def test_a_file_name_that_is_no_unicode_comes_back_as_it_was(scripted: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    name = os.fsencode(folder) + b"/caf\xe9\nnew.txt"
    with open(name, "wb") as file:
        file.write(b"The quick brown fox jumps over the lazy dog.")
    scripted("add", str(folder))
    (passage,) = scripted("search", "quick brown fox", "--json").json["passages"]
    assert os.fsencode(passage["path"]) == name
    assert "lazy dog" in scripted("text", passage["path"]).out
    assert "lazy dog" in scripted("search", "lazy dog").out


def test_a_refusal_of_the_model_is_printed(scripted: CommandLine, sample: Path) -> None:
    scripted("add", str(sample))
    assert "do not contain the answer" in scripted("ask", "Zyxwv qwertz plugh xyzzy?").out


def test_a_removed_folder_does_not_crowd_out_the_others(scripted: CommandLine, tmp_path: Path) -> None:
    crowd, wanted = tmp_path / "crowd", tmp_path / "wanted"
    for folder, count in ((crowd, 150), (wanted, 1)):
        folder.mkdir()
        for number in range(count):
            (folder / f"{number}.txt").write_text(f"The harbour festival number {number} in {folder.name}.")
    scripted("add", str(crowd), str(wanted))
    with Library.writer(scripted.library) as library:
        mark_removed(library, str(crowd))
    for mode in ("keyword", "vector", "hybrid"):
        (passage,) = scripted("search", "harbour festival", "--mode", mode, "--json").json["passages"]
        assert passage["path"] == str(wanted / "0.txt")


def test_removing_several_is_all_or_none(scripted: CommandLine, sample: Path) -> None:
    scripted("add", str(sample))
    assert "not a folder" in scripted("remove", str(sample), "/nowhere/at/all", status=1).err
    assert len(scripted("status", "--json").json["folders"]) == 1


@pytest.fixture
def plants(tmp_path: Path) -> Path:
    """Two folders of notes of two kinds, one of them twice."""
    folder = tmp_path / "plants"
    for name, words, year in (
        ("trees/oak.txt", "An oak lives for many centuries in the forest.", 2021),
        ("trees/copy.txt", "An oak lives for many centuries in the forest.", 2020),
        ("trees/draft.txt", "A draft: the oak may be felled in the forest next year.", 2022),
        ("herbs/mint.md", "# Mint\n\nMint is cut in the forest garden before it flowers.", 2023),
    ):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(words, encoding="utf-8")
        when = datetime(year, 6, 1, tzinfo=UTC).timestamp()
        os.utime(path, (when, when))
    return folder


def names(found: Any) -> list[str]:
    return sorted(os.path.basename(passage["path"]) for passage in found["passages"])


@pytest.mark.parametrize(
    ("options", "query", "expected"),
    [
        (["--in", "herbs"], "in:herbs", ["mint.md"]),
        (["--in", "herbs", "--in", "trees"], "in:herbs,trees", ["draft.txt", "mint.md", "oak.txt"]),
        (["--type", "markdown"], "type:markdown", ["mint.md"]),
        (["--after", "2022"], "after:2022", ["draft.txt", "mint.md"]),
        (["--before", "2022-01-01", "--path", "o*"], "before:2022-01-01 path:o*", ["oak.txt"]),
        (["--author", "nobody"], "author:nobody", []),
    ],
)
def test_options_narrow_a_search_as_its_syntax_does(
    scripted: CommandLine, plants: Path, options: list[str], query: str, expected: list[str]
) -> None:
    scripted("add", str(plants))
    chosen = scripted("search", "oak forest mint", *options, "--json").json
    typed = scripted("search", f"oak forest mint {query}", "--json").json
    assert names(chosen) == names(typed) == expected
    assert chosen["parsed"]["filters"] == typed["parsed"]["filters"]
    assert typed["parsed"]["text"] == "oak forest mint"


def test_a_relative_folder_is_meant_from_here(scripted: CommandLine, plants: Path) -> None:
    scripted("add", str(plants))
    here = os.path.relpath(plants / "herbs", ROOT)
    assert here.startswith("..")
    assert names(scripted("search", "forest", "--in", here, "--json").json) == ["mint.md"]


def test_search_tells_what_it_understood_and_did(scripted: CommandLine, plants: Path) -> None:
    scripted("add", str(plants))
    said = scripted("search", '"many centuries" oak -felled after:2020', "--without", "context", "--json").json
    filters: Any = {"folders": [], "formats": [], "after": "2020-01-01", "before": None, "authors": [], "paths": []}
    assert said["parsed"] == {
        "text": '"many centuries" oak',
        "filters": filters,
        "phrases": ["many centuries"],
        "without": ["felled"],
    }
    assert (said["is_relevant"], said["inexact"]) == (True, False)
    assert 0.5 < said["relevance"] <= 1
    stages = {each["stage"]: each for each in said["stages"]}
    assert list(stages)[:3] == ["keyword", "vector", "fused"]
    assert (stages["vector"]["absent"], stages["context"]["absent"]) == (None, "left-out")
    assert stages["rerank"]["absent"] == "reranker-missing"
    assert all(each["ms"] >= 0 for each in said["stages"])
    (passage,) = said["passages"]
    found = {os.path.basename(path) for path in (passage["path"], *passage["twins"])}
    assert (found, passage["leaf"]) == ({"oak.txt", "copy.txt"}, None)


def test_passages_that_stand_together_are_shown_as_one(scripted: CommandLine, sample: Path) -> None:
    scripted("add", str(sample))
    query = "main bearing greased every 500 hours oil level motor warranty"
    merged = scripted("search", query, "--merge", "--top-k", "20", "--json").json["passages"]
    apart = scripted("search", query, "--top-k", "20", "--json").json["passages"]
    assert not any(passage["leaf"] for passage in apart)
    (whole, *_) = [passage for passage in merged if passage["leaf"]]
    assert whole["start"] <= whole["leaf"]["start"] < whole["leaf"]["end"] <= whole["end"]
    assert whole["leaf"]["end"] - whole["leaf"]["start"] < whole["end"] - whole["start"]
    assert len({passage["start"] for passage in merged if passage["path"] == whole["path"]}) < len(
        {passage["start"] for passage in apart if passage["path"] == whole["path"]}
    )


def test_people_are_told_of_copies_and_of_what_fits_nothing(scripted: CommandLine, plants: Path) -> None:
    scripted("add", str(plants))
    shown = scripted("search", "how many centuries does an oak live")
    assert "   = also in " in shown.out
    assert shown.err == ""
    unfit = scripted("search", "oak type:pdf")
    assert "Nothing was found." in unfit.out
    assert "No document fits the filters." in unfit.err
    foreign = scripted("search", "Who composed the opera about a flying whale?")
    assert "none seems to be about the question" in foreign.err
    assert "1. " in foreign.out
    inexact = scripted("search", '"centuries of oak"')
    assert "stand nowhere together" in inexact.err
    assert "none seems" not in scripted("search", "type:txt").err


def test_a_search_without_meaning_says_so_and_one_without_a_reranker_does_not(
    scripted: CommandLine, plants: Path
) -> None:
    scripted("add", str(plants))
    bare = CommandLine(scripted.library, {**scripted.environment, "RAG_DESKTOP_ENGINE": ""})
    shown = bare("search", "oak forest")
    assert shown.err.count("No embedding model is installed") == 1
    assert "rerank" not in shown.err
    assert bare("search", "oak forest", "--mode", "keyword").err == ""


def test_ask_is_narrowed_too(scripted: CommandLine, sample: Path) -> None:
    scripted("add", str(sample))
    assert not scripted("ask", LEASE, "--type", "md", "--json").json["refused"]
    elsewhere = scripted("ask", LEASE, "--type", "pdf", "--json").json["citations"]
    assert all(citation["path"].endswith(".pdf") for citation in elsewhere)
    assert scripted("ask", LEASE, "--in", "nowhere", "--json").json["refused"]


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--after", "last summer", "“last summer” is no date"),
        ("--before", "2023-02-31", "“2023-02-31” is no date"),
        ("--type", "a?b", "“a?b” is no type"),
        ("--in", " ", "--in"),
        ("--without", "keyword", "--without"),
    ],
)
def test_an_option_that_means_nothing_is_refused(scripted: CommandLine, option: str, value: str, sentence: str) -> None:
    refused = scripted("search", "oak", option, value, status=2)
    assert sentence in refused.err
    assert refused.out == ""
