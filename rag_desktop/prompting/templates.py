"""How each family of models wants its turns marked: written here by hand, so that no file's own template ever runs."""

import re
from dataclasses import dataclass

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.messages import PromptPart


@dataclass(frozen=True, slots=True)
class _Family:
    """Markup around the texts of one system turn and one user turn, up to where the answer begins.

    begin, system_end: around the system turn; both are left out where there is none (`no_system` stands there then).
    system_gap: text between system and user where the family has no system turn of its own.
    user, answer: what opens the user turn, and what ends it and opens the answer.
    space: text before each turn's own words (SentencePiece families write "[INST] words").
    forged: markup that these models read even as plain text, so that a document must not hold it.
    """

    begin: str
    system_end: str
    user: str
    answer: str
    stops: tuple[str, ...]
    no_system: str = ""
    system_gap: str = ""
    space: str = ""
    forged: re.Pattern[str] | None = None


def _chatml(default_system: str = "") -> _Family:
    no_system = f"<|im_start|>system\n{default_system}<|im_end|>\n" if default_system else ""
    return _Family(
        begin="<|im_start|>system\n",
        system_end="<|im_end|>\n",
        user="<|im_start|>user\n",
        answer="<|im_end|>\n<|im_start|>assistant\n",
        stops=("<|im_end|>", "<|im_start|>", "<|endoftext|>"),
        no_system=no_system,
    )


_FAMILIES = {
    "chatml": _chatml(),
    # Both were trained with a default in the place of a missing system turn.
    "qwen": _chatml("You are Qwen, created by Alibaba Cloud. You are a helpful assistant."),
    "smollm2": _chatml("You are a helpful AI assistant named SmolLM, trained by Hugging Face"),
    "mistral": _Family(
        begin="[INST]",
        system_end="",
        user="",
        answer=" [/INST]",
        stops=("[INST]", "[/INST]", "</s>"),
        no_system="[INST]",
        system_gap="\n\n",
        space=" ",
        forged=re.compile(r"\[(?=/?INST\])"),
    ),
    "llama3": _Family(
        begin="<|start_header_id|>system<|end_header_id|>\n\n",
        system_end="<|eot_id|>",
        user="<|start_header_id|>user<|end_header_id|>\n\n",
        answer="<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
        stops=("<|eot_id|>", "<|start_header_id|>", "<|end_of_text|>"),
    ),
    "chatqa": _Family(
        begin="System:",
        system_end="",
        user="\n\nUser:",
        answer="\n\nAssistant:",
        stops=("\n\nUser:", "\n\nSystem:", "\n\nAssistant:", "<|end_of_text|>"),
        space=" ",
        forged=re.compile(r"(?m)^(?=(?:System|User|Assistant):)"),
    ),
    "gemma": _Family(
        begin="<start_of_turn>user\n",
        system_end="",
        user="",
        answer="<end_of_turn>\n<start_of_turn>model\n",
        stops=("<end_of_turn>", "<start_of_turn>"),
        no_system="<start_of_turn>user\n",
        system_gap="\n\n",
    ),
    "phi3": _Family(
        begin="<|system|>\n",
        system_end="<|end|>\n",
        user="<|user|>\n",
        answer="<|end|>\n<|assistant|>\n",
        stops=("<|end|>", "<|user|>", "<|assistant|>", "<|endoftext|>"),
    ),
}


def families() -> tuple[str, ...]:
    """Names that `render` and `stops` know."""
    return tuple(_FAMILIES)


def stops(template: str) -> tuple[str, ...]:
    """Strings that end an answer where a model writes them out. Raises UserFacingError `template-unknown`."""
    return _family(template).stops


def render(template: str, system: str, user: str, begun: str = "") -> tuple[PromptPart, ...]:
    """The prompt for one system text (may be empty), one user text, and the first words of the answer.

    Only the family's own signs are markup; `system`, `user` and `begun` are taken literally by the engine, whatever
    control tokens they spell. What begins every text (BOS) is left to the engine, which knows whether the model wants
    it. Raises UserFacingError `template-unknown`.
    """
    family = _family(template)
    parts = [*_opening(family, system)]
    parts.append(_Text(_said(family, user, "" if family.system_gap and system else family.space)))
    parts.append(family.answer)
    parts.append(_Text(_said(family, begun, family.space) if begun else ""))
    return _joined(parts)


class _Text(str):
    """Words that are not ours, among markup."""

    __slots__ = ()


def _opening(family: _Family, system: str) -> list[str]:
    if not system:
        return [family.no_system, family.user]
    said = _said(family, system, family.space) + family.system_gap
    return [family.begin, _Text(said), family.system_end, family.user]


def _said(family: _Family, text: str, space: str) -> str:
    return space + (_defused(family.forged, text) if family.forged else text)


def _defused(forged: re.Pattern[str], text: str) -> str:
    """`text` with a space inside whatever reads like a turn of this family's plain-text markup."""
    return forged.sub(lambda match: f"{match[0]} ", text)


def _joined(parts: list[str]) -> tuple[PromptPart, ...]:
    """Parts without the empty ones, neighbours of one kind as one part."""
    joined: list[PromptPart] = []
    for part in parts:
        is_markup = not isinstance(part, _Text)
        if part and joined and joined[-1].is_markup is is_markup:
            joined[-1] = PromptPart(joined[-1].text + str(part), is_markup)
        elif part:
            joined.append(PromptPart(str(part), is_markup))
    return tuple(joined)


def _family(template: str) -> _Family:
    try:
        return _FAMILIES[template]
    except KeyError:
        raise UserFacingError("template-unknown", name=template) from None
