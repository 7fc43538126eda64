from __future__ import annotations

from typing import Any

import pytest

from training.findings.lessons import fit, forgetting, lessons


def told(held_out: dict[int, float | None], training: dict[int, float] | None = None) -> list[dict[str, Any]]:
    """A round of ten steps a pass."""
    logs = [{"event": "log", "step": step, "loss": loss, "epoch": step / 10} for step, loss in (training or {}).items()]
    return [*logs, *({"event": "eval", "step": step, "eval_loss": loss} for step, loss in held_out.items())]


FALLING = {1: 2.0, 10: 1.5, 20: 1.0, 30: 0.6, 40: 0.3}
RISING = {1: 1.0, 10: 1.4, 20: 1.8, 30: 2.4, 40: 3.1}


def test_it_says_which_measurement_was_best_and_what_to_do_when_rows_were_learned_by_heart() -> None:
    assert fit(told({0: 2.0, 10: 1.5, 20: 1.2, 30: 1.4, 40: 1.7}, FALLING)) == (
        "Held-out loss was best at step 20 of 40 (1.2) and rose to 1.7 while training loss kept falling: the model "
        "learned these rows by heart. Next time make fewer passes (about 2), or turn on early stopping (patience 2), "
        "which keeps the best."
    )


def test_it_says_which_adapter_early_stopping_has_kept() -> None:
    said = fit(told({0: 2.0, 10: 1.2, 20: 1.4, 30: 1.7}, FALLING), kept_best=10)
    assert said.endswith("Early stopping kept the adapter of step 10.")


def test_it_names_a_round_that_made_held_out_rows_worse_from_the_start() -> None:
    said = fit(told({0: 1.0, 20: 1.2, 40: 1.5}, FALLING))
    assert "was best before the round (1)" in said
    assert said.endswith("Take a lower learning rate and, if you can, more rows.")


def test_it_does_not_call_it_learned_by_heart_when_training_loss_rises_too() -> None:
    said = fit(told({0: 2.0, 10: 1.2, 20: 1.8, 40: 2.5}, RISING))
    assert said.endswith("training loss did not fall after it either: take a lower learning rate.")


@pytest.mark.parametrize("training", [{}, {40: 0.3}, {1: 2.0}])
def test_it_takes_training_loss_as_not_falling_where_it_is_not_known(training: dict[int, float]) -> None:
    assert "by heart" not in fit(told({0: 1.0, 40: 1.5}, training))


def test_it_compares_training_loss_over_as_many_steps_on_either_side() -> None:
    noisy = {1: 2.0, 10: 1.0, 20: 1.1, 30: 0.9, 40: 0.9}
    assert "by heart" in fit(told({0: 2.0, 20: 1.2, 40: 1.5}, noisy))
    assert "by heart" in fit(told({0: 1.2, 40: 1.5}, noisy))


@pytest.mark.parametrize(
    ("best", "passes"), [(1, "fewer passes (about 0.25)"), (10, "fewer passes (about 1)"), (30, "(about 3)")]
)
def test_it_says_how_many_passes_would_have_been_enough(best: int, passes: str) -> None:
    assert passes in fit(told({0: 2.0, best: 1.0, 40: 1.5}, FALLING))


def test_it_says_only_fewer_passes_when_it_does_not_know_how_many_there_were() -> None:
    events = told({0: 2.0, 20: 1.0, 40: 1.5}, FALLING)
    for event in events:
        event.pop("epoch", None)
    assert "Next time make fewer passes, or turn on" in fit(events)


def test_it_says_that_a_round_was_still_gaining() -> None:
    assert fit(told({0: 2.0, 10: 1.8, 20: 1.6, 30: 1.4, 40: 1.2}, FALLING)) == (
        "It was still gaining at the end: held-out loss went from 1.4 at step 30 to 1.2 at step 40. Another pass, or "
        "more rows, would likely make it better."
    )


def test_it_looks_back_far_enough_to_see_a_slow_gain() -> None:
    slow = {step: 2.0 - step * 0.02 for step in range(0, 41, 2)}
    assert fit(told(slow, FALLING)).startswith("It was still gaining")


@pytest.mark.parametrize("last", [1.2, 1.19, 1.21, 1.22])
def test_it_says_that_a_loss_has_levelled_off(last: float) -> None:
    said = fit(told({0: 2.0, 10: 1.4, 20: 1.2, 30: 1.2, 40: last}, FALLING))
    assert said == (
        f"Held-out loss levelled off at about {last}: the passes were enough. More rows would help more than more "
        "passes."
    )


def test_it_says_that_a_loss_has_hardly_moved() -> None:
    said = fit(told({0: 2.0, 10: 1.99, 20: 1.98, 40: 1.981}, FALLING))
    assert said.startswith("Held-out loss has hardly moved (from 2 to 1.98)")


def test_it_takes_a_rise_within_chance_for_none() -> None:
    assert "by heart" not in fit(told({0: 2.0, 10: 1.5, 20: 1.2, 40: 1.22}, FALLING))
    assert "by heart" in fit(told({0: 2.0, 10: 1.5, 20: 1.2, 40: 1.23}, FALLING))


@pytest.mark.parametrize("held_out", [{}, {0: 2.0}, {40: 1.0}, {0: 2.0, 40: 1.0}, {0: 2.0, 20: None}])
def test_it_says_nothing_when_too_little_was_measured(held_out: dict[int, float | None]) -> None:
    assert fit(told(held_out, FALLING)) == ""


def test_it_takes_the_last_of_several_measurements_at_one_step() -> None:
    events = [*told({0: 2.0, 20: 1.5, 40: 9.0}, FALLING), *told({40: 1.0})]
    assert fit(events).startswith("It was still gaining")


def test_it_goes_by_the_steps_and_not_by_the_order_of_lines() -> None:
    held_out = {0: 2.0, 10: 1.5, 20: 1.2, 30: 1.4, 40: 1.7}
    assert fit(told(dict(reversed(held_out.items())), FALLING)) == fit(told(held_out, FALLING))


@pytest.mark.parametrize(
    ("before", "after", "surprise", "verdict"),
    [
        (8.0, 8.0, "as much as before", "It has kept what it knew."),
        (8.0, 8.001, "as much as before", "It has kept what it knew."),
        (8.0, 7.0, "less than before", "It has kept what it knew."),
        (8.0, 8.8, "more than before", "It has kept what it knew."),
        (8.0, 8.9, "more than before", "It has forgotten a little of what it knew."),
        (8.0, 12.0, "more than before", "It has forgotten a little of what it knew."),
        (8.0, 12.1, "more than before", "It has forgotten much of what it knew"),
    ],
)
def test_it_says_with_both_numbers_what_was_forgotten(before: float, after: float, surprise: str, verdict: str) -> None:
    said = forgetting({"general_perplexity_before": before, "general_perplexity": after})
    assert surprise in said
    assert f"(perplexity {before:.3g} before the round, {after:.3g} after)" in said
    assert verdict in said


def test_it_writes_large_perplexities_without_powers_of_ten() -> None:
    said = forgetting({"general_perplexity_before": 900.4, "general_perplexity": 12_345.6})
    assert "perplexity 900 before the round, 12,346 after" in said


@pytest.mark.parametrize(
    "result", [{}, {"general_perplexity": 2.0}, {"general_perplexity_before": 2.0, "general_perplexity": None}]
)
def test_it_says_nothing_of_forgetting_that_was_not_measured(result: dict[str, Any]) -> None:
    assert forgetting(result) == ""


def test_it_names_the_best_step_only_when_early_stopping_was_on() -> None:
    events = told({0: 2.0, 10: 1.2, 20: 1.4, 30: 1.7}, FALLING)
    measured = {"best_step": 10, "general_perplexity_before": 8.0, "general_perplexity": 8.0}
    with_patience = lessons(events, measured, {"early_stopping_patience": 2})
    without = lessons(events, measured, {"early_stopping_patience": 0})
    assert "kept the adapter of step 10" in with_patience[0]
    assert "fewer passes" in without[0]
    assert with_patience[1] == without[1]
    assert len(without) == 2
