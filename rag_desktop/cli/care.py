"""`check [--repair]`: what is damaged in the files of a library, in plain words; with --repair it is mended first."""

import argparse
from pathlib import Path

from rag_desktop.cli import present
from rag_desktop.cli.terminal import Terminal
from rag_desktop.cli.verbs import FAILED, OK, stoppable
from rag_desktop.domain.care import At, CareStage, Finding, Recovered, Severity
from rag_desktop.domain.errors import UserFacingError
from rag_desktop.services import care, opening
from rag_desktop.services.program import Program
from rag_desktop.services.wording import N_, Wording
from rag_desktop.settings.file import SettingsFile
from rag_desktop.store.library import Library

_STAGES = {
    CareStage.STRUCTURE: N_("Checking pages"),
    CareStage.DOCUMENTS: N_("Checking documents"),
    CareStage.WORDS: N_("Checking keywords"),
    CareStage.VECTORS: N_("Checking vectors"),
    CareStage.FILES: N_("Checking files"),
    CareStage.REPAIRING: N_("Mending"),
}


def check(program: Program, options: argparse.Namespace, terminal: Terminal) -> int:
    """`check`: exit status 0 where nothing is damaged (any more), 1 where something is."""
    place, settings = program.places.library, program.settings
    with stoppable(terminal.on_event) as task:

        def at(stage: str, done: int, total: int) -> None:
            task.check()
            terminal.progress(_STAGES[CareStage(stage)], done, total)

        recovered = opening.repair(place, settings, at) if options.repair else []
        findings = _findings(place, settings, at)
    terminal.clear()
    is_damaged = any(each.severity is Severity.DAMAGED for each in findings)
    if terminal.is_json:
        terminal.result(_json(findings, recovered, program.wording))
    else:
        _show(findings, recovered, program.wording, terminal)
    return FAILED if is_damaged else OK


def _findings(place: Path, settings: SettingsFile, at: At) -> list[Finding]:
    try:
        with Library.reader(place) as library:
            return care.check(library, settings, at)
    except UserFacingError as error:
        if error.code != "library-damaged":
            raise
        return [Finding(error)]


def _show(findings: list[Finding], recovered: list[Recovered], wording: Wording, terminal: Terminal) -> None:
    for each in recovered:
        terminal.line(f"✓ {wording.error(each.error)}")
    for finding in findings:
        terminal.line(f"{'✗' if finding.severity is Severity.DAMAGED else '·'} {wording.error(finding.error)}")
    if not findings:
        terminal.line(wording.say("The library is as it should be."))
    elif any(each.is_repairable for each in findings):
        terminal.note(wording.say("`rag-desktop check --repair` mends what can be mended."))


def _json(findings: list[Finding], recovered: list[Recovered], wording: Wording) -> present.Json:
    return {
        "findings": [
            {
                "code": each.code,
                "sentence": wording.error(each.error),
                "severity": each.severity.value,
                "repairable": each.is_repairable,
                "arguments": each.error.arguments,
            }
            for each in findings
        ],
        "recovered": [{"code": each.error.code, "sentence": wording.error(each.error)} for each in recovered],
    }
