from __future__ import annotations

import pytest

from training.progress import bar, duration, series, summarise

EVENTS = [
    {"event": "phase", "message": "Loading libraries"},
    {"event": "start", "max_steps": 40, "rows": 8},
    {"event": "phase", "message": "Training"},
    {"event": "eval", "step": 0, "eval_loss": 3.1},
    {"event": "log", "step": 1, "max_steps": 40, "loss": 3.0, "tokens_per_second": 50.0, "seconds_left": 200},
    {"event": "log", "step": 2, "max_steps": 40, "loss": None, "rewards/accuracies": 0.5},
    {"event": "something new", "step": 9},
]


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
