"""Agreement of rankings with ties, against published examples, the definitions, and by what must always hold."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.agreement import kendall_w, mean_tau, mean_w, tau_b
from annotation.agreement.figures import NOT_TWICE, ONE_ITEM
from annotation.agreement.orders import ALL_TIED, NOT_ALL, NOT_SAME, distance
from tests.annotation.agreement import by_definition

# three comparisons of ten objects, with ties (example of the NAG library's g08daf)
TEN_OBJECTS = [
    [1, 4.5, 2, 4.5, 3, 7.5, 6, 9, 7.5, 10],
    [2.5, 1, 2.5, 4.5, 4.5, 8, 9, 6.5, 10, 6.5],
    [2, 1, 4.5, 4.5, 4.5, 4.5, 8, 8, 8, 10],
]
# twenty patients' anxiety by three raters, with ties (data of the R package irr, printed by its kendall)
ANXIETY = [
    [3, 3, 3, 4, 5, 5, 2, 3, 5, 2, 2, 6, 1, 5, 2, 2, 1, 2, 4, 3],
    [3, 6, 4, 6, 2, 4, 2, 4, 3, 3, 2, 3, 3, 3, 2, 2, 1, 3, 3, 4],
    [2, 1, 4, 4, 3, 2, 1, 6, 1, 1, 1, 2, 3, 3, 1, 1, 3, 3, 2, 2],
]


def order(places):
    """Groups of positions, lowest place first."""
    return [[each for each, at in enumerate(places) if at == place] for place in sorted(set(places))]


@pytest.mark.parametrize(("rows", "published"), [(TEN_OBJECTS, 0.828), (ANXIETY, 0.540)])
def test_it_gives_the_published_concordance_with_ties(rows, published):
    assert round(kendall_w([order(row) for row in rows]), 3) == published


@pytest.mark.parametrize(
    ("one", "other", "published"),
    [
        ([12, 2, 1, 12, 2], [1, 4, 7, 1, 0], -0.4714045),  # example of scipy.stats.kendalltau
        ([1, 2, 3, 4], [1, 2, 3, 4], 1.0),
        ([1, 2, 3, 4], [4, 3, 2, 1], -1.0),
        ([1, 2, 3, 4], [1, 2, 4, 3], 2 / 3),
        ([1, 2, 2], [1, 2, 3], 2 / 6**0.5),
    ],
)
def test_it_gives_tau_b_with_ties(one, other, published):
    assert tau_b(order(one), order(other)) == pytest.approx(published, abs=5e-8)


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ([["a"], ["b"], ["c"]], [["a"], ["b"], ["c"]], 0),
        ([["a"], ["b"], ["c"]], [["c"], ["b"], ["a"]], 1),
        ([["a"], ["b"], ["c"]], [["a", "b", "c"]], 1 / 2),
        ([["a"], ["b", "c"]], [["a"], ["b"], ["c"]], 1 / 6),
        ([["a", "b"]], [["b", "a"]], 0),
        ([["a"]], [["b"]], None),
    ],
)
def test_it_tells_how_far_two_orders_are_apart(one, other, apart):
    assert distance(one, other) == (apart if apart is None else pytest.approx(apart))


def test_it_refuses_an_order_that_names_an_answer_twice():
    with pytest.raises(ValueError, match="twice"):
        tau_b([["a"], ["b", "a"]], [["a"], ["b"]])
    with pytest.raises(ValueError, match="twice"):
        tau_b([["a", "a"], ["b"]], [["a"], ["b"]])


@pytest.mark.parametrize(
    "orders", [[], [[["a"], ["b"]]], [[["a"]], [["a"]]], [[["a", "b"]]] * 3, [[["a"], ["b"]], [["a"], ["c"]]]]
)
def test_it_has_no_concordance_where_that_is_undefined(orders):
    assert kendall_w(orders) is None


FORWARD, BACKWARD, TIED = [["a"], ["b"], ["c"]], [["c"], ["b"], ["a"]], [["a", "b", "c"]]


def items(*rows):
    return {item: dict(enumerate(row)) for item, row in enumerate(rows)}


def test_it_counts_each_item_once_however_many_people_ranked_it():
    found = mean_tau(items([FORWARD] * 5, [FORWARD, BACKWARD]))

    assert found.value == 0
    assert (found.units, found.raters, found.judgements) == (2, 5, 7)
    assert (found.low, found.high) == (-1, 1)


def test_it_counts_people_of_whom_one_ranks_all_equal_as_chance_and_leaves_out_those_who_both_do():
    found = mean_tau(items([FORWARD, TIED], [FORWARD, FORWARD], [TIED, TIED]))

    assert found.value == pytest.approx(0.5)
    assert found.units == 2


@pytest.mark.parametrize(
    ("judged", "reason"),
    [
        ({}, NOT_TWICE),
        (items([FORWARD], [FORWARD]), NOT_TWICE),
        (items([FORWARD, FORWARD]), ONE_ITEM),
        (items([TIED, TIED], [TIED, TIED]), ALL_TIED),
        (items([[["a"]], [["b"]]], [[["a"]], [["b"]]]), NOT_SAME),
        (items([TIED, TIED], [FORWARD, FORWARD]), "Only one item has rankings that tell answers apart"),
    ],
)
def test_it_says_why_there_is_no_figure(judged, reason):
    found = mean_tau(judged)

    assert (found.value, found.low, found.high) == (None, None, None)
    assert found.reason.startswith(reason)


def test_it_takes_the_mean_concordance_only_where_everybody_ranked_every_item():
    assert mean_w(items([FORWARD, FORWARD], [FORWARD, BACKWARD])).value == pytest.approx(0.5)
    assert mean_w(items([FORWARD, FORWARD, FORWARD], [FORWARD, BACKWARD])).reason == NOT_ALL
    assert mean_w(items([FORWARD, FORWARD], [FORWARD, FORWARD], [FORWARD])).reason == NOT_ALL
    assert mean_w(items([TIED, TIED], [TIED, TIED])).reason == ALL_TIED
    assert mean_w(items([FORWARD, FORWARD])).reason == ONE_ITEM


places = st.integers(2, 5).flatmap(lambda n: st.lists(st.lists(st.integers(1, n), min_size=n, max_size=n), min_size=2))
quick = settings(max_examples=80, deadline=None)


@quick
@given(places)
def test_tau_b_equals_the_definition_and_stays_in_bounds(rows):
    for one, other in permutations(rows[:3], 2):
        found, expected = tau_b(order(one), order(other)), by_definition.tau_b(one, other)
        assert found == (None if expected is None else pytest.approx(expected))
        assert found is None or -1 <= found <= 1


@quick
@given(places)
def test_w_stays_in_bounds_and_knows_no_order_of_people(rows):
    orders = [order(row) for row in rows]
    found = kendall_w(orders)

    assert found is None or 0 <= found <= 1
    assert kendall_w(orders[::-1]) == found


@quick
@given(st.integers(2, 5).flatmap(lambda n: st.lists(st.permutations(range(n)), min_size=2, max_size=6)))
def test_w_without_ties_is_the_mean_of_spearmans_correlations(rows):
    """Kendall and Babington Smith (1939): mean rho = (m W - 1) / (m - 1)."""
    m = len(rows)

    w = kendall_w([order(row) for row in rows])
    assert (m * w - 1) / (m - 1) == pytest.approx(by_definition.mean_spearman(rows))


@quick
@given(places)
def test_agreement_is_exactly_one_when_all_rank_alike_and_tell_answers_apart(rows):
    found = mean_tau(items(*([order(row)] * 3 for row in rows)))

    apart = sum(len(set(row)) > 1 for row in rows)
    if apart < 2:
        assert found.value is None
        return
    assert found.value == 1.0
    assert found.low == pytest.approx(0.025 ** (1 / apart))
