from __future__ import annotations

from typing import Any

import pytest

from training.progress import as_one, bar, duration, series, summarise

EVENTS = [
    {"event": "phase", "message": "Loading libraries"},
    {"event": "start", "max_steps": 40, "rows": 8},
    {"event": "phase", "message": "Training"},
    {"event": "eval", "step": 0, "eval_loss": 3.1},
    {"event": "log", "step": 1, "max_steps": 40, "loss": 3.0, "tokens_per_second": 50.0, "seconds_left": 200},
    {"event": "log", "step": 2, "max_steps": 40, "loss": None, "rewards/accuracies": 0.5},
    {"event": "something new", "step": 9},
]


def steps(*numbers: int, loss: float) -> list[dict[str, Any]]:
    return [{"event": "log", "step": number, "loss": loss} for number in numbers]


def test_it_tells_a_round_that_was_interrupted_as_one() -> None:
    measured = {"event": "eval", "step": 0, "eval_loss": 3.1}
    first = [{"event": "start", "step": 0}, measured, *steps(1, 2, 3, 4, loss=3.0)]
    second = [{"event": "start", "step": 2}, *steps(3, loss=2.0), measured]
    died_at_once = [{"event": "phase", "message": "Loading libraries"}]
    third = [{"event": "start", "step": 3}, *steps(4, 5, loss=1.0), {"event": "eval", "step": 5, "eval_loss": 1.5}]
    told = as_one([first, second, died_at_once, third])
    assert series(told, "log", "loss") == [(1, 3.0), (2, 3.0), (3, 2.0), (4, 1.0), (5, 1.0)]
    assert series(told, "eval", "eval_loss") == [(0, 3.1), (5, 1.5)]
    assert as_one([first]) == first
    assert as_one([]) == []


def test_it_forgets_an_attempt_that_left_no_checkpoint() -> None:
    began = {"event": "start", "step": 0}
    told = as_one([[began, *steps(1, 2, loss=3.0)], [began, *steps(1, loss=2.0)]])
    assert series(told, "log", "loss") == [(1, 2.0)]


def test_it_keeps_the_last_of_everything() -> None:
    assert summarise(EVENTS) == {
        "phase": "Training",
        "max_steps": 40,
        "rows": 8,
        "step": 2,
        "loss": 3.0,
        "eval_loss": 3.1,
        "tokens_per_second": 50.0,
        "seconds_left": 200,
        "reward_accuracy": 0.5,
    }


def test_it_leaves_out_points_that_were_not_numbers() -> None:
    assert series(EVENTS, "log", "loss") == [(1.0, 3.0)]
    assert series(EVENTS, "eval", "eval_loss") == [(0.0, 3.1)]


def test_its_bar_says_how_far_and_how_long() -> None:
    assert bar(summarise(EVENTS)).text == "2 of 40 steps · 3 min left"
    assert bar({"done": 3, "total": 80}).text == "3 of 80 answers"
    assert bar({"step": 40, "max_steps": 40, "seconds_left": 0}).text == "40 of 40 steps"
    assert bar({"phase": "Loading the base model"}).text == "Loading the base model"
    assert bar({}).maximum == 0


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 s"), (89, "89 s"), (100, "2 min"), (3600, "1 h"), (7800, "2 h 10 min"), (-5, "0 s")]
)
def test_it_says_durations_as_people_do(seconds: float, said: str) -> None:
    assert duration(seconds) == said
