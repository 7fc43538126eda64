"""Which rows DPO and KTO rounds learn from, what they count and in which order they are read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.params import DPOParams, KTOParams, ParamsError
from training.recipes import dry_round, judgements, pairs

PAIRS = [
    {"id": "a", "votes": 3, "agreement": 1.0, "strength": 2.0},
    {"id": "b", "votes": 2, "agreement": 0.667, "strength": 1.0},
    {"id": "c", "votes": 1, "agreement": 1.0, "strength": 1.0},
    {"id": "d", "votes": 3, "agreement": 1.0, "strength": 1.5},
]


def kept(**params: object) -> str:
    return "".join(row["id"] for row in pairs.pick(PAIRS, DPOParams(**params)).rows)  # type: ignore[arg-type]


def test_it_keeps_every_pair_by_default_and_those_frozen_before() -> None:
    assert kept() == "abcd"
    older = pairs.pick([{"id": "old"}], DPOParams())
    assert ([row["id"] for row in older.rows], older.notes, older.reasons) == (["old"], [], [])


def test_it_leaves_pairs_out_by_agreement_and_by_rank_gap() -> None:
    assert kept(min_agreement=0.8) == "acd"
    assert kept(min_agreement=0.667) == "abcd"
    assert kept(min_gap=2) == "a"
    both = pairs.pick(PAIRS, DPOParams(min_agreement=0.8, min_gap=2))
    assert both.notes == [
        "1 of 4 pairs left out: fewer than 80 % agreed.",
        "2 of 3 pairs left out: fewer than 2 places apart.",
    ]


def test_it_says_when_nothing_is_left_or_nothing_is_known() -> None:
    assert "Every pair was left out" in pairs.pick(PAIRS, DPOParams(min_gap=5)).reasons[0]
    for asked in ({"min_agreement": 0.9}, {"min_gap": 2}, {"pair_weighting": "strength"}):
        (reason,) = pairs.pick([{"id": "old"}], DPOParams(**asked)).reasons  # type: ignore[arg-type]
        assert "freeze the preference pairs again" in reason


def test_it_proposes_label_smoothing_from_what_rankers_did_not_share() -> None:
    assert pairs.disagreement(PAIRS) == pytest.approx(1 / 9)
    assert pairs.disagreement(PAIRS[2:3]) is None
    assert pairs.pick(PAIRS[2:], DPOParams()).notes == []
    (note,) = pairs.pick(PAIRS, DPOParams()).notes
    assert note == (
        "Of the rankers who saw the same pair, 11 % did not share the preference. "
        "For the robust loss, label smoothing 0.11 would fit."
    )
    (note,) = pairs.pick(PAIRS, DPOParams(loss_type="robust", label_smoothing=0.2)).notes
    assert note.endswith("Label smoothing is 0.2; 0.11 would fit.")


@pytest.mark.parametrize("weighting", ["equal", "agreement", "strength"])
def test_it_weighs_pairs_in_proportion_and_by_one_on_average(weighting: str) -> None:
    weights = pairs.weights(PAIRS, weighting)
    assert sum(weights) / len(weights) == pytest.approx(1)
    if weighting != "equal":
        assert weights[0] / weights[1] == pytest.approx(PAIRS[0][weighting] / PAIRS[1][weighting])  # type: ignore[operator]


@given(st.integers(1, 500), st.integers(1, 500))
def test_it_balances_good_and_bad_as_the_method_advises(good: int, bad: int) -> None:
    of_good, of_bad = judgements.balanced(good, bad, KTOParams())
    assert of_good * good == pytest.approx(of_bad * bad)
    assert min(of_good, of_bad) == 1


def test_it_says_when_the_answers_to_check_with_are_of_one_kind() -> None:
    good, bad = {"label": True}, {"label": False}
    (note,) = judgements.one_sided([bad, bad])
    assert note.startswith("The answers to check with are all bad")
    assert judgements.one_sided([good, bad]) == judgements.one_sided([]) == []


def test_it_fits_the_other_weight_to_the_one_that_is_set() -> None:
    assert judgements.balanced(30, 10, KTOParams(desirable_weight=0.5)) == (0.5, 1.5)
    assert judgements.balanced(30, 10, KTOParams(undesirable_weight=3.0)) == (1.0, 3.0)
    assert judgements.balanced(30, 10, KTOParams(desirable_weight=1.0, undesirable_weight=1.0)) == (1.0, 1.0)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abcdefgh")), max_size=40), st.integers(2, 8), st.integers())
def test_it_reads_every_row_once_in_an_order_that_the_seed_decides(
    rows: list[tuple[bool, str]], batch: int, seed: int
) -> None:
    labels, prompts = [label for label, _ in rows], [prompt for _, prompt in rows]
    order = judgements.arranged(labels, prompts, batch, seed)
    assert sorted(order) == list(range(len(rows)))
    assert order == judgements.arranged(labels, prompts, batch, seed)


def test_it_spreads_the_rare_and_keeps_answers_to_one_prompt_apart() -> None:
    labels, prompts = [True] * 12 + [False] * 4, [str(number) for number in (*range(12), *range(4))]
    order = judgements.arranged(labels, prompts, 4, 17)
    for start in range(0, 16, 4):
        batch = order[start : start + 4]
        assert sum(not labels[place] for place in batch) == 1
        assert len({prompts[place] for place in batch}) == 4


def test_it_needs_two_rows_in_a_step() -> None:
    with pytest.raises(ParamsError, match="at least 2"):
        KTOParams(per_device_train_batch_size=1)


def test_a_dry_round_tries_good_and_bad_answers_however_rare() -> None:
    rows = [{"id": number, "label": number != 7, "completion": "long " * number} for number in range(300)]
    chosen = dry_round.choose(rows)
    assert len(chosen) == dry_round.ROWS
    assert {row["label"] for row in chosen} == {True, False}
    assert rows[-1] in chosen
