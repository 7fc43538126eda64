"""From easy to hard: the same draws as a shuffled round, in stages."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from training.arrangement import arranging, curriculum, mixture

ROWS = st.integers(1, 40)
DIFFICULTIES = st.lists(st.integers(0, 5).map(float), min_size=40, max_size=40)
PARAMS = {
    "per_device_train_batch_size": 4,
    "gradient_accumulation_steps": 1,
    "num_train_epochs": 3.0,
    "max_steps": -1,
    "seed": 17,
    "task_mixing": "proportional",
    "mixing_temperature": 2.0,
    "curriculum": "length",
    "curriculum_stages": 3,
    "replay_share": 0.2,
}


@settings(max_examples=50)
@given(ROWS, st.integers(1, 5), DIFFICULTIES, st.integers(2, 10), st.floats(0, 0.4), st.integers(0, 50))
def test_it_changes_the_order_and_nothing_else(
    rows: int, passes: int, difficulty: list[float], count: int, replay: float, seed: int
) -> None:
    drawn = mixture.draws(["one"] * rows, rows * passes, mixture.PROPORTIONAL, 1.0, seed)
    found = curriculum.stages(drawn, difficulty, count, replay, seed)
    order = [row for stage in found for row in stage.drawn]
    assert Counter(order) == Counter(drawn)
    assert len(found) == min(count, rows)
    assert sum(stage.rows for stage in found) == rows
    assert found == curriculum.stages(drawn, difficulty, count, replay, seed)


@settings(max_examples=50)
@given(ROWS, st.integers(1, 5), DIFFICULTIES, st.integers(2, 10), st.floats(0, 0.4))
def test_no_row_comes_before_its_stage_and_each_stage_is_harder(
    rows: int, passes: int, difficulty: list[float], count: int, replay: float
) -> None:
    found = curriculum.stages(list(range(rows)) * passes, difficulty, count, replay, 1)
    for stage in found:
        assert all(difficulty[row] <= stage.hardest for row in stage.drawn)
    for easier, harder in pairwise(found):
        assert easier.hardest <= harder.easiest


@settings(max_examples=50)
@given(st.integers(30, 200), st.integers(2, 4), st.integers(2, 6), st.floats(0, 0.4))
@example(rows=30, passes=2, count=6, replay=0.359375)  # where later stages once left too little for the second
@example(rows=47, passes=2, count=6, replay=0.4)
def test_it_replays_the_share_that_was_asked(rows: int, passes: int, count: int, replay: float) -> None:
    drawn = list(range(rows)) * passes
    first, *later = curriculum.stages(drawn, [float(row) for row in range(rows)], count, replay, 1)
    assert first.replayed == 0
    for stage in later:
        assert abs(stage.replayed - replay * len(stage.drawn)) <= 1
        assert stage.replayed == sum(row < stage.easiest for row in stage.drawn)


@settings(max_examples=50)
@given(ROWS, DIFFICULTIES, st.integers(2, 10))
def test_without_replay_the_stages_share_no_row(rows: int, difficulty: list[float], count: int) -> None:
    found = curriculum.stages(list(range(rows)) * 2, difficulty, count, 0.0, 1)
    assert sum(len(set(stage.drawn)) for stage in found) == rows
    assert all(stage.replayed == 0 for stage in found)


@settings(max_examples=50)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=40), st.integers(1, 12))
def test_it_cuts_into_runs_with_about_as_many_draws(times: list[int], count: int) -> None:
    counted = Counter(dict(enumerate(times)))
    runs = curriculum.cut(list(range(len(times))), counted, count)
    assert [row for run in runs for row in run] == list(range(len(times)))
    assert len(runs) == min(count, len(times))
    assert all(runs)
    if len(set(times)) == 1:
        sizes = [len(run) for run in runs]
        assert max(sizes) - min(sizes) <= 1


def test_it_is_written_as_numbers_without_the_order() -> None:
    (first, second) = curriculum.stages([0, 1, 2, 3], [5.0, 1.0, 3.0, 9.0], 2, 0.0, 1)
    assert first.as_json() == {"rows": 2, "replayed": 0, "easiest": 1.0, "hardest": 3.0, "drawn": 2}
    assert sorted(second.drawn) == [0, 3]


def test_a_later_stage_first_repeats_what_was_already_seen() -> None:
    first, second = curriculum.stages(list(range(20)) * 3, [float(row) for row in range(20)], 2, 0.2, 1)
    assert set(first.drawn) == set(range(10))  # all easy rows come in the first stage, and again in the second
    assert second.replayed > 0


# --- How many rows a round draws ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "changed", "expected"),
    [
        (8, {}, 24),
        (10, {}, 30),
        (10, {"num_train_epochs": 1.5}, 18),  # 5 steps: a whole pass in 3, then 2 of 4 rows
        (10, {"max_steps": 1}, 4),
        (10, {"max_steps": 3}, 10),
        (10, {"max_steps": 6}, 20),
        (10, {"gradient_accumulation_steps": 2, "max_steps": 3}, 18),
        (3, {"max_steps": 2}, 6),
    ],
)
def test_it_counts_what_the_trainer_draws(rows: int, changed: dict[str, float], expected: int) -> None:
    assert arranging.count_draws({**PARAMS, **changed}, rows) == expected


@settings(max_examples=50)
@given(st.integers(1, 50), st.integers(1, 8), st.integers(1, 3), st.integers(1, 40))
def test_it_counts_as_batches_are_made(rows: int, batch: int, accumulation: int, limit: int) -> None:
    sizes = [min(batch, rows - begin) for begin in range(0, rows, batch)]
    per_step = [sum(sizes[begin : begin + accumulation]) for begin in range(0, len(sizes), accumulation)]
    taken = sum(per_step[step % len(per_step)] for step in range(limit))
    params = {**PARAMS, "per_device_train_batch_size": batch, "gradient_accumulation_steps": accumulation}
    assert arranging.count_draws({**params, "max_steps": limit}, rows) == taken


def test_it_knows_which_settings_arrange() -> None:
    assert arranging.arranges(PARAMS)
    assert arranging.arranges({**PARAMS, "curriculum": "none", "task_mixing": "equal"})
    assert not arranging.arranges({**PARAMS, "curriculum": "none"})
    assert not arranging.arranges({})


def test_weights_say_how_often_a_row_is_drawn_in_a_pass() -> None:
    rows = [{"task_type": "letter"}] * 3 + [{"task_type": "summary"}]
    assert arranging.weights(rows, {**PARAMS, "curriculum": "none"}) == [1, 1, 1, 1]
    found = arranging.weights(rows, {**PARAMS, "curriculum": "none", "task_mixing": "equal"})
    assert found[3] == 2
    assert sum(found) == pytest.approx(4)


def test_unmarked_rows_count_as_usual() -> None:
    assert arranging.marks([{"difficulty": 3}, {}, {"difficulty": 1}]) == [3, 2, 1]
