"""What a round that finds its own settings looks at, and which way it takes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from training.params import DPOParams, ParamsError
from training.recipes import pairs, preferred, tuning
from training.recipes.path import BACK, FASTER, GO_ON, HALF_WAY, STOP, Guard, Look, Way, goal

HEADINGS = ["Parties", "Next step"]


def pair(number: int, chosen: str, rejected: str, group: str = "") -> dict[str, Any]:
    return {
        "id": f"pair-{number}",
        "group": group or f"matter-{number}",
        "prompt": [{"role": "user", "content": f"Summarise note {number} of 2025"}],
        "chosen": [{"role": "assistant", "content": chosen}],
        "rejected": [{"role": "assistant", "content": rejected}],
    }


def made(chosen: str, rejected: str, count: int = 20) -> list[dict[str, Any]]:
    return [pair(number, chosen.format(number), rejected.format(number)) for number in range(count)]


# --- What the rankings prefer ---------------------------------------------------------------------------------


def test_it_reads_from_the_pairs_what_the_rankings_prefer() -> None:
    rows = made("Parties: A{}\nNext step: File by 3 March 2025", "Parties: A{}\nNext step: File the answer")
    found = preferred.preference(rows, HEADINGS, "Next step")
    assert found is not None
    assert found.sentence() == "What the rankings prefer: Next step with a date (chosen 100 %, rejected 0 %)."
    guarded = [trait.key for trait in preferred.guarded(rows, HEADINGS, "Next step", found)]
    assert guarded == ["complete", "supported"]


def test_it_finds_words_where_the_project_asks_for_nothing() -> None:
    found = preferred.preference(made("Pay {} now. Call us today", "Pay {} now"), [], "")
    assert found is not None
    assert found.trait.label.endswith("today”")


def test_words_that_all_chosen_answers_have_say_more_than_a_second_sentence() -> None:
    found = preferred.preference(made("Pay {}. Call us today.", "Pay {}."), [], "")
    assert found is not None
    assert "today" in found.trait.label


def test_it_knows_answers_that_are_the_same_but_for_a_change() -> None:
    assert preferred.are_alike(made("Pay the rent of flat {} today. Call us", "Pay the rent of flat {} today"))
    assert not preferred.are_alike(made("Parties: {}\nNext step: File", "The tenant wants flat {} repaired"))
    assert not preferred.are_alike(made("Pay {}", "Pay {} now or else the whole of it is due"))


def test_it_takes_length_only_where_nothing_else_tells_the_answers_apart() -> None:
    long, short = "one two three four five six seven eight {0}", "{0} nine"
    rows = [
        pair(number, " ".join(f"w{number}x{place}" for place in range(9)), f"w{number}x1 w{number}x2")
        for number in range(20)
    ]
    found = preferred.preference(rows, [], "")
    assert found is not None
    assert found.sentence() == "What the rankings prefer: length (chosen 9 words, rejected 2 words)."
    assert "length" not in preferred.preference(made(long, short), [], "").trait.label  # type: ignore[union-attr]


def test_it_says_when_nothing_tells_them_apart() -> None:
    rows = [pair(number, f"alpha{number} beta{number}", f"gamma{number} delta{number}") for number in range(20)]
    assert preferred.preference(rows, HEADINGS, "Next step") is None


def test_it_guards_nothing_that_the_rankings_ask_to_lower() -> None:
    rows = made("Pay 1999", "Pay 2025")
    assert [trait.key for trait in preferred.guarded(rows, [], "", None)] == []


# --- What is set aside ----------------------------------------------------------------------------------------


def test_it_sets_whole_groups_aside_and_at_most_a_third() -> None:
    rows = [pair(number, "good", "bad", f"matter-{number // 3}") for number in range(60)]
    learned, aside = tuning.divide(rows, 24, seed=17)
    assert {row["group"] for row in learned} & {row["group"] for row in aside} == set()
    assert len(learned) + len(aside) == 60
    assert len(tuning.prompts_of(aside)) == 18
    assert tuning.divide(rows, 24, seed=17) == (learned, aside)
    assert tuning.divide(rows, 24, seed=18)[1] != aside


def test_the_check_before_a_round_counts_what_is_left_to_learn_from() -> None:
    rows = [pair(number, "good", "bad") for number in range(30)]
    params = DPOParams(find_settings=True, tuning_prompts=8)
    picked = pairs.pick(rows, params)
    assert len(picked.rows) == 22
    assert picked.notes == ["8 prompts with 8 of 30 pairs are set aside: what is written to them decides."]
    assert {row["id"] for row in pairs.set_aside(rows, params)} == {row["id"] for row in rows} - {
        row["id"] for row in picked.rows
    }
    (reason,) = pairs.pick(rows[:9], params).reasons
    assert "too few prompts" in reason


def test_early_stopping_and_finding_settings_exclude_each_other() -> None:
    with pytest.raises(ParamsError, match="keeps the best"):
        DPOParams(find_settings=True, early_stopping_patience=2)


# --- The way --------------------------------------------------------------------------------------------------

START = Look(0, 0.0, 0.0, 10.0, {"form": 90.0, "loss": 2.0})
GUARDS = [
    Guard("form", "all headings", "%", 2.0),
    Guard("loss", "loss on chosen answers", "nats", 0.05, more_is_worse=True),
]


def way(**values: Any) -> Way:
    first = replace(START, guards=dict(START.guards))
    usual: dict[str, Any] = {"learning_rate": 4e-4, "sft_weight": 1.0, "goal": goal(10.0, 100.0), "rises": True}
    return Way(**{**usual, "guards": GUARDS, "first": first, **values})


def look(step: int, wanted: float, form: float = 90.0, loss: float = 1.9, half_way: bool = False) -> Look:
    return Look(step, 4e-4, 1.0, wanted, {"form": form, "loss": loss}, half_way=half_way)


def walked(way: Way, *looks: Look) -> list[tuple[str, bool]]:
    return [(taken.does, taken.kept) for taken in map(way.take, looks)]


def test_it_goes_on_while_it_gains_and_ends_when_the_goal_is_reached() -> None:
    here = way()
    assert walked(here, look(4, 30), look(8, 60), look(12, 97)) == [(GO_ON, True), (GO_ON, True), (STOP, True)]
    assert (here.stopped, here.best_look.step) == ("reached", 12)


def test_it_passes_through_bad_writing_as_long_as_it_learns() -> None:
    here = way()
    assert walked(here, look(4, 10, form=40, loss=1.5), look(8, 60, form=70, loss=1.2), look(12, 96, loss=1.1)) == [
        (GO_ON, False),
        (GO_ON, False),
        (STOP, True),
    ]


def test_it_does_not_pass_through_bad_writing_for_ever() -> None:
    here = way()
    does = [here.take(look(4 * n, 10 + 10 * n, form=40, loss=2 - n / 10)).does for n in range(1, 7)]
    assert does == [GO_ON] * 5 + [HALF_WAY]


def test_it_goes_back_half_of_the_way_and_then_on_more_carefully() -> None:
    here = way()
    assert walked(here, look(4, 50), look(8, 97, form=80, loss=1.5)) == [(GO_ON, True), (GO_ON, False)]
    assert walked(here, look(12, 97, form=80, loss=1.6)) == [(HALF_WAY, False)]
    assert walked(here, look(12, 80, half_way=True)) == [(BACK, True)]
    assert (here.learning_rate, here.sft_weight, here.since) == (2e-4, 2.0, 12)
    assert here.best_look.wanted == 80


def test_it_goes_back_at_once_when_it_only_loses() -> None:
    here = way()
    assert walked(here, look(4, 10, form=40, loss=2.5)) == [(BACK, False)]
    assert here.best == -1


def test_it_does_not_turn_for_ever() -> None:
    here = way()
    does = [here.take(look(4 * number, 10, form=40, loss=3.0)).does for number in range(1, 5)]
    assert does == [BACK, BACK, BACK, STOP]
    assert here.stopped == "turns"
    assert here.learning_rate == 4e-4 / 8


def test_it_ends_when_nothing_more_is_gained() -> None:
    here = way()
    looks = [look(4, 50), look(8, 50), look(12, 49), look(16, 50)]
    assert walked(here, *looks) == [(GO_ON, True), (GO_ON, False), (GO_ON, False), (STOP, False)]
    assert (here.stopped, here.best_look.step) == ("no gain", 4)


def test_it_takes_a_higher_rate_once_when_nothing_moves() -> None:
    here = way()
    does = [here.take(look(4 * number, 10)).does for number in range(1, 5)]
    assert does == [GO_ON, FASTER, GO_ON, STOP]
    assert here.learning_rate == 8e-4


def test_it_follows_preferences_for_less_of_something() -> None:
    here = way(rises=False, goal=goal(10.0, 0.0))
    assert walked(here, look(4, 6), look(8, 0)) == [(GO_ON, True), (STOP, True)]


def test_it_goes_on_the_same_way_after_an_interruption() -> None:
    looks = [look(4, 50), look(8, 50, form=80, loss=2.5), look(12, 80), look(16, 90), look(20, 97)]
    whole, first = way(), way()
    expected = walked(whole, *looks)
    begun = walked(first, *looks[:3])
    again = Way.from_json(json.loads(json.dumps(first.to_json())))
    assert begun + walked(again, *looks[3:]) == expected
    assert again == whole
