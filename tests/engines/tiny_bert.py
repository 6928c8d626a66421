"""A tiny sentence-transformers folder with random weights, made in a second; for tests."""

import json
from pathlib import Path

WORDS = ("lease", "notice", "holiday", "zebra", "grass", "boiler", "invoice", "river", "year", "one", "three", "ends")
LENGTH = 48
"""Tokens that the model reads at once."""
_VOCABULARY = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS, *"abcdefgh", *(f"##{each}" for each in "abcdefgh"))


def write(folder: Path, *, pooling: str = "mean", normalises: bool = True, prompt: str = "", seed: int = 7) -> Path:
    """Write one to `folder`; `prompt` is what its configuration puts before every text."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizer

    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(_VOCABULARY), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=64, initializer_range=0.3,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    BertTokenizer({word: place for place, word in enumerate(_VOCABULARY)}).save_pretrained(folder)
    modules = ["Transformer", "Pooling", *(["Normalize"] if normalises else [])]
    paths = ("", "1_Pooling", "2_Normalize")
    listed = [
        {"idx": place, "name": str(place), "path": paths[place], "type": f"sentence_transformers.models.{name}"}
        for place, name in enumerate(modules)
    ]
    _write(folder / "modules.json", listed)
    _write(folder / "1_Pooling" / "config.json", {"embedding_dimension": 32, "pooling_mode": pooling})
    _write(folder / "sentence_bert_config.json", {"max_seq_length": LENGTH, "do_lower_case": False})
    prompts = {"prompts": {"all": prompt}, "default_prompt_name": "all"} if prompt else {}
    _write(folder / "config_sentence_transformers.json", prompts)
    return folder


def _write(path: Path, value: object) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
