"""The one message catalogue: what each error code says, in the person's language, for the window and the command line.

English sentences are the keys of gettext's catalogue; `resources/locale/ko` holds the Korean ones. A sentence is never
pasted together from pieces: its arguments are named fields.
"""

import gettext
import locale
import os
from pathlib import Path

from rag_desktop.domain.errors import Argument, UserFacingError

DOMAIN = "rag_desktop"


def N_(sentence: str) -> str:  # noqa: N802 - gettext's own name for "to be translated later"
    """Marks a sentence for the catalogue where it cannot be translated yet."""
    return sentence


ERRORS: dict[str, str] = {
    # the library
    "library-missing": N_("There is no library in {path} yet. Add a folder first."),
    "library-newer": N_("The library {path} was written by a newer version of this program. Please update."),
    "library-damaged": N_(
        "The file {path} is damaged. “rag-desktop check --repair” mends it; so does the window when it opens."
    ),
    "library-mending": N_("The library is being checked and mended. Please try again in a while."),
    "library-unopenable": N_(
        "Opening the library in {path} ended the program several times. “rag-desktop check --repair” mends it."
    ),
    "library-in-use": N_("Another program is changing the library in {path} right now. Please try again later."),
    "library-forbidden": N_("The library in {path} cannot be written to. Please check its permissions."),
    "library-busy": N_("The library in {path} was busy for too long. Please try again."),
    "disk-full": N_("The disk is full."),
    "disk-low": N_("Indexing stopped: {free} MB are free on the disk, and {needed} MB are needed to go on."),
    "disk-failed": N_("The disk that holds {path} could not be read or written."),
    # what a check of the library finds
    "check-structure": N_("The library file is damaged: {detail}"),
    "check-schema": N_("The library file lacks a part: {name}"),
    "check-index": N_("An index of the library file does not fit its table: {detail}"),
    "check-trigger": N_("The library file lacks the rule {name}, which keeps search by meaning in step."),
    "check-references": N_("The table {table} of the library file refers to rows that are not there."),
    "check-document": N_("What is stored of {path} does not fit together."),
    "check-words": N_("The keyword index differs from the texts ({count} passages at least)."),
    "check-names": N_("The index of names and titles differs from the documents ({count})."),
    "check-full-text": N_("The keyword index is damaged."),
    "check-vectors": N_("{count} vectors of {model} are damaged."),
    "check-copies": N_("{count} vectors of {model} differ from their sound copy."),
    "check-stray-vectors": N_("{count} vectors belong to no passage."),
    "check-sequence": N_("The counter of {table} is behind its rows."),
    "check-snapshot": N_("The vector index of {model} is damaged, missing or behind; it is made anew."),
    "check-folder": N_("The entry of the folder {path} differs from its backup."),
    "check-stray-files": N_("{path} is a leftover and can go."),
    "check-backup": N_("The backup {path} is damaged."),
    "check-conversations": N_("The file of conversations is damaged."),
    # what was brought back, or lost
    "library-repaired": N_("The library was damaged and has been mended."),
    "documents-outdated": N_("{count} documents are read again."),
    "vectors-lost": N_("{count} vectors were damaged and are made again."),
    "library-salvaged": N_(
        "The library file was damaged beyond mending. {folders} folders and {vectors} vectors were saved; all"
        " documents are read again. The damaged file is kept as {path}."
    ),
    "library-missing-remade": N_(
        "The library file was missing. Its {folders} folders come from a backup; all documents are read again."
    ),
    "conversations-restored": N_(
        "The conversations were damaged. {turns} answers are back: from the backup of {when}, and {newer} newer ones."
        " Answers lost since: {lost}. The damaged file is kept as {path}."
    ),
    "conversations-salvaged": N_(
        "The conversations were damaged, and there was no backup. {turns} answers could be saved; lost: {lost}. The"
        " damaged file is kept as {path}."
    ),
    "conversations-cut": N_("The end of the file of conversations was damaged. The last answers may be missing."),
    "settings-restored": N_("The settings file was damaged. The settings of {when} are back."),
    # folders
    "path-missing": N_("There is no file or folder {path}."),
    "path-not-regular": N_("{path} is neither a file nor a folder."),
    "folder-away": N_("{path} cannot be reached right now. What was indexed of it is kept."),
    "folder-forbidden": N_("{path} could not be opened. Please check its permissions."),
    "folder-unknown": N_("{path} is not a folder of this library."),
    "folder-inside": N_("{path} was not added by itself; it belongs to {folder}."),
    "watch-limit": N_("{path} has more folders than the system lets programs watch. It is looked at now and then."),
    "watch-missing": N_("Changes cannot be noticed as they happen on this system. Folders are looked at now and then."),
    "watch-failed": N_("Changes in {path} cannot be noticed as they happen. It is looked at now and then."),
    "folder-paused": N_("It was not read yet: indexing of {folder} is paused."),
    "pattern-refused": N_("{pattern} is no pattern of .gitignore syntax."),
    "chunker-unknown": N_("Documents cannot be cut by “{name}”. Possible are, for example: {examples}"),
    "path-own": N_("{path} belongs to this program and holds no documents."),
    "path-outside": N_("{path} lies in no folder of this library."),
    "path-excluded": N_("It is left out of {folder} by the pattern {pattern}"),
    "path-link": N_("{path} is a link. Links are not followed; add the folder that it leads to."),
    "path-unread": N_("It was not read yet. It will be at the next look at {folder}."),
    "document-unknown": N_("{path} is not in this library."),
    # documents: shown beside their path
    "file-missing": N_("The file was gone when it was to be read."),
    "file-forbidden": N_("The file could not be opened. Please check its permissions."),
    "file-empty": N_("The file is empty."),
    "file-binary": N_("The file does not hold text."),
    "file-too-large": N_("The file is larger than what is read at most."),
    "format-unknown": N_("This file format cannot be read."),
    "pdf-encrypted": N_("The PDF is locked with a password."),
    "pdf-damaged": N_("The file is damaged, or no PDF."),
    "pdf-too-long": N_("The PDF has more pages than are read at most ({limit})."),
    "pdf-too-large": N_("The PDF holds more text than is read at most."),
    "image-too-large": N_("The picture has more pixels than are read at most."),
    "recogniser-failed": N_("Recognising its text failed: {reason}"),
    "html-damaged": N_("The file is damaged, or no HTML."),
    "file-damaged": N_("The file is damaged, or not what its name says."),
    "file-encrypted": N_("The file is locked with a password."),
    "csv-damaged": N_("The table could not be read: a cell has no end."),
    "csv-too-wide": N_("The table has more columns than are read at most ({limit})."),
    "csv-too-large": N_("The table is larger than what is read at most."),
    "json-damaged": N_("The file is not valid JSON (line {line})."),
    "json-too-deep": N_("The JSON is nested too deeply."),
    "json-too-large": N_("The JSON holds more values than are read at most."),
    "text-undecodable": N_("The encoding of the text could not be recognised."),
    "no-text": N_("The document holds no text. It may be a scan: pictures of text only."),
    "reader-died": N_("Reading the file failed twice. It is tried again when the file changes."),
    "reader-deadline": N_("Reading the file took too long and was given up."),
    "reader-memory": N_("Reading the file took too much memory and was given up."),
    "reader-bug": N_("Reading the file failed because of an error in this program: {report}"),
    # searching and answering
    "question-empty": N_("Please type a question."),
    "vectors-missing": N_("There are no vectors to search by meaning yet."),
    "embedder-missing": N_("No embedding model is installed, so search works by keyword only."),
    "reranker-missing": N_("No reranking model is installed; search does without one."),
    "embedder-better": N_("{used} cannot read the script of {percent} % of the passages: words alone find them."),
    "embedder-better-here": N_("{used} cannot read the script of {percent} % of the passages: words alone find them."),
    "generator-missing": N_("No language model is installed, so questions cannot be answered yet."),
    "prompt-too-long": N_("The question with its sources is longer than the model can take."),
    "template-unknown": N_("There is no prompt template {name}."),
    # evaluating
    "dataset-unknown": N_(
        "{path} is no dataset: neither a folder with corpus.jsonl or questions.jsonl, nor a JSON file in SQuAD's form."
    ),
    "dataset-missing": N_("The dataset's file {path} is missing or cannot be read."),
    "dataset-damaged": N_("The dataset's file {path} cannot be understood at line {line}."),
    "dataset-empty": N_("{path} holds no question with anything relevant."),
    "stages-none": N_("Nothing is left to search with."),
    "evaluation-partial": N_("Searching by meaning failed on the way, so there are no figures. The log tells more."),
    # children
    "child-died": N_("A helper process ({name}) ended unexpectedly and will be restarted."),
    "child-deadline": N_("A helper process ({name}) took too long and was ended."),
    "child-memory": N_("A helper process ran out of memory."),
    "child-stopped": N_("Stopped."),
    "child-broken": N_("A helper process ({name}) does not start. It will be tried again in a while."),
    # models
    "model-unknown": N_("There is no model {name} in the catalogue."),
    "model-not-installed": N_("The model {name} is not installed."),
    "model-unpinned": N_("{name} cannot be downloaded by this version. Please import its file instead."),
    "model-damaged": N_("The model file {name} is damaged."),
    "model-missing": N_("The model file {name} is missing."),
    "model-busy": N_("The model {name} is in use."),
    "model-not-gguf": N_("{name} is not a GGUF model file."),
    "model-unreadable": N_("The model file {file} cannot be read."),
    "model-unsuited": N_("{name} is of a kind ({architecture}) that cannot answer questions."),
    "model-memory": N_("There is not enough memory for the model {name}."),
    "catalogue-damaged": N_("The model catalogue {file} is damaged at {place}: {reason}"),
    "source-missing": N_("{file} is not there."),
    "wheel-missing": N_("The package index does not have {package}."),
    "network-unreachable": N_("{host} cannot be reached. Please check the connection and try again."),
    "network-untrusted": N_("{host} could not prove who it is, so nothing was downloaded."),
    "address-refused": N_("The download was sent on to {host}, where this program does not go."),
    "download-refused": N_("{host} refused the download ({status})."),
    "download-damaged": N_("The downloaded file {file} is damaged and was thrown away. Please try again."),
    "conversion-failed": N_("{name} could not be made from what was downloaded. Please try again."),
    "download-unverified": N_("{host} does not say what {file} must look like, so it was not kept."),
    "resources-missing": N_("The program was not installed whole: its resources are missing."),
    # settings
    "setting-unknown": N_("There is no setting {key}."),
    "setting-refused": N_("{value} is no value for the setting {key}."),
    "settings-unwritable": N_("The settings file {file} cannot be written."),
    "cancelled": N_("Stopped."),
    # the window
    "window-gone": N_("The window closed before this was done. What was done so far is kept."),
    "window-silent": N_("Another window has this library and does not answer. Please close it first."),
    "bug": N_("Something went wrong in this program. The log tells more."),
    "document-gone": N_("The document is no longer in the library."),
    "settings-damaged": N_("The settings file could not be read, so the usual settings are used."),
    # what was left out though a document was read
    "pages-without-text": N_("Some pages hold no text; they may be scans."),
    "pages-unreadable": N_("Some pages could not be read."),
    "pages-recognised": N_("Some pages are scans; their text was recognised and may hold errors."),
    "pages-not-recognised": N_("Some scanned pages were left out: there are more than are recognised at most."),
    "docx-parts-left-out": N_("Charts, diagrams or files inside the document were not read."),
    "hwpx-parts-left-out": N_("Charts, diagrams or files inside the document were not read."),
    "parts-unreadable": N_("Some parts of the document could not be read."),
    "text-hidden": N_("Text that the document hides was left out."),
    "form-left-out": N_("The document is a form that only Adobe Reader shows. What was filled in was not read."),
    "json-lines-damaged": N_("Some lines are not valid JSON and were read as text."),
    "json-data-left-out": N_("Long lists of numbers or encoded data were left out."),
    "text-cut": N_("The file is very long; only its beginning was read."),
    "text-partly-undecodable": N_("Some characters could not be recognised."),
    "attachments-unreadable": N_("Some attachments could not be read."),
    "messages-encrypted": N_("A message is encrypted, and its words could not be read."),
    "messages-unreadable": N_("Some messages could not be read."),
    "notebook-outputs-cut": N_("Long outputs of the notebook were cut."),
    "xml-not-well-formed": N_("The file is not well-formed XML and was read as plain text."),
}
"""Every code that a UserFacingError may carry, with its sentence."""


HINTS: dict[str, str] = {
    "file-forbidden": N_("Check that you may read it, or close the program that keeps it open. Then try again."),
    "folder-forbidden": N_("Check that you may read it, then look again."),
    "folder-away": N_("Connect the drive or share; it is taken up again by itself."),
    "file-too-large": N_("Raise “Largest file” in the settings, or split the file."),
    "no-text": N_("If it holds pictures of text, add text recognition as the README says."),
    "text-undecodable": N_("If it is text, save it again as UTF-8."),
    "file-binary": N_("If it is text, save it again as UTF-8; otherwise ignore it."),
    "pdf-encrypted": N_("Save a copy without the password; it is read by itself."),
    "file-encrypted": N_("Save a copy without the password; it is read by itself."),
    "pdf-damaged": N_("Open it in another program and save it again; it is read by itself."),
    "html-damaged": N_("Open it in another program and save it again; it is read by itself."),
    "file-damaged": N_("Open it in another program and save it again; it is read by itself."),
    "reader-deadline": N_("Split the file, raise “Longest reading” in the settings, or try again."),
    "reader-memory": N_("Split the file, or try again when fewer programs are open."),
    "reader-died": N_("Save it again in another program, or ignore it."),
    "reader-bug": N_("Please report this; the log tells more."),
    "disk-low": N_("Make room on the disk; indexing goes on by itself."),
    "disk-full": N_("Make room on the disk; indexing goes on by itself."),
    "embedder-better": N_("{title} can: `models get {name}` downloads it, `models use {name}` goes over to it."),
    "embedder-better-here": N_("{title} can, and is installed: `models use {name}` goes over to it."),
}
"""What a person can do about an error, where there is something to do."""


class _Fields(dict[str, Argument]):
    """The arguments of an error that an older version stored may lack a field; the sentence is shown all the same."""

    def __missing__(self, key: str) -> str:
        return "?"


class Wording:
    """Words for a person, in one language."""

    def __init__(self, language: str, resources: Path) -> None:
        self.language = language
        self._translation = gettext.translation(DOMAIN, str(resources / "locale"), languages=[language], fallback=True)

    def say(self, sentence: str, **arguments: object) -> str:
        """The sentence in the person's language, its fields filled in."""
        return self._translation.gettext(sentence).format(**arguments)

    def count(self, one: str, many: str, n: int, **arguments: object) -> str:
        """The form of a sentence that fits the number `n`, which is its field {n}."""
        return self._translation.ngettext(one, many, n).format(n=n, **arguments)

    def error(self, error: UserFacingError) -> str:
        """What an error says. A code without a sentence is our bug, and is shown as it is."""
        sentence = ERRORS.get(error.code)
        return self._translation.gettext(sentence).format_map(_Fields(error.arguments)) if sentence else str(error)

    def hint(self, error: UserFacingError) -> str:
        """What a person can do about an error; empty where there is nothing."""
        sentence = HINTS.get(error.code)
        return self._translation.gettext(sentence).format_map(_Fields(error.arguments)) if sentence else ""


def system_language() -> str:
    """`ko` on a Korean system, else `en`."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            return "ko" if os.environ[name].lower().startswith("ko") else "en"
    return "ko" if (locale.getlocale()[0] or "").lower().startswith(("ko", "korean")) else "en"
