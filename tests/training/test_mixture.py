"""How often each task type is drawn, and which rows."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.arrangement import mixture

COUNTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 40), min_size=1)
MIXINGS = st.sampled_from([mixture.PROPORTIONAL, mixture.EQUAL, mixture.TEMPERATURE])
TEMPERATURES = st.floats(1, 100)


def typed(counts: dict[str, int]) -> list[str]:
    return [name for name, count in sorted(counts.items()) for _row in range(count)]


@settings(max_examples=50)
@given(COUNTS)
def test_proportional_leaves_the_shares_of_the_data(counts: dict[str, int]) -> None:
    total = sum(counts.values())
    found = mixture.shares(counts, mixture.PROPORTIONAL)
    assert found == pytest.approx({name: count / total for name, count in counts.items()})


@settings(max_examples=50)
@given(COUNTS)
def test_equal_gives_every_type_the_same_share(counts: dict[str, int]) -> None:
    assert mixture.shares(counts, mixture.EQUAL) == pytest.approx(dict.fromkeys(counts, 1 / len(counts)))


@settings(max_examples=50)
@given(COUNTS, st.floats(1, 50))
def test_temperature_follows_its_formula(counts: dict[str, int], temperature: float) -> None:
    powers = {name: count ** (1 / temperature) for name, count in counts.items()}
    found = mixture.shares(counts, mixture.TEMPERATURE, temperature)
    assert found == pytest.approx({name: power / sum(powers.values()) for name, power in powers.items()})


@settings(max_examples=50)
@given(COUNTS)
def test_temperature_one_is_proportional_and_a_very_high_one_equal(counts: dict[str, int]) -> None:
    assert mixture.shares(counts, mixture.TEMPERATURE, 1.0) == pytest.approx(
        mixture.shares(counts, mixture.PROPORTIONAL)
    )
    assert mixture.shares(counts, mixture.TEMPERATURE, 1e9) == pytest.approx(mixture.shares(counts, mixture.EQUAL))


def test_known_shares() -> None:
    counts = {"often": 900, "seldom": 100}
    assert mixture.shares(counts, mixture.TEMPERATURE, 2.0) == pytest.approx({"often": 0.75, "seldom": 0.25})


@settings(max_examples=50)
@given(st.integers(0, 500), COUNTS, MIXINGS, TEMPERATURES)
def test_it_apportions_every_draw_and_rounds_by_less_than_one(
    total: int, counts: dict[str, int], mixing: str, temperature: float
) -> None:
    wanted = mixture.shares(counts, mixing, temperature)
    found = mixture.apportion(total, wanted)
    assert sum(found.values()) == total
    assert all(abs(found[name] - total * share) < 1 for name, share in wanted.items())


def test_it_apportions_small_numbers_exactly() -> None:
    for total, first in product(range(13), range(1, 8)):
        found = mixture.apportion(total, {"a": first / 8, "b": 1 - first / 8})
        assert sum(found.values()) == total
        assert abs(found["a"] - total * first / 8) < 1


@settings(max_examples=50)
@given(COUNTS, st.integers(1, 300), MIXINGS, TEMPERATURES, st.integers(0, 99))
def test_it_draws_as_many_as_asked_and_the_same_again(
    counts: dict[str, int], count: int, mixing: str, temperature: float, seed: int
) -> None:
    task_types = typed(counts)
    drawn = mixture.draws(task_types, count, mixing, temperature, seed)
    assert len(drawn) == count
    assert set(drawn) <= set(range(len(task_types)))
    assert drawn == mixture.draws(task_types, count, mixing, temperature, seed)


@settings(max_examples=50)
@given(COUNTS, st.integers(1, 5), MIXINGS, TEMPERATURES)
def test_each_pass_has_the_mixture_and_rows_of_a_type_take_turns(
    counts: dict[str, int], passes: int, mixing: str, temperature: float
) -> None:
    task_types = typed(counts)
    rows = len(task_types)
    drawn = mixture.draws(task_types, passes * rows, mixing, temperature, 7)
    wanted = mixture.shares(counts, mixing, temperature)
    for end in range(rows, len(drawn) + 1, rows):
        taken = Counter(task_types[place] for place in drawn[:end])
        assert all(abs(taken[name] - end * share) < 1 for name, share in wanted.items())
    times = Counter(drawn)
    for name in counts:
        of_type = [times[place] for place in range(rows) if task_types[place] == name]
        assert max(of_type) - min(of_type) <= 1


@settings(max_examples=50)
@given(COUNTS, st.integers(1, 4))
def test_a_proportional_pass_has_each_row_once(counts: dict[str, int], passes: int) -> None:
    task_types = typed(counts)
    drawn = mixture.draws(task_types, passes * len(task_types), mixture.PROPORTIONAL, 1.0, 3)
    assert set(Counter(drawn).values()) == {passes}


def test_no_type_is_left_out_however_rare() -> None:
    task_types = ["often"] * 99 + ["seldom"]
    for mixing in (mixture.PROPORTIONAL, mixture.EQUAL, mixture.TEMPERATURE):
        assert 99 in mixture.draws(task_types, 100, mixing, 3.0, 1)


def test_passes_differ_in_their_order_and_seeds_in_theirs() -> None:
    drawn = mixture.draws(["one"] * 20, 40, mixture.PROPORTIONAL, 1.0, 1)
    assert drawn[:20] != drawn[20:]
    assert drawn != mixture.draws(["one"] * 20, 40, mixture.PROPORTIONAL, 1.0, 2)


def test_it_shows_the_mixture_beside_the_data() -> None:
    task_types = ["letter"] * 6 + ["summary"] * 2
    drawn = mixture.draws(task_types, 16, mixture.EQUAL, 1.0, 1)
    letter, summary = mixture.parts(task_types, drawn, 2, ["summary", "summary", "letter"])
    assert (letter.task_type, letter.rows, letter.share, letter.held_out) == ("letter", 6, 0.75, 1)
    assert (letter.drawn_per_pass, letter.drawn_share) == (4, 0.5)
    assert (summary.task_type, summary.rows, summary.drawn_per_pass, summary.held_out) == ("summary", 2, 4, 2)
