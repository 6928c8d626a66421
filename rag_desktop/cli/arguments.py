"""What can be typed: verbs and their options. `--library` and `--json` work before and after the verb."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from rag_desktop import __version__
from rag_desktop.cli.filters import add_filters
from rag_desktop.services.evaluation.stages import LATER, REMOVABLE
from rag_desktop.services.retrieval import Mode
from rag_desktop.services.wording import Wording
from rag_desktop.text.schemes import EXAMPLES


def parser(wording: Wording) -> argparse.ArgumentParser:
    """The whole command line."""
    say = wording.say
    common = _common(wording, defaults=False)
    top = argparse.ArgumentParser(
        prog="rag-desktop",
        description=say("Ask your own folders, offline."),
        parents=[_common(wording, defaults=True)],
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    verbs = top.add_subparsers(dest="verb", metavar=say("VERB"))

    def verb(name: str, help_: str) -> argparse.ArgumentParser:
        return verbs.add_parser(name, help=help_, description=help_, parents=[common], allow_abbrev=False)

    add = verb("add", say("Add folders or files, or look again at ones that were added"))
    add.add_argument("paths", nargs="+", metavar="PATH", type=_path)
    _chunker(add, wording)
    _searching(verb("search", say("Find passages")), wording)
    ask = verb("ask", say("Answer a question from the library, with citations"))
    ask.add_argument("question", metavar="QUESTION")
    ask.add_argument("--top-k", type=_at_least_one, help=say("how many passages an answer may draw on"))
    add_filters(ask, wording)
    verb("status", say("Show what the library holds"))
    remove = verb("remove", say("Take folders or files out of the library; nothing on disk is touched"))
    remove.add_argument("paths", nargs="+", metavar="PATH", type=_path)
    text = verb("text", say("Print the text of a document, as offsets count it"))
    text.add_argument("path", metavar="PATH", type=_path)
    _models(verb("models", say("See, fetch, import, choose and check models")), common, wording)
    _upkeep(verb, wording)
    _evaluate(verb("evaluate", say("Measure how well questions are searched")), common, wording)
    check = verb("check", say("Check the files of the library, and mend them where they are damaged"))
    check.add_argument("--repair", action="store_true", help=say("mend what can be mended; say what is lost"))
    verb("demo", say("Index the sample folder and answer three questions"))
    return top


def _common(wording: Wording, *, defaults: bool) -> argparse.ArgumentParser:
    """Options of every verb. Only the copy before the verb has defaults, so that a verb's own does not undo it."""
    common = argparse.ArgumentParser(add_help=False, argument_default=None if defaults else argparse.SUPPRESS)
    absent = None if defaults else argparse.SUPPRESS
    common.add_argument("--library", type=Path, metavar="DIR", default=absent, help=wording.say("the library to use"))
    common.add_argument(
        "--json",
        action="store_true",
        default=False if defaults else argparse.SUPPRESS,
        help=wording.say("print one JSON object, and nothing else"),
    )
    return common


def _searching(search: argparse.ArgumentParser, wording: Wording) -> None:
    say = wording.say
    search.add_argument("query", metavar="QUERY")
    search.add_argument("--top-k", type=_at_least_one, help=say("how many passages to show"))
    search.add_argument("--mode", choices=[mode.value for mode in Mode], default=Mode.HYBRID.value)
    search.add_argument(
        "--exact", action="store_true", help=say("compare with every vector instead of asking the index")
    )
    search.add_argument("--merge", action="store_true", help=say("show passages that stand together as one"))
    _stages(search, LATER, wording)
    add_filters(search, wording)


def _stages(verb: argparse.ArgumentParser, removable: Sequence[str], wording: Wording) -> None:
    """Options that leave out some of the stages of a search, or put them in."""
    for option, name, choices, help_ in (
        ("--without", "without", removable, wording.say("leave out a stage; may be repeated")),
        ("--with", "also", LATER, wording.say("run a stage that is off; may be repeated")),
    ):
        verb.add_argument(option, dest=name, action="append", default=[], choices=choices, help=help_)


def _upkeep(verb: Callable[[str, str], argparse.ArgumentParser], wording: Wording) -> None:
    say = wording.say
    problems = verb("problems", say("Show what could not be read, why, and what to do about it"))
    problems.add_argument("--all", action="store_true", help=say("those that are ignored, too"))
    for option, help_ in (
        ("--retry", say("read these files again though they did not change")),
        ("--ignore", say("say no more of these files until they change")),
        ("--heed", say("ignore these files no longer")),
    ):
        problems.add_argument(option, nargs="+", metavar="PATH", type=_path, help=help_)
    why = verb("why", say("Say whether a file is in the library, and why not"))
    why.add_argument("path", metavar="PATH", type=_path)
    folder = verb("folder", say("Show or change how a folder is indexed"))
    folder.add_argument("path", metavar="PATH", type=_path)
    going = folder.add_mutually_exclusive_group()
    going.add_argument("--pause", action="store_true", help=say("read no more of it until --resume"))
    going.add_argument("--resume", action="store_true", help=say("go on with it"))
    excluding = folder.add_mutually_exclusive_group()
    excluding.add_argument(
        "--exclude", nargs="*", metavar="PATTERN", help=say("leave out what these patterns of .gitignore syntax match")
    )
    excluding.add_argument("--exclude-from", type=Path, metavar="FILE", help=say("the same, from the lines of a file"))
    _chunker(folder, wording)


def _chunker(verb: argparse.ArgumentParser, wording: Wording) -> None:
    said = wording.say("how documents are cut: {examples}", examples=", ".join(EXAMPLES))
    verb.add_argument("--chunker", metavar="NAME", help=said)


def _evaluate(evaluate: argparse.ArgumentParser, common: argparse.ArgumentParser, wording: Wording) -> None:
    say = wording.say
    help_ = say("index a dataset in a library of its own and measure each stage of search")
    acts = evaluate.add_subparsers(dest="act", required=True)
    act = acts.add_parser("retrieval", help=help_, description=help_, parents=[common], allow_abbrev=False)
    act.add_argument(
        "dataset",
        type=Path,
        metavar="DATASET",
        help=say("a folder in BEIR form, a JSON file in SQuAD's form, or a folder of documents with questions.jsonl"),
    )
    act.add_argument("--documents", type=Path, metavar="DIR", help=say("the folder that the questions are about"))
    act.add_argument("--top-k", type=_at_least_one, help=say("how many passages a search is asked for"))
    act.add_argument("--limit", type=_at_least_one, metavar="N", help=say("ask at most N questions, drawn by chance"))
    _stages(act, REMOVABLE, wording)
    act.add_argument("--ablation", action="store_true", help=say("leave out each stage in turn"))
    act.add_argument("--exact", action="store_true", help=say("compare with every vector instead of asking the index"))
    act.add_argument("--fresh", action="store_true", help=say("index anew, whatever an earlier evaluation left"))
    _chunker(act, wording)


def _models(models: argparse.ArgumentParser, common: argparse.ArgumentParser, wording: Wording) -> None:
    acts = models.add_subparsers(dest="act", required=True)
    for name, argument, help_ in (
        ("list", None, wording.say("models of the catalogue and on this machine")),
        ("get", "NAME", wording.say("download a model (the only thing that uses the network)")),
        ("import", "FILE", wording.say("copy a GGUF file into the models folder")),
        ("use", "NAME", wording.say("use a model from now on")),
        ("verify", "NAME", wording.say("check a model's files, or all")),
    ):
        act = acts.add_parser(name, help=help_, description=help_, parents=[common], allow_abbrev=False)
        if argument == "FILE":
            act.add_argument("file", type=Path, metavar=argument)
        elif argument:
            act.add_argument("name", metavar=argument, nargs="?" if name == "verify" else None)


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(repr(text))
    return int(text)


def _path(text: str) -> str:
    """An empty path is a variable that was not set, and not the folder one happens to be in."""
    if not text:
        raise argparse.ArgumentTypeError(repr(text))
    return text
