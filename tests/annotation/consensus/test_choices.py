"""Dawid and Skene's model: against the paper, against likelihood by brute force, and against known truths."""

from __future__ import annotations

import math
from collections import Counter
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.consensus.choices import Choice, ChoiceConsensus, dawid_skene
from tests.annotation.consensus import simulated
from tests.annotation.consensus.published import ANAESTHETIST_OF_COLUMN, ANAESTHETISTS, GRADES


def anaesthetists() -> list[Choice]:
    return [
        Choice(f"{patient:02}", str(person), grade)
        for patient, grades in enumerate(ANAESTHETISTS, 1)
        for person, grade in zip(ANAESTHETIST_OF_COLUMN, grades, strict=True)
    ]


def likelihood(choices: list[Choice], outcomes: tuple[str, ...], prevalence, confusion) -> float:
    """The logarithm, written down from the paper's equation 2.7 as a product over choices."""
    items: dict[str, list[Choice]] = {}
    for each in choices:
        items.setdefault(each.item, []).append(each)
    total = 0.0
    for made in items.values():
        chance = 0.0
        for truth, share in enumerate(prevalence):
            for each in made:
                share *= confusion[each.rater][truth][outcomes.index(each.outcome)]
            chance += share
        total += math.log(chance)
    return total


def test_it_finds_the_shares_of_grades_that_the_paper_prints() -> None:
    found = dawid_skene(anaesthetists(), smoothing=0)
    assert found.converged
    assert found.outcomes == ("1", "2", "3", "4")
    assert [round(share, 2) for share in found.prevalence] == list(GRADES)


def test_it_leaves_little_doubt_about_any_patient() -> None:
    """Three whose grades are spread over two neighbours leave some. Whom all grade alike is graded so."""
    found = dawid_skene(anaesthetists(), smoothing=0)
    doubted = {item for item in found.posterior if found.best(item)[1] < 0.99}
    assert doubted == {"07", "35", "38"}
    assert min(found.best(item)[1] for item in found.posterior) > 0.9
    unanimous = [item for item, said in zip(found.posterior, ANAESTHETISTS, strict=True) if len(set(said)) == 1]
    assert all(found.best(item)[0] == ANAESTHETISTS[int(item) - 1][0] for item in unanimous)


def test_it_states_the_likelihood_of_what_it_found() -> None:
    choices = anaesthetists()
    found = dawid_skene(choices, smoothing=0)
    assert found.log_likelihood == pytest.approx(
        likelihood(choices, found.outcomes, found.prevalence, found.confusion), abs=1e-9
    )


def test_no_step_away_from_what_it_found_is_likelier() -> None:
    """Maximum likelihood: moving any row of any table, or the prevalence, towards any outcome makes it worse."""
    choices = anaesthetists()
    found = dawid_skene(choices, smoothing=0, tolerance=1e-10)
    for truth, towards in product(range(4), repeat=2):
        shifted = _towards(found.prevalence, towards)
        assert likelihood(choices, found.outcomes, shifted, found.confusion) <= found.log_likelihood + 1e-9
        for rater, rows in found.confusion.items():
            moved = {**found.confusion, rater: _replaced(rows, truth, _towards(rows[truth], towards))}
            assert likelihood(choices, found.outcomes, found.prevalence, moved) <= found.log_likelihood + 1e-9


def _towards(row: tuple[float, ...], at: int, by: float = 0.01) -> tuple[float, ...]:
    return tuple((1 - by) * value + (by if each == at else 0.0) for each, value in enumerate(row))


def _replaced(rows: tuple[tuple[float, ...], ...], at: int, row: tuple[float, ...]) -> tuple[tuple[float, ...], ...]:
    return (*rows[:at], row, *rows[at + 1 :])


def test_a_grid_over_all_tables_finds_nothing_likelier() -> None:
    """Three people accept or return; each errs alike in both directions, so a grid can hold every combination."""
    counts = {"aaa": 9, "aar": 4, "ara": 2, "raa": 1, "rrr": 8, "rra": 3, "rar": 2, "arr": 1}
    choices = [
        Choice(f"{said}{time}", str(person), letter)
        for said, times in counts.items()
        for time in range(times)
        for person, letter in enumerate(said)
    ]
    found = dawid_skene(choices, smoothing=0, tolerance=1e-10, rounds=5000)
    grid = [0.5 + step / 20 for step in range(11)]
    shares = [step / 20 for step in range(1, 20)]
    best = max(
        likelihood(choices, ("a", "r"), (share, 1 - share), tables)
        for share in shares
        for rights in product(grid[2:10], repeat=3)
        for tables in [{str(person): ((right, 1 - right), (1 - right, right)) for person, right in enumerate(rights)}]
    )
    assert found.log_likelihood >= best


def right(found: ChoiceConsensus, gold: dict[str, str]) -> float:
    return sum(found.best(item)[0] == truth for item, truth in gold.items()) / len(gold)


def plurality(choices: list[Choice], gold: dict[str, str]) -> float:
    """Most votes win. Where several outcomes have most, the chance that a draw among them is right."""
    votes: dict[str, Counter[str]] = {}
    for each in choices:
        votes.setdefault(each.item, Counter())[each.outcome] += 1
    share = 0.0
    for item, counted in votes.items():
        most = [outcome for outcome, times in counted.items() if times == max(counted.values())]
        share += (gold[item] in most) / len(most)
    return share / len(gold)


def test_it_beats_the_majority_on_gold_that_it_was_not_shown() -> None:
    """Of seven people three guess and one always says the same. Mean gain over the majority above 0.10, never below
    0.05 for any seed."""
    gains = []
    for seed in range(6):
        choices, gold = simulated.choices(seed)
        gains.append(right(dawid_skene(choices, simulated.OUTCOMES), gold) - plurality(choices, gold))
    assert sum(gains) / len(gains) > 0.10
    assert min(gains) > 0.05


def test_it_finds_who_says_the_same_whatever_is_true() -> None:
    choices, _ = simulated.choices(3)
    found = dawid_skene(choices, simulated.OUTCOMES)
    assert all(row[0] > 0.9 for row in found.confusion["left"])
    for at in (0, 2):
        assert found.confusion["sure-1"][at][at] > 0.8
        assert found.confusion["guessing-1"][at][at] < 0.6


def test_known_items_keep_their_outcome_and_teach_who_errs() -> None:
    """Two people who contradict each other everywhere: only gold can say which of them is right."""
    choices = [Choice(f"{at:02}", who, said) for at in range(20) for who, said in (("p", "a"), ("q", "r"))]
    gold = {f"{at:02}": "a" for at in range(10)}
    found = dawid_skene(choices, known=gold)
    assert all(found.best(item) == ("a", 1.0) for item in gold)
    assert found.best("15")[0] == "a"
    assert found.best("15")[1] > 0.9
    assert found.confusion["p"][0][0] > 0.9
    assert found.confusion["q"][0][0] < 0.3


def test_one_lucky_judgement_makes_nobody_infallible() -> None:
    """Without smoothing a person's table after one judgement has nothing but zeros and ones."""
    choices = [Choice("x", "p", "a"), Choice("x", "q", "a"), Choice("x", "new", "a")]
    others = [Choice(str(at), who, "ar"[at % 2]) for at in range(20) for who in ("p", "q")]
    found = dawid_skene([*choices, *others], ("a", "r"))
    assert found.judged["new"] == 1
    assert found.met["new"][0] == pytest.approx(1.0, abs=0.01)
    assert all(0.01 < value < 0.99 for row in found.confusion["new"] for value in row)
    bare = dawid_skene([*choices, *others], ("a", "r"), smoothing=0)
    assert bare.confusion["new"][0] == pytest.approx((1.0, 0.0))


def test_one_person_alone_is_believed_but_not_without_doubt() -> None:
    found = dawid_skene([Choice(str(at), "p", "ar"[at % 2]) for at in range(6)])
    assert all(found.best(str(at))[0] == "ar"[at % 2] for at in range(6))
    assert all(0.6 < found.best(str(at))[1] < 0.99 for at in range(6))


def test_an_outcome_that_the_project_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="maybe"):
        dawid_skene([Choice("x", "p", "maybe")], ("a", "r"))


def test_no_choices_say_nothing() -> None:
    found = dawid_skene([], ("a", "r"))
    assert (found.posterior, found.confusion, found.converged) == ({}, {}, True)


CHOICES = st.lists(
    st.builds(Choice, st.sampled_from("wxyz"), st.sampled_from("pqr"), st.sampled_from(["a", "tie", "b", "bad"])),
    min_size=1,
    max_size=25,
)


@settings(deadline=None, max_examples=60)
@given(CHOICES, st.randoms(), st.sampled_from([0.0, 3.0]))
def test_it_gives_probabilities_whatever_comes_in_whatever_order(choices: list[Choice], lot, smoothing: float) -> None:
    found = dawid_skene(choices, smoothing=smoothing)
    assert set(found.posterior) == {each.item for each in choices}
    for row in found.posterior.values():
        assert sum(row) == pytest.approx(1)
        assert all(0 <= value <= 1 for value in row)
    for rows in found.confusion.values():
        for row in rows:
            assert sum(row) == pytest.approx(1) or not any(row)  # a truth that never occurred has no row
    lot.shuffle(choices)
    again = dawid_skene(choices, smoothing=smoothing)
    for item, row in found.posterior.items():
        assert again.posterior[item] == pytest.approx(row, abs=1e-6)
