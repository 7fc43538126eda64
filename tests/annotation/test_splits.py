from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.splits import Shares, split_for

KEYS = [f"group {number}" for number in range(4000)]


def share(shares: Shares, side: str) -> float:
    return sum(split_for(key, shares) == side for key in KEYS) / len(KEYS)


@given(st.text())
def test_it_gives_a_group_the_same_side_every_time(key: str) -> None:
    assert split_for(key, Shares()) == split_for(key, Shares())


def test_it_does_not_depend_on_the_process() -> None:
    keys = ["Okafor deposit", "Castellanos tow", "Pham sewage"]
    assert [split_for(key, Shares(0.3, 0.3)) for key in keys] == ["evaluation", "validation", "train"]


def test_it_holds_out_about_the_shares_asked_for() -> None:
    shares = Shares(evaluation=0.2, validation=0.1)
    assert share(shares, "evaluation") == pytest.approx(0.2, abs=0.02)
    assert share(shares, "validation") == pytest.approx(0.08, abs=0.02)


def test_it_moves_nothing_into_or_out_of_evaluation_when_the_validation_share_changes() -> None:
    few, many = Shares(0.2, 0.05), Shares(0.2, 0.4)
    assert all((split_for(k, few) == "evaluation") == (split_for(k, many) == "evaluation") for k in KEYS)


def test_it_takes_three_shares_of_all() -> None:
    shares = Shares.of_all(0.8, 0.1, 0.1)
    assert (shares.evaluation, shares.validation) == (0.1, pytest.approx(1 / 9))
    for wrong in [(0.8, 0.1, 0.2), (0, 0.5, 0.5), (1.2, -0.1, -0.1)]:
        with pytest.raises(ValueError, match="share"):
            Shares.of_all(*wrong)


def test_it_refuses_to_hold_out_everything() -> None:
    with pytest.raises(ValueError, match="less than 1"):
        Shares(evaluation=1)
