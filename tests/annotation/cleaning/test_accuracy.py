from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command

from annotation.cleaning import KINDS, STRUCTURED
from annotation.cleaning.planted import SETS, texts
from annotation.cleaning.planted.measuring import Score, measure

LEAST_RECALL = {**dict.fromkeys(STRUCTURED, 0.95), "person": 0.95, "truncated": 0.8}
LEAST_PRECISION = {**dict.fromkeys(STRUCTURED, 0.97), "person": 0.95}


@pytest.fixture(scope="module")
def scores() -> dict[str, Score]:
    return measure("measured", 240)


def test_it_measures_every_kind_but_a_projects_own(scores: dict[str, Score]) -> None:
    assert list(scores) == [kind for kind in KINDS if kind != "pattern"]
    assert all(score.planted >= 10 for score in scores.values())


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "pattern"])
def test_it_finds_what_is_planted_and_little_else(kind: str, scores: dict[str, Score]) -> None:
    score = scores[kind]
    assert score.recalled / score.planted >= LEAST_RECALL.get(kind, 0.9), score
    assert score.right / score.found >= LEAST_PRECISION.get(kind, 0.95), score


def test_it_makes_the_same_texts_each_time_and_others_for_the_other_set() -> None:
    one, again = ([text.written for text in texts("measured", 30)] for _ in range(2))
    assert one == again
    assert not set(one) & {text.written for text in texts("development", 30)}
    assert SETS["measured"][1] != SETS["development"][1]


def test_it_knows_where_it_planted() -> None:
    for text in texts("measured", 60):
        for kind, start, end in text.planted:
            assert 0 <= start < end <= len(text.written)
            assert "<" not in text.written[start:end], kind


def test_the_command_prints_a_line_for_each_kind_with_its_interval() -> None:
    out = StringIO()
    call_command("cleaning_accuracy", texts=24, set="development", stdout=out)
    lines = out.getvalue().splitlines()
    assert len(lines) == len(KINDS)  # a heading instead of the project's own patterns
    assert "Name of a person" in lines[1]
    assert "1.000 (" in out.getvalue()


def test_the_command_prints_counts_for_programs() -> None:
    out = StringIO()
    call_command("cleaning_accuracy", texts=24, json=True, stdout=out)
    assert json.loads(out.getvalue())["email"]["planted"] > 0
