from __future__ import annotations

import time

import pytest

from annotation.headings import missing, with_skeleton

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


@pytest.mark.parametrize("text", ["-" * 50_000, "# " * 25_000, "1. " * 20_000, "*_" * 25_000, "\n" * 50_000])
def test_it_reads_any_text_in_no_time(text: str) -> None:
    start = time.monotonic()
    assert missing(text, HEADINGS) == HEADINGS
    assert time.monotonic() - start < 2
