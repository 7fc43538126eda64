from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from annotation.diff import LONGEST, Piece, words

TEXTS = st.text(alphabet=st.sampled_from("ab ,.\né$12/"), max_size=40)


@given(TEXTS, TEXTS)
def test_it_gives_both_texts_back(before: str, after: str) -> None:
    pieces = words(before, after)
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == after
    assert all(piece.text for piece in pieces)


@given(TEXTS)
def test_it_finds_no_change_in_the_same_text(text: str) -> None:
    assert {piece.kind for piece in words(text, text)} <= {"same"}


def test_it_marks_whole_words() -> None:
    assert words("by 3 March 2025.", "by 13 March 2025.") == [
        Piece("same", "by"),
        Piece("removed", " 3"),
        Piece("added", " 13"),
        Piece("same", " March 2025."),
    ]


def test_it_marks_whole_amounts_and_dates() -> None:
    for before, after in (("$1,540", "$1,450"), ("2/14/25", "2/15/25"), ("14:05", "15:05"), ("1.5", "1.25")):
        pieces = words(f"Due {before}.", f"Due {after}.")
        changed = [piece.text.lstrip(" $") for piece in pieces if piece.kind != "same"]
        assert changed == [before.lstrip("$"), after.lstrip("$")]


def test_it_compares_long_texts_as_wholes_rather_than_for_ever() -> None:
    start = time.monotonic()
    pieces = words("a " * LONGEST, "b " * LONGEST)
    assert [piece.kind for piece in pieces] == ["removed", "added"]
    assert time.monotonic() - start < 1


def test_it_does_not_match_one_word_a_million_times_over() -> None:
    """An expert's page of dots must not keep the reviewer's page busy for minutes."""
    before, after = "." * 15_000, "." * 7_000 + "x"
    assert words(before, after) == [Piece("removed", before), Piece("added", after)]
