"""Rounds with rewards on the tiny base model: what is rewarded is written more, from the parent on."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import pytest

from tests.training.recipes.conftest import MakeRun, assistant, read_json
from training.run_dir import RunDir, newest_verified_checkpoint, verify_adapter_files

pytestmark = pytest.mark.torch
Rows = list[dict[str, Any]]
SMALL = {
    "max_length": 256,
    "seed": 3,
    "learning_rate": 1e-2,
    "warmup_ratio": 0.0,
    "lr_scheduler_type": "constant",
    "max_new_tokens": 16,
    "per_device_train_batch_size": 2,
    "gradient_accumulation_steps": 2,
    "kl_limit": 50.0,
    "beta": 0.01,
}


def train(run_dir: RunDir) -> dict[str, Any]:
    from training.recipes import rloo

    rloo.main([str(run_dir.path)])
    return read_json(run_dir.result_file)


def logs(run_dir: RunDir) -> Rows:
    return [event for event in run_dir.events() if event["event"] == "log"]


@pytest.fixture
def more_of_a_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule so trivial that a few steps show whether rewards are learned from."""
    from training.recipes import rules

    def share(text: str, row: dict[str, Any]) -> float | None:
        return float("e" in text.lower())

    monkeypatch.setattr(rules, "of_project", lambda asked: [rules.Rule("format", "letters", "format_weight", share)])


def test_it_writes_more_of_what_is_rewarded(
    make_run: MakeRun, demonstrations: Rows, parent_adapter: Path, more_of_a_letter: None
) -> None:
    run_dir = make_run(
        "rloo",
        {**SMALL, "max_steps": 24, "num_generations": 16, "max_new_tokens": 4, "eval_steps": 12},
        demonstrations,
        demonstrations[:3],
        parent_adapter_dir=str(parent_adapter),
    )
    result = train(run_dir)
    assert result["status"] == "succeeded", result
    seen = logs(run_dir)
    assert len(seen) == 24
    assert seen[0]["kl"] == 0.0, "the reference is the parent itself"
    assert seen[-1]["kl"] > 0.0
    rewards = [log["reward"] for log in seen]
    # means of 384 draws each, whose difference has a standard error of 0.036
    assert statistics.fmean(rewards[-6:]) > statistics.fmean(rewards[:6]) + 0.1, rewards
    assert all(log["rewards/format/mean"] == pytest.approx(log["reward"]) for log in seen)
    assert verify_adapter_files(run_dir.adapter) == []
    held_out = result["rewards"]["held_out"]
    assert set(held_out) == {"reward", "format", "rouge_l", "length", "cut"}
    assert result["rewards"]["written"]["kl"]["first"] < result["rewards"]["written"]["kl"]["last"]
    measured = [event["step"] for event in run_dir.events() if event["event"] == "eval"]
    assert sorted(measured) == [0, 12, 24]


FEW = {**SMALL, "max_steps": 4, "num_generations": 2, "max_new_tokens": 8, "save_steps": 3}


def test_a_resumed_round_makes_the_same_adapter(
    make_run: MakeRun, demonstrations: Rows, parent_adapter: Path, more_of_a_letter: None
) -> None:
    """Killed in its second pass: what is drawn follows from the step, and the reference is the parent again."""
    parent = str(parent_adapter)
    run_dir = make_run("rloo", FEW, demonstrations, parent_adapter_dir=parent)
    whole = train(run_dir)
    assert whole["status"] == "succeeded", whole
    (run_dir.checkpoints / "checkpoint-4").rename(run_dir.path / "never-written")
    checkpoint = newest_verified_checkpoint(run_dir.path)
    assert checkpoint == run_dir.checkpoints / "checkpoint-3"
    again = make_run(
        "rloo", FEW, demonstrations, name="attempt-2", parent_adapter_dir=parent, resume_from=str(checkpoint)
    )
    resumed = train(again)
    assert resumed["status"] == "succeeded", resumed
    assert [log["step"] for log in logs(again)] == [4]
    assert resumed["adapter_sha256"] == whole["adapter_sha256"]


def test_it_learns_from_a_reward_model_and_the_projects_rules(
    make_run: MakeRun, demonstrations: Rows, parent_adapter: Path, tiny_base: Path
) -> None:
    from tests.training.recipes.test_reward import SMALL as FOR_MARKS
    from tests.training.recipes.test_reward import pairs_by_a_rule
    from training.recipes import reward

    judged = make_run("reward", {**FOR_MARKS, "max_steps": 2}, pairs_by_a_rule(8), name="judge")
    assert reward.main([str(judged.path)]) == 0
    found = read_json(judged.result_file)
    dated = [
        row | {"completion": assistant(f"Next step: call by {n + 1} May 2025")} for n, row in enumerate(demonstrations)
    ]
    run_dir = make_run(
        "rloo",
        {**FEW, "max_steps": 2, "kl_limit": 100.0, "supported_weight": 0.0},
        dated,
        dated[:2],
        parent_adapter_dir=str(parent_adapter),
        reward_model={
            "base_model_dir": str(tiny_base),
            "adapter_dir": str(judged.adapter),
            **{name: found[name] for name in ("mark_mean", "mark_spread")},
        },
        asks={"headings": ["Next step"], "dated": "Next step"},
    )
    result = train(run_dir)
    assert result["status"] == "succeeded", result
    means = {name for log in logs(run_dir) for name in log if name.startswith("rewards/")}
    assert means == {f"rewards/{key}/mean" for key in ("format", "date", "facts", "reward_model")}
    held_out = result["rewards"]["held_out"]
    assert 0 < held_out["reward_model"]["after"] < 1
    assert "supported" in held_out, "what is not rewarded is watched"
    notes = " ".join(read_json(run_dir.preflight)["notes"])
    assert "the headings are kept 1.00" in notes


def test_it_stops_when_it_has_moved_too_far(
    make_run: MakeRun, demonstrations: Rows, parent_adapter: Path, more_of_a_letter: None
) -> None:
    params = {**FEW, "max_steps": 8, "kl_limit": 1e-4, "num_generations": 4}
    run_dir = make_run("rloo", params, demonstrations, parent_adapter_dir=str(parent_adapter))
    result = train(run_dir)
    assert (result["status"], result["stopped_because"], result["early_stopped"]) == ("succeeded", "kl", True)
    assert result["global_step"] < 8
    assert any("further from the model it started from" in warning for warning in result["warnings"])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"facts_weight": 0.0, "supported_weight": 0.0}, "None of the rewards has anything to say"),
        ({"max_new_tokens": 600}, "reads 512 tokens"),
    ],
)
def test_it_refuses_before_it_loads_the_model(
    make_run: MakeRun, demonstrations: Rows, changes: dict[str, Any], words: str
) -> None:
    result = train(make_run("rloo", {**FEW, **changes}, demonstrations))
    assert result["status"] == "refused"
    assert words in result["message"]


def test_it_takes_prompts_twice_where_they_do_not_fill_a_step() -> None:
    from training.params import RLOOParams
    from training.recipes.rloo import evenly, filled

    assert filled(["a", "b", "c"], RLOOParams()) == ["a", "b", "c"] * 3
    assert filled(["a"] * 9, RLOOParams()) == ["a"] * 9
    assert evenly(list(range(10)), 4) == [0, 2, 5, 7]
    assert evenly([1, 2], 4) == [1, 2]


def test_it_draws_the_same_from_all_words_whether_sorted_or_not() -> None:
    import torch

    from training.recipes.decoding import choose

    logits = torch.tensor([[0.0, 1.0, 3.0, 2.0]]).repeat(2000, 1)
    draw = (torch.arange(2000) + 0.5) / 2000
    shares = torch.bincount(choose(logits, draw, 1.0, 1.0), minlength=4) / 2000
    assert torch.allclose(shares, torch.softmax(logits[0], dim=0), atol=1e-3)


def test_it_scores_answers_alike_on_whichever_side_they_are_padded(tiny_base: Path) -> None:
    import torch
    from trl.trainer.utils import add_fused_lm_head

    from training.recipes import base, label_head

    tokenizer = base.load_tokenizer(str(tiny_base))
    model = base.load_model(str(tiny_base), torch.float32)
    add_fused_lm_head(model, temperature=0.7)
    ids = [tokenizer(text)["input_ids"] for text in ("The roof leaks since May", "A dog")]
    longest = max(map(len, ids))
    left = torch.tensor([[0] * (longest - len(row)) + row for row in ids])
    mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in ids])
    labels = left.masked_fill(mask == 0, -100)
    labels[:, : longest - 2] = -100
    given = {"input_ids": left, "attention_mask": mask, "labels": labels, "fused_lm_head": True}
    positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
    stock = model(**given, position_ids=positions).log_probs
    label_head.install(model, temperature=0.7)
    ours = model(**given).log_probs
    assert torch.allclose(ours[:, -2:], stock[:, -2:], atol=1e-4)
