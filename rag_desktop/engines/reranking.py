"""The cross-encoder: reads a question and a passage together and says how well the one answers the other."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rag_desktop.domain.errors import UserFacingError
from rag_desktop.domain.roles import StopSign
from rag_desktop.engines import accelerator, loading
from rag_desktop.engines.cores import threads as thread_count

Score = Callable[[str, Sequence[str]], tuple[float, ...]]
"""Takes a question and texts; gives each text's relevance, 0 to 1, in their order."""

_BATCH = 16
_MOST_TOKENS = 512
"""Of question and text together; what models of longer contexts gain beyond is not worth its time here."""
_QUESTION_SHARE = 0.75
"""Of these tokens, what an overlong question may take."""
_CHARACTERS_PER_TOKEN = 16
"""More than tokens have; what lies beyond is not even tokenised."""


def load(folder: Path, threads: int, stop: StopSign = lambda: False) -> Score:
    """The cross-encoder in `folder`, on `threads` cores (0: all).

    Texts that are too long lose their ends, the question nothing. Once `stop` says so, the scores are cut short: empty.
    Raises UserFacingError: `model-missing`, `model-damaged`, `model-memory` (name); scoring, `child-memory` (name).
    """
    if not folder.is_dir():
        raise UserFacingError("model-missing", name=folder.name)
    model = _loaded(folder, threads)
    most = min(model.max_seq_length or _MOST_TOKENS, _MOST_TOKENS)

    def score(question: str, texts: Sequence[str]) -> tuple[float, ...]:
        asked = _shortened(model.tokenizer, question, int(most * _QUESTION_SHARE))
        cut = [text[: most * _CHARACTERS_PER_TOKEN] for text in texts]
        # Texts of a length share a batch, so that little of it is padding.
        order = sorted(range(len(cut)), key=lambda place: len(cut[place]))
        scores: dict[int, float] = {}
        for start in range(0, len(order), _BATCH):
            if stop():
                return ()
            places = order[start : start + _BATCH]
            pairs = [(asked, cut[place]) for place in places]
            with loading.within_memory(folder.name):
                found = _relevance(model, pairs, most)
            scores.update(zip(places, found, strict=True))
        return tuple(scores[place] for place in range(len(cut)))

    return score


def _relevance(model: Any, pairs: list[tuple[str, str]], most: int) -> list[float]:
    """Sigmoid of a single label; of two, the probability of the second, which by custom is "relevant"."""
    import torch

    logits = model.predict(
        pairs,
        batch_size=len(pairs),
        activation_fn=torch.nn.Identity(),
        show_progress_bar=False,
        convert_to_tensor=True,
        processing_kwargs={"text": {"truncation": "only_second", "max_length": most}},
    ).float()
    found = torch.sigmoid(logits) if logits.ndim == 1 else torch.softmax(logits, dim=1)[:, -1]
    return [float(each) for each in found.cpu()]


def _shortened(tokenizer: Any, question: str, most: int) -> str:
    """The beginning of a question that would leave no room for a passage; any other as it is."""
    question = question[: most * _CHARACTERS_PER_TOKEN]
    encoded = tokenizer(question, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    ends = [end for _, end in encoded["offset_mapping"]]
    return question if len(ends) <= most else question[: ends[most - 1]]


def _loaded(folder: Path, threads: int) -> Any:
    # Without its file of tokens a tokenizer of none is made up, without complaint.
    if not loading.holds_safetensors(folder) or not (folder / "tokenizer.json").is_file():
        raise UserFacingError("model-damaged", name=folder.name)
    accelerator.go_offline()
    import torch
    from sentence_transformers import CrossEncoder

    torch.set_num_threads(thread_count(threads))

    def make(device: str) -> Any:
        model = CrossEncoder(
            str(folder),
            device=device,
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"dtype": accelerator.dtype(torch, device), "use_safetensors": True},
        )
        if not _is_fit(model):
            raise ValueError("not a model that judges pairs")
        return model.eval()

    return loading.placed(torch, folder, make)[0]


def _is_fit(model: Any) -> bool:
    """Whether the model judges pairs; of any other, the library would make up a judging layer of chance numbers."""
    named = model.config.architectures or [""]
    return named[0].endswith("ForSequenceClassification") and model.num_labels in {1, 2}
