"""What is left out of a folder: the defaults, a person's own lines, and git's own word on what these mean."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.files.defaults import DEFAULTS
from rag_desktop.files.patterns import refused
from rag_desktop.files.rules import Rules

ROOT = os.path.join(os.sep, "home", "me")


def rules(patterns: str = "", *, ignore_case: bool = False) -> Rules:
    return Rules(ROOT, patterns, ignore_case=ignore_case)


def excludes(patterns: str, path: str, *, ignore_case: bool = False) -> bool:
    """Whether a path below the root is left out; one that ends in a slash is a folder."""
    absolute = os.path.join(ROOT, *path.rstrip("/").split("/"))
    return rules(patterns, ignore_case=ignore_case).excludes(absolute, path.endswith("/"))


@pytest.mark.parametrize(
    "path",
    [
        ".git/", ".git", "a/.git/config", ".hg/", "node_modules/", "a/b/node_modules/c/readme.md", "__pycache__/",
        ".venv/", "venv/lib/x.py", "site-packages/", ".cache/", ".idea/", ".gradle/",
        ".ssh/", ".ssh/config", ".gnupg/", ".aws/credentials", ".kube/", ".password-store/", "a/server.pem", "x.key",
        "id_rsa", "id_rsa.pub", "id_ed25519.old", "vault.kdbx", "a.p12", "a.pfx", "a.jks", "a.keystore", ".netrc",
        ".pgpass", ".env", ".env.local", "a/.env.production",
        ".Trash/", ".Trash-1000/", "$RECYCLE.BIN/", "System Volume Information/", ".DS_Store", "Thumbs.db",
        "lost+found/", ".local/share/Trash/files/a.txt", "._a.txt",
        "~$letter.docx", ".~lock.letter.odt#", "a.swp", "a.txt~", "a.tmp", "a.part", "a.pdf.crdownload",
    ],
)  # fmt: skip
def test_what_is_left_out_by_default(path: str) -> None:
    assert excludes("", path)


@pytest.mark.parametrize(
    "path",
    [
        "a.txt", "docs/", "key.txt", "environment/", "env/", "my.env.txt", "gitignore.md", "node_modules", "venv",
        "Trash/a.txt", "keynote.md", "a.templates", "build/", "dist/", "target/", "git/", "보고서.pdf", "pem", "~", "$",
    ],
)  # fmt: skip
def test_what_is_not(path: str) -> None:
    assert excludes("", path) == (path == "~")


def test_the_defaults_are_lines_that_mean_something() -> None:
    lines = [line for line in DEFAULTS.split("\n") if line and not line.startswith("#")]
    assert len(lines) == len(set(lines))
    assert refused(DEFAULTS) == ()


@pytest.mark.parametrize(
    ("patterns", "path", "is_excluded"),
    [
        ("*.log", "a.log", True),
        ("*.log", "deep/er/a.log", True),
        ("*.log\n!keep.log", "keep.log", False),
        ("!keep.log\n*.log", "keep.log", True),
        ("/drafts/", "drafts/a.txt", True),
        ("/drafts/", "old/drafts/a.txt", False),
        ("drafts/", "drafts", False),
        ("old/*.txt", "old/a.txt", True),
        ("old/*.txt", "old/deep/a.txt", False),
        ("old/**/*.txt", "old/deep/er/a.txt", True),
        ("old/**/*.txt", "old/a.txt", True),
        ("**/tables/*.csv", "a/b/tables/c.csv", True),
        ("x/**/y/**/z", "x/y/q/y/z", True),
        ("x/**/y/**/z", "x/z/y", False),
        ("**/*/**", "a/b", True),
        ("**/*/**", "a", False),
        ("x/**/y?/*y/**/z", "x/yy/y1/yy/q/z", True),
        ("secret/**", "secret/", False),
        ("secret/**", "secret/a/b", True),
        ("secret/**\n!secret/open.txt", "secret/open.txt", False),
        ("/*\n!/only/", "other/a.txt", True),
        ("/*\n!/only/", "only/a.txt", False),
        ("!node_modules/", "node_modules/a/readme.md", False),
        ("!node_modules/", "node_modules/a/.git/config", True),
        ("!node_modules/a.txt", "node_modules/a.txt", True),
        ("!.env", ".env", False),
        ("!.env", ".env.local", True),
        ("b/\n!a/", "a/b/c", True),
        ("# *.txt", "a.txt", False),
        ("\\#a", "#a", True),
        ("\\!a", "!a", True),
        ("a?c.txt", "abc.txt", True),
        ("[ab].txt", "c.txt", False),
        ("[!ab].txt", "c.txt", True),
        ("x/[!a]y", "x/a/y", False),
        ("a.txt   ", "a.txt", True),
        ("a\\ ", "a ", True),
        ("a", "a ", False),
        ("*.TXT", "a.txt", False),
    ],
)
def test_lines_mean_what_they_mean_to_git(patterns: str, path: str, is_excluded: bool) -> None:
    assert excludes(patterns, path) == is_excluded


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_lines_of_any_system(ending: str) -> None:
    assert excludes(f"*.one{ending}*.two{ending}", "a.one")
    assert excludes(f"*.one{ending}*.two{ending}", "a.two")


def test_case_counts_where_it_counts_for_the_system() -> None:
    assert not excludes("*.Log\n/Drafts/", "a.LOG")
    for path in ("a.LOG", "dRAFTS/a.txt", "NODE_MODULES/a", "X.PEM", "thumbs.DB"):
        assert excludes("*.Log\n/Drafts/", path, ignore_case=True)
    assert not excludes("!NODE_MODULES/", "node_modules/a", ignore_case=True)


@pytest.mark.parametrize(
    ("patterns", "path"),
    [
        ("*.txt", "a\nb.txt"),
        ("b/", "a\nb/b/c"),
        ("a/**/c", "a/x\ny/c"),
        ("a?b", "a\nb"),
        ("\u202e*", "\u202etxt.exe"),
        ('"*"', '"quoted"'),
        ("*caf*", b"caf\xe9".decode("utf-8", "surrogateescape")),
        ("각서*", "\u1100\u1161\u11a8서.txt"),
        ("\u1100\u1161\u11a8서*", "각서.txt"),
        ("*" * 40 + "a", "x" * 254 + "a"),
    ],
)
def test_names_of_all_kinds(patterns: str, path: str) -> None:
    assert excludes(patterns, path)
    assert not excludes(patterns, "zzz")


@pytest.mark.parametrize(("patterns", "path"), [("*.tx", "a.tx\n"), ("a", "a\n"), ("a.txt", "a.txt ")])
def test_names_that_only_begin_like_a_pattern(patterns: str, path: str) -> None:
    assert not excludes(patterns, path)


def test_a_name_of_many_letters_is_decided_at_once() -> None:
    assert not excludes("*a*a*a*a*a*a*a*a*a*b", "a" * 255)
    assert excludes("*a*a*a*a*a*a*a*a*a*b", "a" * 254 + "b")
    deep = "a/" * 300 + "a"
    assert not excludes("**/a/**/a/**/a/**/a/**/b", deep)
    assert excludes("a/**/a/**/a/**/a/**/a", deep)


def test_the_reason_is_the_line_that_decided() -> None:
    some = rules("Letters/\n  *.log\n")
    assert some.reason(os.path.join(ROOT, "a.txt")) is None
    assert some.reason(os.path.join(ROOT, "Letters", "deep", "a.txt")) == "Letters/"
    assert some.reason(os.path.join(ROOT, "node_modules"), is_dir=True) == "node_modules/"
    assert some.reason(os.path.join(ROOT, "node_modules")) is None
    assert some.reason(os.path.join(ROOT, "x.pem")) == "*.pem"


def test_a_path_elsewhere_is_a_bug() -> None:
    for path in (ROOT, os.path.join(os.sep, "home", "meadow", "a"), os.path.join(os.sep, "etc")):
        with pytest.raises(ValueError, match="not below"):
            rules().excludes(path, False)


def test_the_root_of_a_disk() -> None:
    assert Rules(os.sep, "/tmp/").excludes(os.path.join(os.sep, "tmp", "a"), False)
    assert not Rules(os.sep).excludes(os.path.join(os.sep, "tmp", "a"), False)


@pytest.mark.parametrize(
    "line",
    ["[", "a[b", "[z-a]", "a\\", "!", "/", "//", "a//b", "./a", "../a", "a/..", "[[:alpha:]]", "[a&&b]", "a\0b",
     "x" * 2_000],
)  # fmt: skip
def test_lines_that_mean_nothing_are_refused(line: str) -> None:
    assert refused(f"*.txt\n{line}\n# a comment\n") == (line,)
    with pytest.raises(UserFacingError) as caught:
        rules(f"*.txt\n{line}")
    assert (caught.value.code, caught.value.arguments) == ("pattern-refused", {"pattern": line})


def test_there_is_an_end_to_lines() -> None:
    assert refused("a\n" * 2_000) == ()
    assert len(refused("a\n" * 2_001)) > 0
    with pytest.raises(UserFacingError, match="pattern-refused"):
        rules("a\n" * 2_001)


# All lines of a few letters, against git itself, and against pathspec where the two are of one mind

_WORD = st.text("ab*?", min_size=1, max_size=3).filter(lambda word: "**" not in word)
"""`a**/b` is left out: git takes its `**` for folders, against its own manual."""
_SEGMENT = _WORD | st.sampled_from(["**", "[ab]", "[!a]", "a[^b]", "\\a", "*.b"])
_LINE = st.builds(
    lambda negated, start, parts, end: negated + start + "/".join(parts) + end,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(_SEGMENT, min_size=1, max_size=3),
    st.sampled_from(["", "", "/"]),
)
_NAME = st.text("ab", min_size=1, max_size=2) | st.sampled_from(["a.b", "aab"])
_PATH = st.lists(_NAME, min_size=1, max_size=4).map("/".join)


def own_lines_only(lines: list[str]) -> str:
    return "\n".join(lines)


@given(st.lists(_LINE, min_size=1, max_size=4), _PATH)
def test_a_file_is_left_out_as_pathspec_says_of_it_and_its_folders(lines: list[str], path: str) -> None:
    assume(not refused(own_lines_only(lines)))
    assume(not any(line.startswith("!") for line in lines))
    assume(not any("**" in line or "[!" in line or "[^" in line for line in lines))
    assert excludes(own_lines_only(lines), path) == GitIgnoreSpec.from_lines(lines).match_file(path)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is asked what it would do")
@settings(max_examples=60)
@given(st.lists(_LINE, min_size=1, max_size=4), st.lists(_PATH, min_size=1, max_size=12))
def test_a_file_is_left_out_where_git_leaves_it_out(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], paths: list[str]
) -> None:
    assume(not refused(own_lines_only(lines)))
    root = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    (root / ".git" / "info").mkdir(exist_ok=True)
    (root / ".git" / "info" / "exclude").write_text("\n".join(lines) + "\n")
    asked = subprocess.run(
        ["git", "-c", "core.excludesFile=", "check-ignore", "--no-index", "-z", "--stdin"],
        cwd=root, input="\0".join(paths), capture_output=True, text=True, check=False,
    )  # fmt: skip
    ignored = set(asked.stdout.split("\0")) - {""}
    for path in paths:
        assert excludes(own_lines_only(lines), path) == (path in ignored), (lines, path)
    shutil.rmtree(root)


def test_rules_are_of_one_root(tmp_path: Path) -> None:
    assert Rules(str(tmp_path)).root == str(tmp_path)
