from __future__ import annotations

from typing import Any

import pytest

from training.estimating import estimate_words

GB = 1 << 30
ESTIMATE: dict[str, Any] = {
    "machine": "a processor, threads: 2",
    "device": "cpu",
    "seconds": 540.0,
    "steps": 75,
    "memory_bytes": 2 * GB,
    "memory_total_bytes": 24 * GB,
    "memory_free_bytes": 20 * GB,
    "disk_bytes": 300e6,
    "price_per_hour": None,
    "cost": None,
    "rounds": 0,
    "dry_rounds": 0,
}
DRY: dict[str, Any] = {
    "rows": 16,
    "steps": 4,
    "train_seconds": 12.0,
    "memory_bytes": 1.7 * GB,
    "tokens_per_second": 391.4,
    "loss": 1.2345,
    "finite": True,
    "ended": True,
}


def values(figures: list[dict[str, str]]) -> dict[str, str]:
    return {each["label"]: each["value"] for each in figures}


def test_it_names_what_a_person_decides_by() -> None:
    figures = estimate_words.figures(ESTIMATE)
    assert values(figures) == {"Time": "about 9 min", "Memory": "about 2.0 GB", "On disk": "286 MB"}
    assert figures[1]["note"] == "This machine has 24 GB, 20 GB free when this was checked"
    assert "The GPU has" in estimate_words.figures({**ESTIMATE, "device": "cuda"})[1]["note"]
    priced = estimate_words.figures({**ESTIMATE, "price_per_hour": 2.5, "cost": 0.375})
    assert (priced[1]["value"], priced[1]["note"]) == ("0.38", "At your price of 2.50 an hour")


@pytest.mark.parametrize(
    ("rounds", "dry_rounds", "said"),
    [
        (0, 0, "A rough guess: no round of this kind has run on this machine yet. A dry round measures it."),
        (0, 1, "Learned from a dry round on this machine."),
        (0, 2, "Learned from 2 dry rounds on this machine."),
        (1, 2, "Learned from the last round of this kind on this machine."),
        (7, 0, "Learned from the last 7 rounds of this kind on this machine."),
    ],
)
def test_it_says_why_one_may_believe_it(rounds: int, dry_rounds: int, said: str) -> None:
    assert estimate_words.basis({**ESTIMATE, "rounds": rounds, "dry_rounds": dry_rounds}) == said


def test_it_tells_of_other_programs_in_the_way() -> None:
    assert estimate_words.crowded(ESTIMATE) == ""
    assert "Only 1.0 GB of memory were free" in estimate_words.crowded({**ESTIMATE, "memory_free_bytes": GB})


@pytest.mark.parametrize(
    ("happened", "said"),
    [
        ({}, "Estimated 9 min."),
        ({"seconds": None, "share": 1.0}, "Estimated 9 min."),
        ({"seconds": 601.0, "share": 1.0}, "Estimated 9 min, took 10 min."),
        ({"seconds": 241.0, "share": 0.4}, "Estimated 9 min, took 4 min, as it ended early."),
    ],
)
def test_it_compares_with_what_happened(happened: dict[str, Any], said: str) -> None:
    assert estimate_words.compared({"said": ESTIMATE, "happened": happened}) == said
    assert estimate_words.compared({"happened": happened}) == ""


def test_it_compares_memory_too() -> None:
    happened = {"seconds": 600.0, "share": 1.0, "memory_bytes": 2.5 * GB}
    assert estimate_words.sentences({"said": ESTIMATE, "happened": happened}) == [
        "Estimated 9 min, took 10 min.",
        "Memory: estimated 2.0 GB, used 2.5 GB.",
    ]
    assert estimate_words.sentences({}) == []


@pytest.mark.parametrize(
    ("median", "rounds", "said"),
    [
        (None, 0, ""),
        (0.124, 1, "The estimated time of the last round was off by 12 %."),
        (0.124, 5, "The estimated times of the last 5 rounds were off by 12 % (median)."),
    ],
)
def test_it_says_how_far_the_last_estimates_were_off(median: float | None, rounds: int, said: str) -> None:
    assert estimate_words.off_by(median, rounds) == said


def test_it_shows_what_a_dry_round_measured() -> None:
    figures = estimate_words.dry_figures(DRY)
    assert values(figures) == {"Speed": "391 tokens per second", "Peak memory": "1.7 GB", "Loss": "1.234"}
    assert figures[0]["note"] == "4 steps on 16 rows in 12 s"
    assert estimate_words.dry_notes(DRY) == []


def test_it_shows_what_a_dry_round_could_not_measure() -> None:
    none = {**DRY, "steps": 0, "train_seconds": None, "memory_bytes": None, "tokens_per_second": None, "loss": None}
    assert set(values(estimate_words.dry_figures(none)).values()) == {"not measured"}
    assert values(estimate_words.dry_figures({**DRY, "loss": None, "finite": False}))["Loss"] == "not a number"
    notes = estimate_words.dry_notes({**DRY, "ended": False, "beside_round": True})
    assert "two minutes were over" in notes[0]
    assert "A round was training at the same time" in notes[1]


def test_it_says_all_of_it_in_a_shell() -> None:
    assert estimate_words.lines({}) == []
    assert estimate_words.lines({"estimate": {**ESTIMATE, "rounds": 3}, "dry": DRY}) == [
        "Dry round: speed 391 tokens per second, peak memory 1.7 GB, loss 1.234.",
        "Estimate: time about 9 min, memory about 2.0 GB, on disk 286 MB. "
        "Learned from the last 3 rounds of this kind on this machine.",
    ]
