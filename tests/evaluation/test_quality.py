"""The quality of search may not fall: floors a little below what was measured with real weights (MiniLM, English)."""

from pathlib import Path
from typing import Any

import pytest

from tests.road.conftest import CommandLine

pytestmark = pytest.mark.weights

FLOORS = {"keyword": 0.74, "vector": 0.72, "fused": 0.90}
"""nDCG@10. Measured: .765, .751, .929."""


@pytest.fixture(scope="module")
def evaluation(weighted: CommandLine, everyday: Path) -> Any:
    return weighted("evaluate", "retrieval", str(everyday), "--json").json


@pytest.mark.parametrize("stage", FLOORS)
def test_no_stage_falls_below_its_floor(evaluation: Any, stage: str) -> None:
    assert {row["stage"]: row["ndcg@10"] for row in evaluation["stages"]}[stage] >= FLOORS[stage]


def test_the_whole_search_is_no_worse_than_fusion(evaluation: Any) -> None:
    assert evaluation["ndcg@10"] >= FLOORS["fused"]
    assert evaluation["recall@10"] >= 0.97


def test_two_signals_are_better_than_either(evaluation: Any) -> None:
    figures = {row["stage"]: row["ndcg@10"] for row in evaluation["stages"]}
    assert figures["fused"] >= max(figures["keyword"], figures["vector"]) + 0.1


def test_other_words_are_found_too(evaluation: Any) -> None:
    kinds = {row["kind"]: row["ndcg@10"] for row in evaluation["kinds"]}
    assert kinds["plain"] >= 0.97
    assert kinds["paraphrased"] >= 0.83
