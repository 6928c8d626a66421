"""Describes a GGUF file that the catalogue does not know, from what its header says."""

import re
from collections.abc import Callable

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.models import Model, ModelFile, ModelKind
from rag_desktop.engines.catalogue import is_safe_name
from rag_desktop.engines.gguf import Header

_NOT_GENERATORS = {"bert", "nomic-bert", "nomic-bert-moe", "jina-bert-v2", "modern-bert", "t5encoder", "clip"}
_DEFAULT_CONTEXT = 4096
_RANK = 40
"""An imported model is preferred to the smallest of the catalogue, and to no better one."""


def describe(header: Header, filename: str, is_free: Callable[[str], bool]) -> Model:
    """A catalogue entry for an imported generator, under a name that `is_free` says nobody has.

    Raises UserFacingError `model-unsuited` (name, architecture) where the file does not write text.
    """
    if header.architecture in _NOT_GENERATORS:
        raise UserFacingError("model-unsuited", name=filename, architecture=header.architecture)
    stem = re.sub(r"\.gguf$", "", filename, flags=re.IGNORECASE)
    name = _free_name(stem, is_free)
    return Model(
        name=name,
        title=(header.name or stem).strip()[:100] or name,
        kind=ModelKind.GENERATOR,
        files=(ModelFile(name + ".gguf", None, None, ()),),
        licence=(header.licence or "unknown")[:100],
        context_length=max(header.context_length or _DEFAULT_CONTEXT, 1),
        languages=("*",),
        template=guess_template(header.architecture, f"{header.name or ''} {stem}", header.chat_template or ""),
        rank=_RANK,
    )


def guess_template(architecture: str, name: str, chat_template: str) -> str | None:
    """Which of our own prompt templates suits a model, by the marks in its chat template, which is never executed.

    None where nothing is recognised: the asker then has to choose.
    """
    name = name.casefold()
    if "<|im_start|>" in chat_template:
        return "smollm2" if "smollm" in name else "qwen" if architecture.startswith("qwen") else "chatml"
    if "<|start_header_id|>" in chat_template:
        return "llama3"
    if "[INST]" in chat_template and "<<SYS>>" not in chat_template:
        return "mistral"
    if chat_template:
        return None
    if architecture.startswith("qwen"):
        return "qwen"
    if "mistral" in name and "instruct" in name:
        return "mistral"
    return "smollm2" if "smollm" in name else None


def _free_name(stem: str, is_free: Callable[[str], bool]) -> str:
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("._-")[:80].rstrip("._-")
    plain = plain if is_safe_name(plain) else f"model-{plain or 'imported'}"
    names = [plain, *(f"{plain}-{number}" for number in range(2, 1000))]
    return next(name for name in names if is_free(name))
