from __future__ import annotations

import time

import pytest

from annotation.checks import CutOff, Rules, check, meter
from annotation.checks.similar import Lookup, Other

TEXT = "Parties: Ann Vuong (tenant)\nKey facts: the tenant can be reached at 404-233-4567 and has not paid the rent."


def knows(text: str) -> Lookup:
    return lambda bands: [Other("one", text, "another answer")]


def test_it_gives_every_hint_in_the_order_of_the_screen() -> None:
    rules = Rules(
        sections=["Parties", "Key facts", "Next step"],
        keywords=["rent", "deposit"],
        prompt="Summarise the note.",
        cut_off=CutOff(20),
        others=knows(TEXT),
        language="de",
    )
    hints = check(TEXT, rules)
    assert [hint.kind for hint in hints] == ["sections", "keywords", "length", "personal", "duplicate", "language"]
    assert all(hint.sentence.endswith(".") for hint in hints)
    personal = hints[3]
    assert TEXT[personal.start : personal.end] == "404-233-4567"
    assert personal.about == "phone"


def test_a_project_that_asks_for_nothing_hears_nothing() -> None:
    assert check(TEXT, Rules(personal=False)) == []
    assert check("", Rules(sections=["Parties"], keywords=["rent"], cut_off=CutOff(10), language="en")) == []
    assert meter(TEXT, Rules()) is None


def test_the_meter_counts_the_prompt_too() -> None:
    alone = meter(TEXT, Rules(cut_off=CutOff(100)))
    together = meter(TEXT, Rules(prompt="Summarise the note.", cut_off=CutOff(100)))
    assert alone is not None
    assert together is not None
    assert together.tokens > alone.tokens


def test_two_thousand_words_take_well_under_fifty_milliseconds() -> None:
    facts = [
        f"- On {day} March 2025 the tenant paid ${day},450.00 under case no. 2{day}, as agreed." for day in range(1, 29)
    ]
    text = "\n".join(["Parties: both", "Key facts:", *(facts * 5), "Next step: call 404-233-4567"])
    text += " and so on with the case" * 60
    assert len(text.split()) > 2000
    rules = Rules(
        sections=["Parties", "Key facts", "Next step"],
        keywords=["rent", "deposit"] * 10,
        prompt="Summarise the note.",
        cut_off=CutOff(2500),
        others=knows("Something else in many words."),
        language="en",
    )
    check(text, rules)  # what is loaded once
    times = []
    for _ in range(5):
        start = time.process_time()
        check(text, rules)
        times.append(time.process_time() - start)
    assert min(times) < 0.05


@pytest.mark.parametrize(
    "text",
    [
        "1" * 100_000,
        "1 " * 50_000,
        "1-" * 50_000,
        "a." * 50_000,
        "a@" * 50_000,
        "A " * 50_000,
        "12 A" * 25_000,
        "12 Aa " * 17_000,
        "+1 (" * 25_000,
        "DE00 " * 20_000,
        "case no. " * 11_000,
        "call " * 20_000,
        "call 1 " * 14_000,
        "born 1/1/" * 11_000,
        " " * 100_000,
        "\n" * 100_000,
        "rue de la " * 10_000,
        "Straße " * 14_000,
    ],
)
def test_it_reads_any_text_in_no_time(text: str) -> None:
    start = time.process_time()
    check(text, Rules(sections=["Parties"], keywords=["rent"], cut_off=CutOff(50), regions=["US", "DE"], language="en"))
    assert time.process_time() - start < 2
