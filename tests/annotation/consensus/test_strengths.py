"""Plackett-Luce with ties: against published estimates, and against likelihood by brute force."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.consensus.strengths import Ranked, Strengths, fit
from tests.annotation.consensus.published import (
    PUDDING_TIE,
    PUDDING_WORTHS,
    PUDDINGS,
    TEAM_STRENGTHS,
    TEAMS,
    WON,
)


def puddings() -> list[Ranked]:
    return [
        each
        for i, j, wins, losses, ties in PUDDINGS
        for each in (
            Ranked("p", ((str(i),), (str(j),)), count=wins),
            Ranked("p", ((str(j),), (str(i),)), count=losses),
            Ranked("p", ((str(i), str(j)),), count=ties),
        )
    ]


def log_posterior(rankings: list[Ranked], values: dict[str, float], ties: dict[int, float], spread: float) -> float:
    """From the formulas of Turner and others (2020), with a normal prior on strengths and Gamma(2, 1) on ties."""

    def worth(group: tuple[str, ...], power: float) -> float:
        tie = 1.0 if len(group) == 1 else ties.get(len(group), 0.0)
        return tie * math.prod(math.exp(power * values[each]) for each in group) ** (1 / len(group))

    total = sum(math.log(tie) - tie for tie in ties.values()) - sum(v**2 for v in values.values()) / (2 * spread**2)
    for ranking in rankings:
        left = [each for group in ranking.groups for each in group] + list(ranking.rest)
        for group in ranking.groups:
            possible = [one for size in range(1, len(left) + 1) for one in combinations(left, size)]
            chance = worth(group, ranking.reliability) / sum(worth(one, ranking.reliability) for one in possible)
            total += ranking.count * math.log(chance)
            left = [each for each in left if each not in group]
    return total


def climb(height: Callable[[list[float]], float], at: list[float]) -> list[float]:
    """One coordinate after another, in ever smaller steps: slow, and with no derivative to get wrong."""
    step, best = 1.0, height(at)
    while step > 1e-6:
        improved = False
        for index in range(len(at)):
            for way in (step, -step):
                tried = [*at[:index], at[index] + way, *at[index + 1 :]]
                if (value := height(tried)) > best:
                    at, best, improved = tried, value, True
        step = step if improved else step / 2
    return at


def test_it_finds_davidsons_worths_of_puddings_and_his_tie_parameter() -> None:
    found = fit(puddings(), spread=None, tie_prior=0)
    worths = [math.exp(value) for value in found.strengths["p"].values]
    assert found.converged
    assert [round(worth / sum(worths), 4) for worth in worths] == list(PUDDING_WORTHS)
    assert round(found.ties[2], 4) == PUDDING_TIE


def test_it_finds_agrestis_strengths_of_baseball_teams() -> None:
    games = [
        Ranked("east", ((TEAMS[i],), (TEAMS[j],)), count=WON[i][j]) for i in range(7) for j in range(7) if WON[i][j]
    ]
    found = fit(games, spread=None).strengths["east"]
    assert [round(found.gap(team, "Baltimore"), 2) for team in TEAMS] == list(TEAM_STRENGTHS)


def test_it_finds_what_the_plackettluce_package_prints_for_a_small_network() -> None:
    games = [Ranked("x", ((winner,), (loser,))) for winner, loser in ("AB", "CA", "BA", "BC")]
    found = fit(games, spread=None).strengths["x"]
    assert found.gap("B", "A") == pytest.approx(0.8392, abs=5e-5)
    assert found.gap("C", "A") == pytest.approx(0.4196, abs=5e-5)


@pytest.mark.parametrize("seed", range(3))
def test_climbing_without_derivatives_ends_at_the_same_strengths(seed: int) -> None:
    """Four candidates, ties of two and three, a line below which nothing is ordered, and people who differ."""
    lot = random.Random(seed)
    rankings = []
    for power in (0.4, 1.0, 1.0, 2.5):
        order = lot.sample("abcd", 4)
        rankings.append(Ranked("c", tuple((each,) for each in order), reliability=power))
    rankings.append(Ranked("c", (tuple("ab"), ("c",), ("d",)), reliability=1.5))
    rankings.append(Ranked("c", (("d",), tuple("abc")), reliability=0.7, count=2))
    rankings.append(Ranked("c", (("b",),), rest=tuple("acd")))
    found = fit(rankings, spread=1.3, tolerance=1e-10)

    def height(at: list[float]) -> float:
        ties = {2: math.exp(at[4]), 3: math.exp(at[5])}
        return log_posterior(rankings, dict(zip("abcd", at[:4], strict=True)), ties, 1.3)

    climbed = climb(height, [0.0] * 6)
    assert found.strengths["c"].values == pytest.approx(climbed[:4], abs=2e-4)
    assert [found.ties[2], found.ties[3]] == pytest.approx([math.exp(each) for each in climbed[4:]], rel=1e-3)
    assert found.log_posterior == pytest.approx(height(climbed), abs=1e-6)


def test_the_covariance_is_the_inverse_of_the_curvature() -> None:
    rankings = [Ranked("c", (("a",), ("b",)), reliability=2.0), Ranked("c", (("b",), ("a",)))]
    found = fit(rankings, tolerance=1e-10).strengths["c"]
    a, b = found.values

    def height(x: float, y: float) -> float:
        return log_posterior(rankings, {"a": x, "b": y}, {}, 1.0)

    h = 1e-3
    bend = -(height(a + h, b - h) - 2 * height(a, b) + height(a - h, b + h)) / (2 * h**2)
    one, other = found.covariance[0][0], found.covariance[0][1]
    assert 1 / (one - other) == pytest.approx(bend, rel=1e-4)


def test_a_candidate_that_always_wins_stays_finite() -> None:
    found = fit([Ranked("c", (("a",), ("b",), ("c",)), reliability=5.0)] * 30)
    assert found.converged
    assert all(abs(value) < 6 for value in found.strengths["c"].values)
    assert 0.99 < found.strengths["c"].probability("a", "c") <= 1.0


def test_ties_alone_leave_everything_equal_and_finite() -> None:
    found = fit([Ranked("c", (("a", "b"),))] * 50)
    assert found.converged
    assert found.strengths["c"].values == pytest.approx((0, 0))
    assert found.strengths["c"].probability("a", "b") == 0.5
    assert 1 < found.ties[2] < 100


def test_who_ranks_at_random_moves_nothing() -> None:
    alone = fit([Ranked("c", (("a",), ("b",), ("c",)))])
    joined = fit([Ranked("c", (("a",), ("b",), ("c",))), Ranked("c", (("c",), ("b",), ("a",)), reliability=0.0)])
    assert joined.strengths["c"].values == pytest.approx(alone.strengths["c"].values, abs=1e-6)


def test_below_the_line_nobody_is_ordered() -> None:
    found = fit([Ranked("c", (("a",),), rest=("b", "d"))]).strengths["c"]
    assert found.gap("a", "b") > 0
    assert found.gap("b", "d") == pytest.approx(0)


def test_comparisons_do_not_move_each_other_but_for_how_often_people_tie() -> None:
    one = [Ranked("c", (("a",), ("b",))), Ranked("c", (("a",), ("b",)))]
    other = [Ranked("d", (("x",), ("y",), ("z",), ("w",))), Ranked("d", (("z",), ("y",), ("x",), ("w",)))]
    assert fit(one + other).strengths["c"].values == pytest.approx(fit(one).strengths["c"].values, abs=1e-6)


def test_where_nobody_orders_anything_there_are_no_strengths() -> None:
    found = fit([Ranked("c", (), rest=("a", "b"))])
    assert (found.strengths, found.ties, found.converged) == ({}, {}, True)


@st.composite
def rankings_of_some(draw: st.DrawFn) -> list[Ranked]:
    found = []
    for _ in range(draw(st.integers(1, 6))):
        ids = "abcde"[: draw(st.integers(2, 5))]
        place = {each: draw(st.integers(1, len(ids))) for each in ids}
        groups = tuple(tuple(each for each in ids if place[each] == at) for at in sorted(set(place.values())))
        found.append(Ranked(draw(st.sampled_from("cd")), groups, reliability=draw(st.floats(0, 8))))
    return found


@settings(deadline=None, max_examples=80)
@given(rankings_of_some())
def test_any_rankings_have_finite_strengths_and_probabilities_that_add_up(rankings: list[Ranked]) -> None:
    found = fit(rankings)
    assert found.converged
    for strengths in found.strengths.values():
        assert all(math.isfinite(value) for value in strengths.values)
        _adds_up(strengths)


def _adds_up(strengths: Strengths) -> None:
    for one, other in combinations(strengths.candidates, 2):
        there, back = strengths.probability(one, other), strengths.probability(other, one)
        assert there + back == pytest.approx(1)
        assert (there > 0.5) == (strengths.gap(one, other) > 0) or there == pytest.approx(0.5)


@settings(deadline=None, max_examples=40)
@given(rankings_of_some())
def test_other_names_for_the_candidates_change_only_names(rankings: list[Ranked]) -> None:
    new = dict(zip("abcde", "edcba", strict=True))
    renamed = [
        Ranked(each.comparison, tuple(tuple(new[c] for c in group) for group in each.groups), (), each.reliability)
        for each in rankings
    ]
    found, again = fit(rankings).strengths, fit(renamed).strengths
    for comparison, strengths in found.items():
        for candidate, value in zip(strengths.candidates, strengths.values, strict=True):
            other = again[comparison]
            assert other.values[other.candidates.index(new[candidate])] == pytest.approx(value, abs=1e-4)
