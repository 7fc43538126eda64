"""The order in which candidates are shown stays balanced for each person and each two sources, and free otherwise."""

from __future__ import annotations

import random
from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.sides import MOST, apart, balanced_order, counted, order_seed

Counts = dict[tuple[str, str], int]
SOURCES = "pqrstu"


def hand_out(sources: list[str], counts: Counts, seed: int) -> tuple[list[str], Counts]:
    """The sources in the order shown, and the counts after it."""
    candidates = [(f"id-{at}", source) for at, source in enumerate(sources)]
    source_of = dict(candidates)
    order = balanced_order(candidates, counts, seed)
    assert sorted(order) == sorted(source_of)
    return [source_of[each] for each in order], counted([(each, source_of[each]) for each in order], counts)


def furthest(counts: Counts) -> int:
    return max((abs(apart(counts, *pair)) for pair in counts), default=0)


@given(st.lists(st.permutations(SOURCES).map(lambda some: list(some[:2])), max_size=80), st.integers(0, 2**62))
def test_it_never_lets_one_of_two_sources_come_first_more_than_twice_more_often(
    sequence: list[list[str]], seed: int
) -> None:
    counts: Counts = {}
    for number, sources in enumerate(sequence):
        _, counts = hand_out(sources, counts, order_seed(seed + number, 7))
        assert furthest(counts) <= MOST


@pytest.mark.parametrize("run", range(4))
def test_it_keeps_lists_and_mixed_work_within_three(run: int) -> None:
    """Lists can tie a knot (p before q before r before p is due) that no order undoes at once: one more, then."""
    draw, counts = random.Random(run), Counts()
    for _ in range(150):
        sources = draw.sample(SOURCES, draw.randint(2, 5))
        _, counts = hand_out(sources, counts, draw.getrandbits(62))
        assert furthest(counts) <= MOST + 1


def test_it_keeps_sources_balanced_that_stand_twice_in_a_list() -> None:
    draw, counts = random.Random(5), Counts()
    for _ in range(150):
        _, counts = hand_out([draw.choice("pqr") for _ in range(draw.randint(2, 5))], counts, draw.getrandbits(62))
        assert furthest(counts) <= MOST + 1


@pytest.mark.parametrize("size", [2, 3, 4, 5])
def test_it_puts_every_candidate_at_every_place_equally_often(size: int) -> None:
    """Over seeds, with nothing counted: all orders are equally likely (a chi-square far below its 0.1 % point)."""
    draws = 960
    seen = Counter(
        tuple(balanced_order([(each, each) for each in SOURCES[:size]], {}, order_seed(n, 3))) for n in range(draws)
    )
    orders = list(permutations(SOURCES[:size]))
    expected = draws / len(orders)
    chi_square = sum((seen[order] - expected) ** 2 / expected for order in orders)
    assert chi_square < {2: 10.8, 3: 20.5, 4: 49.7, 5: 172.4}[size]


@pytest.mark.parametrize("size", [3, 4, 5])
def test_it_keeps_places_equally_likely_as_the_work_goes_on(size: int) -> None:
    draw, places = random.Random(size), Counter[tuple[str, int]]()
    counts: Counts = {}
    rounds = 400
    for _ in range(rounds):
        shown, counts = hand_out(list(SOURCES[:size]), counts, draw.getrandbits(62))
        places.update((source, place) for place, source in enumerate(shown))
    for source in SOURCES[:size]:
        for place in range(size):
            assert places[source, place] == pytest.approx(rounds / size, rel=0.3)


def test_it_puts_the_one_first_that_has_fallen_behind() -> None:
    candidates = [("a", "p"), ("b", "q")]
    assert {tuple(balanced_order(candidates, {("p", "q"): 4, ("q", "p"): 2}, seed)) for seed in range(20)} == {
        ("b", "a")
    }


def test_it_leaves_three_of_four_orders_to_the_draw() -> None:
    draw, counts = random.Random(11), Counts()
    free = 0
    for _ in range(1000):
        free += furthest(counts) < MOST
        _, counts = hand_out(["p", "q"], counts, draw.getrandbits(62))
    assert 0.7 < free / 1000 < 0.8


@given(st.permutations([("a", "p"), ("b", "q"), ("c", "q"), ("d", "r")]), st.integers(0, 2**62))
def test_it_gives_the_same_order_for_the_same_seed_however_the_candidates_come(
    candidates: list[tuple[str, str]], seed: int
) -> None:
    counts = {("p", "q"): 1}
    assert balanced_order(candidates, counts, seed) == balanced_order(sorted(candidates), counts, seed)


def test_it_draws_for_each_person_and_comparison_anew() -> None:
    firsts = [balanced_order([("a", "p"), ("b", "q")], {}, order_seed(1979, person))[0] for person in range(200)]
    assert 70 < firsts.count("a") < 130
    assert len({order_seed(comparison, person) for comparison in range(30) for person in range(30)}) == 900


def test_it_balances_nothing_between_two_of_the_same_source() -> None:
    assert counted([("a", "p"), ("b", "p")], {}) == {}
    firsts = [balanced_order([("a", "p"), ("b", "p")], {}, order_seed(n, 1))[0] for n in range(200)]
    assert 70 < firsts.count("a") < 130


def test_it_refuses_two_candidates_with_one_id() -> None:
    with pytest.raises(ValueError, match="id of its own"):
        balanced_order([("a", "p"), ("a", "q")], {}, 1)
