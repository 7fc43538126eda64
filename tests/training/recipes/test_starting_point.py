"""The starting model is measured while the round already learns: the same numbers, and nothing of the round changes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.training.recipes.conftest import MakeRun, read_json
from training.run_dir import RunDir

pytestmark = pytest.mark.torch
Rows = list[dict[str, Any]]
SMALL = {"max_length": 256, "lora_r": 4, "lora_alpha": 8, "lora_dropout": 0.1, "seed": 3, "learning_rate": 0.01}
STEPS = {"max_steps": 8, "eval_steps": 3, "early_stopping_patience": 2}


def train(run_dir: RunDir, recipe: str = "sft") -> dict[str, Any]:
    from training.recipes import dpo, sft

    {"sft": sft, "dpo": dpo}[recipe].main([str(run_dir.path)])
    return read_json(run_dir.result_file)


@pytest.mark.parametrize("recipe", ["sft", "dpo"])
def test_measuring_it_late_gives_the_same_numbers_and_the_same_adapter(
    make_run: MakeRun,
    recipe: str,
    demonstrations: Rows,
    preferences: Rows,
    parent_adapter: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from training.recipes.starting_point import StartingPoint

    rows = {"sft": demonstrations, "dpo": preferences}[recipe]
    spec = {"train": rows, "validation": rows[:3], "parent_adapter_dir": str(parent_adapter)}
    late = make_run(recipe, {**SMALL, **STEPS}, name="late", **spec)
    measured = train(late, recipe)
    events = [(event["event"], event["step"]) for event in late.events() if event["event"] in ("log", "eval")]
    assert events[:5] == [("log", 1), ("log", 2), ("eval", 0), ("log", 3), ("eval", 3)]
    logs = [event for event in late.events() if event["event"] == "log"]
    assert all(log["tokens_per_second"] > 0 and log.keys() == logs[0].keys() for log in logs)

    first = make_run(recipe, {**SMALL, **STEPS}, name="first", **spec)
    with monkeypatch.context() as patched:
        patched.setattr(StartingPoint, "on_train_begin", lambda self, *_args, **_more: self.measure())
        before = train(first, recipe)
    assert next(event["event"] for event in first.events() if event["event"] in ("log", "eval")) == "eval"

    monkeypatch.setattr(StartingPoint, "measure", lambda self: None)
    unmeasured = train(make_run(recipe, {**SMALL, **STEPS}, name="unmeasured", **spec), recipe)
    assert "eval_loss_before" in measured
    for name in ("eval_loss_before", "general_perplexity_before", "general_perplexity", "best_step", "early_stopped"):
        assert measured[name] == before[name]
    assert measured["adapter_sha256"] == before["adapter_sha256"] == unmeasured["adapter_sha256"]
    assert unmeasured["eval_loss_before"] is None


def test_a_round_without_held_out_rows_is_measured_at_its_end(make_run: MakeRun, demonstrations: Rows) -> None:
    run_dir = make_run("sft", {**SMALL, "max_steps": 2}, demonstrations)
    result = train(run_dir)
    phases = [event["message"] for event in run_dir.events() if event["event"] == "phase"]
    assert phases[-3:] == ["Training", "Measuring the starting model", "Saving"]
    assert result["general_perplexity_before"] != result["general_perplexity"]


def test_weights_too_many_to_keep_twice_are_measured_first(
    make_run: MakeRun, demonstrations: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.recipes import starting_point

    monkeypatch.setattr(starting_point, "LARGEST_SHARE", 0.0)
    run_dir = make_run("sft", {**SMALL, "max_steps": 2}, demonstrations, demonstrations[:2])
    assert train(run_dir)["eval_loss_before"] is not None
    assert [event["event"] for event in run_dir.events() if event["event"] in ("log", "eval")][:2] == ["eval", "log"]


def test_a_round_that_leaves_its_parent_as_it_was_has_failed(
    make_run: MakeRun, demonstrations: Rows, parent_adapter: Path
) -> None:
    """One step, and the rate begins at zero; the parent's weights alone would look like something learned."""
    params = {**SMALL, "max_steps": 1, "warmup_ratio": 0.5}
    result = train(make_run("sft", params, demonstrations, parent_adapter_dir=str(parent_adapter)))
    assert (result["status"], result["failure_code"]) == ("failed", "learned_nothing")
    assert "Raise the learning rate or the steps" in result["message"]


@pytest.mark.parametrize(("loss", "slope", "refused"), [(0.0, 0.0, True), (0.0, 0.2, False), (0.7, 0.0, False)])
def test_a_loss_of_exactly_zero_teaches_nothing(loss: float, slope: float, refused: bool) -> None:
    """A loss may pass through zero while the weights still learn; with no slope either, there is nothing."""
    from training.recipes.process import Stopped
    from training.recipes.training_run import _refuse_what_learned_nothing

    logs = [{"loss": loss, "grad_norm": slope, "step": step} for step in (1, 2)]
    trainer = SimpleNamespace(state=SimpleNamespace(log_history=logs, global_step=2))
    start: Any = SimpleNamespace(has_moved=lambda: True)
    if not refused:
        return _refuse_what_learned_nothing(trainer, start)
    with pytest.raises(Stopped, match="The loss was exactly zero at every step") as stopped:
        _refuse_what_learned_nothing(trainer, start)
    assert stopped.value.outcome["failure_code"] == "learned_nothing"
    return None
