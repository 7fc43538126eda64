from __future__ import annotations

import time

import pytest

from annotation.headings import Section, missing, sections, with_skeleton
from tests.factories import RESPONSE, SECTIONS

HEADINGS = ["Parties", "Key facts", "Next step"]


@pytest.mark.parametrize(
    "line",
    [
        "Next step: send it",
        "next step : send it",
        "**Next step:** send it",
        "**Next step**: send it",
        "## Next step",
        "- Next step: send it",
        "3. Next step: send it",
        "3) **Next step**",
        "  Next step:",
    ],
)
def test_it_finds_a_heading_however_it_is_marked(line: str) -> None:
    assert missing(f"Something\n{line}\nelse", ["Next step"]) == []


@pytest.mark.parametrize("line", ["Our next step: send it", "Next steps: send it", "Next step is to send it", ""])
def test_it_finds_none_where_the_words_only_occur(line: str) -> None:
    assert missing(f"Something\n{line}\nelse", ["Next step"]) == ["Next step"]


def test_it_lists_what_is_missing_in_order() -> None:
    assert missing("Key facts:\n- one", HEADINGS) == ["Parties", "Next step"]
    assert missing("", []) == []


def test_it_adds_the_missing_headings_below_the_text() -> None:
    assert with_skeleton(" \n", HEADINGS) == "Parties:\nKey facts:\nNext step:"
    text = with_skeleton("Key facts:\n- one\n\n", HEADINGS)
    assert text == "Key facts:\n- one\nParties:\nNext step:"
    assert missing(text, HEADINGS) == []
    assert with_skeleton(text, HEADINGS) == text


def test_it_reads_the_sections_of_a_response() -> None:
    parts = sections(RESPONSE, SECTIONS)
    assert [part.heading for part in parts] == SECTIONS
    assert parts[3].text.splitlines() == [
        "- 14 Feb 2025: moved out and returned the keys",
        "- $1,450 deposit paid; nothing returned",
    ]


@pytest.mark.parametrize(
    "line",
    ["Next step: Call.", "**Next step:** Call.", "**Next step**: Call.", "## Next step\nCall.", "6. NEXT STEP : Call."],
)
def test_it_knows_a_heading_whatever_marks_stand_around_it(line: str) -> None:
    assert sections(line, SECTIONS) == [Section("Next step", "Call.")]


def test_it_does_not_take_a_word_in_a_sentence_for_a_heading() -> None:
    assert sections("The parties: both of them\nAll key facts are known.", SECTIONS) == []


def test_it_takes_the_longer_of_two_headings() -> None:
    assert sections("Key facts: one", ["Key", "Key facts"]) == [Section("Key facts", "one")]


@pytest.mark.parametrize("text", ["-" * 50_000, "# " * 25_000, "1. " * 20_000, "*_" * 25_000, "\n" * 50_000])
def test_it_reads_any_text_in_no_time(text: str) -> None:
    start = time.monotonic()
    assert missing(text, HEADINGS) == HEADINGS
    assert sections(f"{text}\nParties: both", HEADINGS) == [Section("Parties", "both")]
    assert time.monotonic() - start < 2
