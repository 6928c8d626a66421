"""Words as they stream: whole characters, nothing of a stop string, and an end to loops."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag_desktop.engines.streaming import WordStream, is_looping


def streamed(pieces: list[bytes], *stops: str, begins_turn: bool = False) -> list[str]:
    stream = WordStream(stops, begins_turn=begins_turn)
    return [*(stream.feed(piece) for piece in pieces), stream.flush()]


def test_characters_come_whole() -> None:
    encoded = "서울😀".encode()
    shown = streamed([encoded[i : i + 1] for i in range(len(encoded))])
    assert "".join(shown) == "서울😀"
    assert [text for text in shown if text] == ["서", "울", "😀"]


def test_half_a_character_at_the_end_is_dropped() -> None:
    assert "".join(streamed(["서".encode(), "울".encode()[:2]])) == "서"


def test_stop_string_across_pieces_is_never_shown() -> None:
    stream = WordStream(["<|im_end|>"], begins_turn=False)
    assert [stream.feed(piece) for piece in (b"Yes.<", b"|im_", b"end|> more")] == ["Yes.", "", ""]
    assert stream.stopped
    assert stream.flush() == ""


def test_what_only_began_like_a_stop_string_is_shown() -> None:
    assert streamed([b"a <", b"b>"], "<|end|>") == ["a ", "<b>", ""]
    assert streamed([b"a <|en"], "<|end|>") == ["a ", "<|en"]


def test_white_space_before_an_answer_is_dropped() -> None:
    assert streamed([b" ", b"\n The", b" end"], begins_turn=True) == ["", "The", " end", ""]
    assert streamed([b" The"], begins_turn=False) == [" The", ""]


@given(
    st.text(alphabet="ab<|>한", max_size=30),
    st.lists(st.text(alphabet="ab<|>한", min_size=1, max_size=4), max_size=3),
    st.data(),
)
def test_streaming_shows_what_stands_before_the_first_stop(text: str, stops: list[str], data: st.DataObject) -> None:
    encoded = text.encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(encoded)), max_size=6)))
    pieces = [encoded[start:end] for start, end in zip([0, *cuts], [*cuts, len(encoded)], strict=True)]
    shown = "".join(streamed(pieces, *stops))
    assert text.startswith(shown)
    assert not any(stop in shown for stop in stops)
    if not any(stop in text for stop in stops):
        assert shown == text


@pytest.mark.parametrize("cycle", [1, 2, 7, 30, 90])
def test_loops_are_seen(cycle: int) -> None:
    tokens = [*range(1000, 1040), *list(range(cycle)) * (36 // cycle + 5)]
    assert is_looping(tokens)
    assert not is_looping(tokens[: 40 + cycle * 3])


def test_near_repeats_are_no_loop() -> None:
    rows = [token for row in range(30) for token in (1, 2, 3, 100 + row)]
    assert not is_looping(rows)
    assert not is_looping([])
