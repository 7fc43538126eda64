"""Reward models on the tiny base model: they learn from pairs, and tell held-out ones apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.training.recipes.conftest import MakeRun, assistant, read_json, user
from training.run_dir import RunDir, verify_adapter_files

pytestmark = pytest.mark.torch
Rows = list[dict[str, Any]]
SMALL = {"max_length": 256, "lora_r": 4, "lora_alpha": 8, "seed": 3, "learning_rate": 5e-3}


def pairs_by_a_rule(count: int, start: int = 0) -> Rows:
    """What is preferred demands something; what is not does not."""
    return [
        {
            "id": f"rule-{n}",
            "prompt": user(f"The case number is {n}"),
            "chosen": assistant(f"Demand the wages {n}"),
            "rejected": assistant(f"Look again {n}"),
        }
        for n in range(start, start + count)
    ]


def both_answers(rows: Rows) -> list[tuple[list[dict[str, str]], str]]:
    return [(row["prompt"], row[name][0]["content"]) for row in rows for name in ("chosen", "rejected")]


def train(run_dir: RunDir) -> dict[str, Any]:
    from training.recipes import reward

    reward.main([str(run_dir.path)])
    return read_json(run_dir.result_file)


def test_it_tells_held_out_pairs_apart(make_run: MakeRun) -> None:
    run_dir = make_run("reward", {**SMALL, "num_train_epochs": 4.0}, pairs_by_a_rule(12), pairs_by_a_rule(6, 20))
    result = train(run_dir)
    assert result["status"] == "succeeded", result
    assert result["eval_reward_accuracy"] == 1.0
    assert result["eval_loss"] < 0.3 < result["eval_loss_before"]
    assert (result["held_out_pairs"], result["held_out_prompts"]) == (6, 6)
    assert result["mark_spread"] > 0.5
    assert result["general_perplexity"] is None
    assert verify_adapter_files(run_dir.adapter) == []
    shares = [
        event["eval_rewards/accuracies"] for event in run_dir.events() if event["event"] == "eval" and event["step"]
    ]
    assert shares[-1] == 1.0


def test_it_judges_later_as_it_did_at_the_end(make_run: MakeRun, tiny_base: Path, parent_adapter: Path) -> None:
    """Loaded from its files alone, also when it had started from another adapter."""
    from training.recipes import base, marks

    held_out = pairs_by_a_rule(4, 20)
    run_dir = make_run(
        "reward", {**SMALL, "max_steps": 3}, pairs_by_a_rule(8), held_out, parent_adapter_dir=str(parent_adapter)
    )
    result = train(run_dir)
    assert read_json(run_dir.adapter / "adapter_config.json")["modules_to_save"] == ["classifier", "score"]
    tokenizer = base.load_tokenizer(str(tiny_base))
    judging = marks.to_judge(str(tiny_base), str(run_dir.adapter), tokenizer)
    answered = both_answers(held_out)
    given = marks.give(judging, tokenizer, answered)
    assert sum(given) / len(given) == pytest.approx(result["mark_mean"], abs=0.02)


def test_it_starts_from_what_its_parent_has_learned(tiny_base: Path, parent_adapter: Path) -> None:
    import torch

    from training.params import RewardParams
    from training.recipes import base, marks

    tokenizer = base.load_tokenizer(str(tiny_base))
    spec = {"base_model_dir": str(tiny_base), "parent_adapter_dir": str(parent_adapter)}
    judging = marks.to_learn(spec, RewardParams(), tokenizer)
    writing = base.load_parent(base.load_model(str(tiny_base)), str(parent_adapter))
    ids = torch.tensor([tokenizer("The roof leaks since May")["input_ids"]])
    states = judging.get_base_model().model(ids).last_hidden_state
    assert torch.equal(states, writing.get_base_model().model(ids).last_hidden_state)
    assert all(weight.dtype == torch.float32 for weight in judging.parameters() if weight.requires_grad)


def test_it_gives_the_marks_that_the_stock_model_gives(tiny_base: Path, parent_adapter: Path) -> None:
    from training.params import RewardParams
    from training.recipes import base, marks

    tokenizer = base.load_tokenizer(str(tiny_base))
    spec = {"base_model_dir": str(tiny_base), "parent_adapter_dir": str(parent_adapter)}
    judging = marks.to_learn(spec, RewardParams(), tokenizer).float().eval()
    answered = [
        (row["prompt"], row[name][0]["content"]) for row in pairs_by_a_rule(3) for name in ("chosen", "rejected")
    ]
    stock = marks.give(judging, tokenizer, answered)
    marks.quicken(judging)
    assert marks.give(judging, tokenizer, answered) == pytest.approx(stock, abs=1e-4)


def test_it_refuses_to_judge_cut_answers() -> None:
    from training.methods import from_json
    from training.params import ParamsError

    with pytest.raises(ParamsError, match="whole answers"):
        from_json("reward", {"allow_truncation": True})
