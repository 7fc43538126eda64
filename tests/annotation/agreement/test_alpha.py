"""Krippendorff's alpha against his worked examples, against the definition, and by what must always hold."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.agreement import Level, krippendorff_alpha
from annotation.agreement.figures import ALL_THE_SAME, NOT_TWICE, ONE_ITEM
from tests.annotation.agreement import by_definition

# Krippendorff (2011), section C: four observers, twelve units, missing data
FOUR_OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]
# ... section A: two observers, binary data
TWO_OBSERVERS = [[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]]
# ... section B: two observers, five categories
FIVE_CATEGORIES = [list("aabbdcccedda"), list("babbbccceddd")]
# Fleiss (1971): six psychiatrists, thirty patients; alpha = 1 - (1 - kappa) (n - 1) / n with his kappa of .4302445
DIAGNOSES = [
    "444444", "222555", "233335", "555555", "222444", "113333", "333355", "113334", "114444", "555555",
    "144444", "124444", "222333", "144444", "224445", "333335", "111455", "111112", "224444", "133555",
    "555555", "244444", "224555", "114444", "144445", "222224", "111155", "224444", "133333", "555555",
]  # fmt: skip


def judged(observers):
    return {
        unit: {who: row[unit] for who, row in enumerate(observers) if row[unit] is not None}
        for unit in range(len(observers[0]))
    }


def of_units(units):
    return {item: dict(enumerate(unit)) for item, unit in enumerate(units)}


@pytest.mark.parametrize(("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_it_gives_krippendorffs_values_for_four_observers_with_missing_judgements(level, published):
    found = krippendorff_alpha(judged(FOUR_OBSERVERS), Level(level))

    assert round(found.value, 3) == published
    assert (found.units, found.raters, found.judgements) == (11, 4, 40)
    assert found.low < found.value < found.high
    assert found.reason == ""


@pytest.mark.parametrize(("observers", "published"), [(TWO_OBSERVERS, 0.095), (FIVE_CATEGORIES, 0.692)])
def test_it_gives_krippendorffs_values_for_two_observers(observers, published):
    assert round(krippendorff_alpha(judged(observers), Level.NOMINAL).value, 3) == published


def test_it_follows_from_fleiss_kappa_for_the_thirty_patients():
    found = krippendorff_alpha(of_units(DIAGNOSES), Level.NOMINAL)

    assert found.judgements == 180
    assert found.value == pytest.approx(1 - (1 - 0.4302445) * 179 / 180, abs=1e-7)


@pytest.mark.parametrize(
    ("units", "reason"),
    [
        ([], NOT_TWICE),
        ([[1], [2], [3]], NOT_TWICE),
        ([[1, 1], [2]], ONE_ITEM),
        ([[1, 2, 1]], ONE_ITEM),
        ([[3, 3], [3, 3], [3, 3]], ALL_THE_SAME),
        ([[3, 3], [3, 3, 3], [4]], ALL_THE_SAME),
    ],
)
@pytest.mark.parametrize("level", list(Level))
def test_it_says_why_there_is_no_figure(units, reason, level):
    found = krippendorff_alpha(of_units(units), level)

    assert (found.value, found.low, found.high, found.reason) == (None, None, None, reason)


def test_it_is_worse_than_chance_when_people_always_differ():
    assert krippendorff_alpha(of_units(["ab"] * 10), Level.NOMINAL).value == pytest.approx(1 - 19 / 10)


def test_it_takes_interval_data_far_from_zero():
    near = [[0, 1, 1], [3, 2, 3], [9, 9, 8], [5, 5, 5]]
    far = [[1e6 + value / 10 for value in unit] for unit in near]

    expected = krippendorff_alpha(of_units(near), Level.INTERVAL)
    found = krippendorff_alpha(of_units(far), Level.INTERVAL)

    assert found.value == pytest.approx(expected.value, abs=1e-6)
    assert found.low == pytest.approx(expected.low, abs=1e-6)


unit = st.lists(st.integers(1, 5), min_size=0, max_size=4)
units = st.lists(unit, max_size=8)
levels = st.sampled_from(list(Level))
quick = settings(max_examples=60, deadline=None)


@quick
@given(units, levels)
def test_it_equals_the_definition_pair_by_pair(units, level):
    found = krippendorff_alpha(of_units(units), level)

    if sum(len(unit) >= 2 for unit in units) < 2:
        assert found.value is None
        return
    expected = by_definition.alpha(units, level)
    assert found.value == (None if expected is None else pytest.approx(expected, abs=1e-9))


@quick
@given(units, levels)
def test_it_is_a_number_of_at_most_one_within_its_interval_or_has_a_reason(units, level):
    found = krippendorff_alpha(of_units(units), level)

    if found.value is None:
        assert found.low is None
        assert found.high is None
        assert found.reason.endswith(".")
        return
    assert math.isfinite(found.low + found.value + found.high)
    assert found.low <= found.value <= found.high <= 1
    assert found.reason == ""


@quick
@given(units, levels, st.randoms(use_true_random=False))
def test_it_knows_no_order_of_people_or_items(units, level, random):
    shuffled = [random.sample(unit, len(unit)) for unit in random.sample(units, len(units))]

    assert krippendorff_alpha(of_units(shuffled), level) == krippendorff_alpha(of_units(units), level)


@quick
@given(units, st.permutations(range(1, 6)))
def test_it_does_not_care_for_the_names_of_nominal_answers(units, names):
    renamed = [[f"answer {names[value - 1]}" for value in unit] for unit in units]

    found = krippendorff_alpha(of_units(renamed), Level.NOMINAL)
    assert found.value == pytest.approx(krippendorff_alpha(of_units(units), Level.NOMINAL).value)


@quick
@given(units)
def test_it_is_the_same_for_ordinal_answers_from_the_other_end_and_on_any_scale(units):
    expected = krippendorff_alpha(of_units(units), Level.ORDINAL).value

    for change in (lambda value: -value, lambda value: value**3):
        changed = [[change(value) for value in unit] for unit in units]
        assert krippendorff_alpha(of_units(changed), Level.ORDINAL).value == pytest.approx(expected)


@quick
@given(units, levels)
def test_it_moves_only_by_the_small_sample_correction_when_items_are_doubled(units, level):
    """Doubling changes nothing but the small-sample correction, which takes one judgement off n."""
    once, twice = (krippendorff_alpha(of_units(items), level) for items in (units, units * 2))
    if once.value is None:
        return
    n = once.judgements

    assert twice.judgements == 2 * n
    assert 1 - twice.value == pytest.approx((1 - once.value) * (2 * n - 1) / (2 * n - 2))


@quick
@given(st.lists(st.tuples(st.integers(1, 5), st.integers(2, 4)), min_size=2, max_size=8), levels)
def test_it_is_exactly_one_when_people_agree_on_answers_that_vary(answers, level):
    found = krippendorff_alpha(of_units([[value] * people for value, people in answers]), level)

    if len({value for value, _ in answers}) == 1:
        assert found.reason == ALL_THE_SAME
        return
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(0.025 ** (1 / len(answers)))


@quick
@given(units, levels)
def test_it_does_not_count_what_only_one_person_judged(units, level):
    alone = [[value] for value in range(1, 6)]

    assert krippendorff_alpha(of_units(units + alone), level) == krippendorff_alpha(of_units(units), level)
