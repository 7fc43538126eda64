"""Reliability from judgements alone, and what weighing by it gains over the majority."""

from __future__ import annotations

import math
import random
import time

import pytest

from annotation.consensus.choices import Choice, dawid_skene
from annotation.consensus.judgements import Judgement
from annotation.consensus.majority import majority_pairs
from annotation.consensus.reliability import ALONE, Reliability, reliabilities
from annotation.consensus.weighted import weighted_consensus
from tests.annotation.consensus import simulated

SEEDS = range(5)


@pytest.mark.parametrize("seed", SEEDS)
def test_it_beats_the_majority_on_gold_that_it_was_not_shown(seed: int) -> None:
    """Of seven people three guess and one always takes the left; two to five candidates, four people each.

    In every seed: of all pairs it orders at least 0.08 more rightly than plain votes do. Among its surest pairs, as
    many as the majority's rule keeps, at least 0.04 more are right. And of all pairs that there are, its pairs find at
    least 0.25 more, because the rule of two thirds drops what guessing people spoil.
    """
    judgements, gold = simulated.rankings(seed)
    weighted, majority = weighted_consensus(judgements), majority_pairs(judgements)
    assert simulated.by_strength(weighted.strengths, gold) >= simulated.plain_votes(judgements, gold) + 0.08
    right_of_majority, found_by_majority = simulated.accuracy(majority, gold)
    assert simulated.right_of_surest(weighted.pairs, len(majority), gold) >= right_of_majority + 0.04
    assert simulated.accuracy(weighted.pairs, gold)[1] >= found_by_majority + 0.25


def test_it_beats_the_majority_where_there_are_only_two_candidates() -> None:
    """The same crowd, five people for each pair. In every seed at least 0.05 more of all pairs are ordered rightly.
    In the mean over the seeds at least 0.015 more are right among its surest, as many as the majority's rule keeps:
    fewer than 0.45 of all, and those the easy ones, so a single seed can be even there."""
    gains = []
    for seed in SEEDS:
        judgements, gold = simulated.rankings(seed, comparisons=500, each=5, sizes=(2,))
        weighted, majority = weighted_consensus(judgements), majority_pairs(judgements)
        assert simulated.by_strength(weighted.strengths, gold) >= simulated.plain_votes(judgements, gold) + 0.05
        assert len(majority) < 0.45 * len(gold)
        surest = simulated.right_of_surest(weighted.pairs, len(majority), gold)
        gains.append(surest - simulated.accuracy(majority, gold)[0])
    assert sum(gains) / len(gains) >= 0.015


@pytest.mark.parametrize("seed", SEEDS)
def test_where_all_people_are_alike_weighing_costs_nothing(seed: int) -> None:
    """Six people of one reliability: no more than 0.01 fewer of all pairs are ordered rightly than by plain votes."""
    crowd = dict.fromkeys("pqrstu", 1.5)
    judgements, gold = simulated.rankings(seed, crowd=crowd)
    strengths = weighted_consensus(judgements).strengths
    assert simulated.by_strength(strengths, gold) >= simulated.plain_votes(judgements, gold) - 0.01


def test_pairs_are_right_at_least_as_often_as_they_say() -> None:
    """In each tenth of probability the share of right ones is no more than 0.05 below its lower end."""
    right: dict[int, list[bool]] = {}
    for seed in SEEDS:
        judgements, gold = simulated.rankings(seed)
        for pair in weighted_consensus(judgements).pairs:
            truth = gold[pair.comparison]
            right.setdefault(int(pair.probability * 10), []).append(truth[pair.chosen] > truth[pair.rejected])
    for tenth, answers in right.items():
        assert sum(answers) / len(answers) > tenth / 10 - 0.05


@pytest.mark.parametrize("seed", SEEDS)
def test_it_tells_sure_people_from_those_who_guess_or_always_take_the_left(seed: int) -> None:
    judgements, _ = simulated.rankings(seed)
    found = reliabilities(judgements)
    assert found.converged
    for name, each in found.of.items():
        assert each.accuracy is not None
        assert each.low is not None
        assert each.high is not None
        assert each.low < each.accuracy < each.high
        assert each.comparisons == sum(judgement.rater == name for judgement in judgements)
        if name.startswith("sure"):
            assert each.accuracy > 0.85
        else:
            assert 0.4 < each.accuracy < 0.6


def test_its_accuracy_is_that_of_people_whose_errors_are_known() -> None:
    """Each pair is turned round with the person's own probability; the estimate comes within 0.05."""
    lot = random.Random(7)
    wrong = {"p": 0.05, "q": 0.15, "r": 0.3, "s": 0.5}
    judgements = []
    for number in range(600):
        ids = lot.sample(["a", "b"], 2)
        for name, share in wrong.items():
            order = ids if lot.random() >= share else ids[::-1]
            judgements.append(Judgement(str(number), name, tuple((each,) for each in order)))
    for name, each in reliabilities(judgements).of.items():
        assert each.accuracy == pytest.approx(1 - wrong[name], abs=0.05)


def test_who_ties_everything_shows_no_reliability() -> None:
    judgements, _ = simulated.rankings(1)
    tied = [
        Judgement(each.comparison, "shrug", (tuple(c for group in each.groups for c in group),))
        for each in {each.comparison: each for each in judgements}.values()
    ]
    accuracy = reliabilities([*judgements, *tied]).of["shrug"].accuracy
    assert accuracy == pytest.approx(0.5, abs=0.05)


def test_who_errs_more_often_than_not_counts_nothing() -> None:
    assert Reliability(0.3, 0.2, 0.4, 50, "", 0.3).exponent(1.0) == 0


@pytest.mark.parametrize("sureness", [0.6, 0.75, 0.9])
def test_the_exponent_gives_back_the_accuracy_it_stands_for(sureness: float) -> None:
    """Integrated over gaps from the prior: people of that exponent order two candidates rightly that often."""
    exponent = Reliability(sureness, 0, 1, 9, "", sureness).exponent(1.3)
    width, step = 1.3 * math.sqrt(2), 0.001
    share = sum(
        2
        * step
        * math.exp(-((gap / width) ** 2) / 2)
        / (width * math.sqrt(2 * math.pi))
        / (1 + math.exp(-exponent * gap))
        for gap in (at * step for at in range(1, 12000))
    )
    assert share == pytest.approx(sureness, abs=0.01)


def test_who_judged_alone_has_no_accuracy_and_a_reason() -> None:
    (only,) = reliabilities([Judgement("c", "p", (("a",), ("b",)))]).of.values()
    assert (only.accuracy, only.low, only.high, only.comparisons, only.reason) == (None, None, None, 0, ALONE)
    assert only.exponent(1.0) > 0  # and is believed as a usual person is


def test_thousands_of_judgements_take_seconds() -> None:
    """20,000 over 5,000 comparisons of two to five candidates: less than ten seconds of this process's own time, also
    on a slow machine, and as many choices less than five."""
    judgements, _ = simulated.rankings(0, comparisons=5000)
    assert len(judgements) == 20_000
    start = time.process_time()
    assert weighted_consensus(judgements).converged
    assert time.process_time() - start < 10
    choices = [Choice(each.comparison, each.rater, str(len(each.groups))) for each in judgements]
    start = time.process_time()
    dawid_skene(choices)
    assert time.process_time() - start < 5


def test_a_handful_of_contradictions_sets_nobody_above_the_other() -> None:
    """Two people and three comparisons: nothing says which of them errs."""
    orders = {"x": ("ac d b", "b acd"), "y": ("a bc d", "cd a b"), "z": ("ab cd", "c ad b")}
    judgements = [
        Judgement(comparison, name, tuple(tuple(group) for group in order.split()))
        for comparison, both in orders.items()
        for name, order in zip("pq", both, strict=True)
    ]
    found = reliabilities(judgements)
    assert found.converged
    assert found.of["p"].assumed == pytest.approx(found.of["q"].assumed, abs=0.02)
