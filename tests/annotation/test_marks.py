"""Marks and differences, on plain texts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation import differences, marks
from annotation.marks import Mark
from annotation.models import Mark as StoredMark

TEXTS = {"A": "Paid $1,450 on 14 May.", "B": "Paid 😀 $1,540."}


def test_it_knows_the_kinds_that_are_stored() -> None:
    assert set(marks.KINDS) == set(StoredMark.Kind.values)


def test_it_reads_what_it_writes() -> None:
    found = marks.parse("B number 7 13;A missing 0 4; A number 5 11;A number 5 11;", TEXTS)
    assert [TEXTS[mark.letter][mark.start : mark.end] for mark in found] == ["Paid", "$1,450", "$1,540"]
    assert marks.parse(marks.write(found), TEXTS) == found


@pytest.mark.parametrize(
    "written",
    ["A", "A number 3", "A number 9 3", "A number 3 3", "A number 3 99", "C number 0 1", "A typo 0 1", "x" * 40],
)
def test_it_refuses_what_marks_nothing(written: str) -> None:
    with pytest.raises(marks.Unclear):
        marks.parse(written, TEXTS)


def test_it_refuses_more_marks_than_anybody_makes() -> None:
    text = "a" * 200
    with pytest.raises(marks.Unclear, match="more than 60"):
        marks.parse(";".join(f"A number {at} {at + 1}" for at in range(61)), {"A": text})


@given(st.text(alphabet="ab\r\n😀", max_size=40), st.data())
def test_it_finds_the_same_characters_in_the_stored_text(text: str, data: st.DataObject) -> None:
    shown = marks.shown(text)
    start = data.draw(st.integers(0, len(shown)))
    end = data.draw(st.integers(start, len(shown)))
    stored = text[marks.stored_place(start, text) : marks.stored_place(end, text)]
    assert marks.shown(stored) == shown[start:end]
    assert marks.shown_place(marks.stored_place(start, text), text) == start


def test_it_finds_quoted_words_over_line_breaks_and_in_any_case() -> None:
    assert marks.quoted("  paid\n $1,450", TEXTS["A"]) == (0, 11)
    assert marks.quoted("$1,4.0", TEXTS["A"]) is None
    assert marks.quoted("  ", TEXTS["A"]) is None


def test_it_shows_what_each_of_two_has_alone() -> None:
    texts = {"A": "Pay $10 by May.", "B": "Pay $20 by early May."}
    found = differences.between(texts, "A")
    words = {letter: [texts[letter][start:end] for start, end in found[letter]] for letter in texts}
    assert words == {"A": ["10"], "B": ["20", "early"]}


def test_it_compares_several_with_the_one_asked_for() -> None:
    texts = {"A": "One two.", "B": "One two three.", "C": "One."}
    found = differences.between(texts, "C")
    words = {letter: [texts[letter][start:end] for start, end in found[letter]] for letter in texts}
    assert words == {"A": ["two"], "B": ["two three"], "C": []}
    assert differences.between({"A": "Same.", "B": "Same."}, "B") == {"A": [], "B": []}


def test_it_keeps_marks_apart_by_kind() -> None:
    both = marks.parse("A number 5 11;A missing 5 11", TEXTS)
    assert both == [Mark("A", 5, 11, "missing"), Mark("A", 5, 11, "number")]


def test_it_cuts_a_text_where_marks_begin_and_end_also_where_they_overlap() -> None:
    found = marks.pieces(
        "Paid $1,450 in cash", [(5, 11, "1 Wrong number"), (0, 7, "2 Missing fact"), (5, 11, "3 Format")]
    )
    assert [(each.words, each.marked, each.labels) for each in found] == [
        ("Paid ", True, ()),
        ("$1", True, ("2 Missing fact",)),
        (",450", True, ("1 Wrong number", "3 Format")),
        (" in cash", False, ()),
    ]
    assert marks.pieces("Plain", []) == [marks.Piece("Plain", False, ())]
    assert marks.pieces("", []) == []


@given(
    st.text(max_size=30), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.sampled_from("ab")), max_size=5)
)
def test_it_loses_no_character_and_tells_each_mark_once(text: str, spans: list[tuple[int, int, str]]) -> None:
    found = marks.pieces(text, spans)
    assert "".join(each.words for each in found) == text
    there = {(max(a, 0), min(b, len(text)), label) for a, b, label in spans}
    assert sum(len(each.labels) for each in found) == sum(start < end for start, end, _ in there)
