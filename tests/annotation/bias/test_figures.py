"""Figures worked out by hand; what is too little to tell is undefined, with the reason."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotation.bias import figures, tallies
from annotation.bias.tallies import OwnLists, Row

OWN = OwnLists.of([{"name": "Tenants", "terms": ["tenant"]}], [{"name": "Refused", "terms": ["refused"]}])


def row(at: int, prompt: str, response: str = "", **said: float | None) -> Row:
    return Row(str(at), f"p{at}", prompt, response, **said)


def many() -> list[Row]:
    """20 of a woman, 3 of 4 refused; 20 of nobody, 1 of 4 refused."""
    of_women = [row(at, "She asks.", "refused" if at % 4 else "fine", approved=float(at % 2)) for at in range(20)]
    rest = [row(at, "It asks.", "fine words here" if at % 4 else "refused", approved=1.0) for at in range(20, 40)]
    return of_women + rest


def report(rows: list[Row]) -> figures.Figures:
    return figures.report(tallies.count(rows, OWN), OWN)


def group(found: figures.Figures, key: str) -> figures.Figures:
    return next(one for each in found["attributes"] for one in each["groups"] if one["key"] == key)


def test_shares_have_wilsons_interval():
    women = group(report(many()), "gender/women")
    assert women["prompts"] == pytest.approx(
        {"hits": 20, "n": 40, "value": 0.5, "low": 0.35199, "high": 0.64801}, abs=1e-5
    )
    assert women["responses"]["hits"] == 0


def test_quality_is_compared_with_the_other_rows():
    approved = group(report(many()), "gender/women")["quality"]["approved"]
    assert (approved["n"], approved["others"], approved["value"], approved["rest"]) == (20, 20, 0.5, 1.0)
    # Newcombe's method 10 from Wilson's (0.2993, 0.7007) and (0.8389, 1)
    assert approved["difference"] == pytest.approx({"value": -0.5, "low": -0.70073, "high": -0.24262}, abs=1e-4)


def test_what_nobody_said_is_undefined_and_so_is_too_little():
    women = group(report(many()), "gender/women")["quality"]
    assert women["score"]["value"] is None
    assert "blind review" in women["score"]["reason"]
    few = group(report([*many()[:3], *many()[20:]]), "gender/women")["quality"]["approved"]
    assert few["reason"] == "Only 3 with it; 10 are needed."
    assert group(report(many()), "own/tenants")["quality"] == {}


def test_nothing_read_is_undefined_everywhere():
    found = report([])
    assert group(found, "gender/women")["prompts"]["reason"] == "There are no prompts."
    assert found["outcomes"] == []
    assert {each["value"] for each in found["periods"]} == {None}


def test_lengths_are_compared_by_their_medians():
    length = group(report(many()), "gender/women")["length"]
    assert (length["value"], length["rest"]) == (1.0, 3.0)
    assert length["ratio"]["value"] == pytest.approx(1 / 3)


def test_outcomes_go_with_groups():
    pair = next(each for each in report(many())["outcomes"] if each["key"] == "gender/women")
    assert (pair["hits"], pair["n"], pair["rest_hits"], pair["others"]) == (15, 20, 5, 20)
    assert pair["value"] == 0.5
    assert pair["p"] == pytest.approx(0.0038475, rel=1e-4)
    assert pair["log_odds"]["value"] == pytest.approx(math.log(15.5 * 15.5 / (5.5 * 5.5)))
    assert pair["stands"]


@pytest.mark.parametrize(
    ("table", "p"),
    [((3, 4, 1, 4), 34 / 70), ((8, 10, 1, 6), 0.0349650), ((0, 5, 0, 5), 1.0), ((5, 5, 0, 5), 2 / 252)],
)
def test_fishers_test(table, p):
    """The first is the lady tasting tea; the second 400 of 11440 tables, by hand."""
    assert figures.fisher(*table) == pytest.approx(p, rel=1e-5)


def test_many_comparisons_are_corrected():
    assert figures.benjamini_hochberg([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])
    assert figures.benjamini_hochberg([]) == []


@given(st.lists(st.floats(0, 1), max_size=20))
def test_corrected_ones_keep_their_order_and_are_never_smaller(values):
    adjusted = figures.benjamini_hochberg(values)
    assert all(after >= before - 1e-12 for before, after in zip(values, adjusted, strict=True))
    by_value = [after for _before, after in sorted(zip(values, adjusted, strict=True))]
    assert by_value == sorted(by_value)


def test_pieces_add_up_to_the_whole():
    rows = many()
    pieces = [tallies.count(rows[at : at + 7], OWN) for at in range(0, 40, 7)]
    whole = tallies.empty()
    for piece in pieces:
        whole = tallies.merge(whole, piece)
    assert figures.report(whole, OWN) == report(rows)


def test_a_stereotype_counts_in_the_sentence_of_its_group_only():
    rows = [
        row(1, "The women were emotional. It was lazy."),
        row(2, "The women left. It was emotional."),
        row(3, "Three retards and an emotional girl."),
    ]
    found = report(rows)
    assert [
        (each["word"], each["count"], [one["prompt_id"] for one in each["examples"]]) for each in found["stereotypes"]
    ] == [("emotional", 2, ["p1", "p3"])]
    assert [each["word"] for each in found["slurs"]] == ["r…s"]
    assert "retard" not in found["slurs"][0]["examples"][0]["text"]


def test_every_insult_in_an_example_is_masked():
    found = report([row(1, "Retards, said the emotional girl, and retards again.")])
    shown = [each["examples"][0]["text"] for each in (*found["slurs"], *found["stereotypes"])]
    assert shown == ["R…s, said the emotional girl, and r…s again."] * 2


def test_a_prompt_with_two_responses_counts_once_as_a_prompt():
    again = Row("b", "p1", "She asks.", "b", first=False)
    women = group(report([row(1, "She asks.", "a"), again]), "gender/women")
    assert (women["prompts"]["hits"], women["prompts"]["n"], women["responses"]["n"]) == (1, 1, 2)
