"""The small files of a sentence-transformers folder whose tokenizer is XLM-RoBERTa's."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SPECIAL_IDS = (0, 1, 2, 3)
"""Ids of <s>, <pad>, </s> and <unk>; <mask> is the last piece of the vocabulary."""
_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
_WIDE_TILDE = "～"
_ASIDE = "\U0010ffff"
"""Stands for the wide tilde while NFKC is at work: nmt_nfkc leaves that one character as it is. No text has it."""

Json = dict[str, Any]


def write_tokenizer(folder: Path, pieces: Sequence[tuple[str, float]], longest: int) -> None:
    """Write `tokenizer.json` and its companions. pieces: in the order of their ids, with log probabilities."""
    mask = len(pieces) - 1
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [_added(id_, word) for id_, word in enumerate(_SPECIAL)] + [_added(mask, "<mask>")],
        "normalizer": _normalizer(),
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [{"type": "WhitespaceSplit"}, _metaspace()],
        },
        "post_processor": _template(),
        "decoder": _metaspace(),
        "model": {"type": "Unigram", "unk_id": 3, "vocab": [list(piece) for piece in pieces], "byte_fallback": False},
    }
    _write(folder / "tokenizer.json", tokenizer)
    names = {
        "bos_token": "<s>",
        "cls_token": "<s>",
        "eos_token": "</s>",
        "mask_token": "<mask>",
        "pad_token": "<pad>",
        "sep_token": "</s>",
        "unk_token": "<unk>",
    }
    # The class that takes tokenizer.json as it is; XLMRobertaTokenizer would put a normalizer of its own in.
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": longest}
    _write(folder / "tokenizer_config.json", {**names, **settings})
    _write(folder / "special_tokens_map.json", names)


def write_encoder(folder: Path, config: Json, longest: int, dimension: int) -> None:
    """Write what tells sentence-transformers to run the encoder, take the mean over tokens and normalise it."""
    modules = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    _write(folder / "config.json", config)
    _write(
        folder / "modules.json",
        [
            {"idx": idx, "name": str(idx), "path": path, "type": f"sentence_transformers.models.{name}"}
            for idx, (path, name) in enumerate(modules)
        ],
    )
    _write(folder / "sentence_bert_config.json", {"max_seq_length": longest, "do_lower_case": False})
    (folder / "1_Pooling").mkdir(exist_ok=True)
    _write(
        folder / "1_Pooling" / "config.json",
        {
            "word_embedding_dimension": dimension,
            "pooling_mode_cls_token": False,
            "pooling_mode_mean_tokens": True,
            "pooling_mode_max_tokens": False,
            "pooling_mode_mean_sqrt_len_tokens": False,
        },
    )


def _normalizer() -> Json:
    """SentencePiece's nmt_nfkc: control characters go, all kinds of space become one, the rest is NFKC.

    https://github.com/google/sentencepiece/blob/master/doc/normalization.md
    """
    return {
        "type": "Sequence",
        "normalizers": [
            {"type": "Nmt"},
            _replace({"String": _WIDE_TILDE}, _ASIDE),
            {"type": "NFKC"},
            _replace({"String": _ASIDE}, _WIDE_TILDE),
            _replace({"Regex": " {2,}"}, " "),
        ],
    }


def _replace(pattern: Json, content: str) -> Json:
    return {"type": "Replace", "pattern": pattern, "content": content}


def _metaspace() -> Json:
    return {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}


def _template() -> Json:
    begin, end = ({"SpecialToken": {"id": word, "type_id": 0}} for word in ("<s>", "</s>"))
    first, second = ({"Sequence": {"id": name, "type_id": 0}} for name in "AB")
    return {
        "type": "TemplateProcessing",
        "single": [begin, first, end],
        "pair": [begin, first, end, end, second, end],
        "special_tokens": {
            word: {"id": word, "ids": [id_], "tokens": [word]} for word, id_ in (("<s>", 0), ("</s>", 2))
        },
    }


def _added(id_: int, word: str) -> Json:
    return {
        "id": id_,
        "content": word,
        "single_word": False,
        "lstrip": word == "<mask>",
        "rstrip": False,
        "normalized": False,
        "special": True,
    }


def _write(path: Path, value: object) -> None:
    # Bytes, not text: line ends must be the same everywhere.
    path.write_bytes(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8") + b"\n")
