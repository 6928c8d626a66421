"""A tiny cross-encoder, trained in seconds to find the passages that hold the question's word; for tests."""

import random
from pathlib import Path
from typing import Any

WORDS = ("lease", "notice", "holiday", "zebra", "grass", "boiler", "invoice", "river")
LENGTH = 64
"""Tokens that the model reads at once."""
_VOCABULARY = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS)
_STEPS = 300
_PAIRS = 64


def write(folder: Path, labels: int = 1) -> Path:
    """Train one with that many labels and save it to `folder`; the same every time."""
    import torch
    from sentence_transformers import CrossEncoder
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # what is this small waits for other threads longer than it computes
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(_VOCABULARY), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=LENGTH, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
        initializer_range=0.3,
    )  # fmt: skip
    config.num_labels = labels
    model = BertForSequenceClassification(config)
    _train(torch, model, labels)
    torch.set_num_threads(threads)
    plain = folder.with_name(folder.name + "-plain")
    model.save_pretrained(plain)
    BertTokenizer({word: place for place, word in enumerate(_VOCABULARY)}, model_max_length=LENGTH).save_pretrained(
        plain
    )
    CrossEncoder(str(plain), local_files_only=True, device="cpu").save_pretrained(str(folder))
    return folder


def _train(torch: Any, model: Any, labels: int) -> None:
    positions = model.bert.embeddings.position_embeddings.weight
    positions.requires_grad_(False).zero_()  # where a word stands means nothing here
    chance = random.Random(7)
    optimizer = torch.optim.AdamW([each for each in model.parameters() if each.requires_grad], lr=2e-3)
    for _ in range(_STEPS):
        pairs, answers = zip(*(_pair(chance) for _ in range(_PAIRS)), strict=True)
        kinds = [[0, 0, 0, *[1] * (len(pair) - 3)] for pair in pairs]
        logits = model(input_ids=torch.tensor(pairs), token_type_ids=torch.tensor(kinds)).logits
        wanted = torch.tensor(answers)
        loss = torch.nn.functional.cross_entropy(
            logits if labels == 2 else torch.cat([torch.zeros_like(logits), logits], dim=1), wanted
        )
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def _pair(chance: random.Random) -> tuple[list[int], int]:
    """Tokens of a question of one word and a passage of four, and whether that word is among them."""
    asked = chance.choice(WORDS)
    passage = chance.choices([word for word in WORDS if word != asked], k=4)
    is_there = chance.random() < 0.5
    if is_there:
        passage[chance.randrange(4)] = asked
    words = ["[CLS]", asked, "[SEP]", *passage, "[SEP]"]
    return [_VOCABULARY.index(word) for word in words], int(is_there)
