"""DPO and KTO rounds on the tiny base model: what they start from, and what each row counts."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.training.recipes.conftest import FACTS, MakeRun, assistant, read_json, user
from tests.training.recipes.test_training import SMALL, kill_after_checkpoint, named
from training.run_dir import RunDir

pytestmark = pytest.mark.torch
Rows = list[dict[str, Any]]
REWARDS = ("eval_rewards/chosen", "eval_rewards/rejected", "eval_rewards/margins")


@pytest.fixture(scope="session")
def judgements() -> Rows:
    return [
        {"id": f"{note}-{label}", "prompt": user(note), "completion": assistant(text), "label": label}
        for note, good, bad in FACTS
        for label, text in ((True, good), (False, bad))
    ]


@pytest.fixture
def counted_pairs(preferences: Rows) -> Rows:
    """The last two pairs: fewer agreed on one, ranked further apart the other."""
    figures = [(3, 1.0, 1.0)] * 6 + [(2, 0.667, 1.0), (3, 1.0, 3.0)]
    return [
        {**row, "votes": votes, "agreement": agreement, "strength": strength}
        for row, (votes, agreement, strength) in zip(preferences, figures, strict=True)
    ]


def train(recipe: str, run_dir: RunDir) -> dict[str, Any]:
    from training.recipes import dpo, kto

    {"dpo": dpo, "kto": kto}[recipe].main([str(run_dir.path)])
    return read_json(run_dir.result_file)


def trainer_of(recipe: str, run_dir: RunDir) -> Any:
    """The trainer of a round that has run."""
    from training.recipes import dpo, kto, training_run

    build = {"dpo": dpo, "kto": kto}[recipe].build_trainer
    built = []

    def spy(given: Any) -> Any:
        built.append(build(given))
        return built[-1]

    training_run.train(run_dir, recipe, spy)
    return built[0]


def of_answers(directory: Path, adapter: Path | None, rows: list[tuple[Any, Any]]) -> list[float]:
    """The log-probability of each answer, by plain transformers and PEFT in float32."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(directory)
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32)
    if adapter:
        model = PeftModel.from_pretrained(model, adapter)
    found = []
    for prompt, answer in rows:
        start = len(tokenizer.apply_chat_template(prompt, add_generation_prompt=True, return_dict=True)["input_ids"])
        ids = torch.tensor([tokenizer.apply_chat_template(prompt + answer, return_dict=True)["input_ids"]])
        with torch.no_grad():
            logps = model(input_ids=ids).logits[0, :-1].float().log_softmax(-1)
        found.append(logps.gather(1, ids[0, 1:, None])[start - 1 :].sum().item())
    return found


@pytest.mark.parametrize("recipe", ["dpo", "kto"])
def test_its_rewards_are_exactly_zero_against_the_parent_and_not_against_the_base(
    make_run: MakeRun, preferences: Rows, judgements: Rows, parent_adapter: Path, tiny_base: Path, recipe: str
) -> None:
    rows = preferences if recipe == "dpo" else judgements
    params = {**SMALL, "max_steps": 1, "warmup_ratio": 0.0}
    run_dir = make_run(recipe, params, rows, rows, parent_adapter_dir=str(parent_adapter))
    trainer = trainer_of(recipe, run_dir)
    before = named(run_dir, "eval")[0]
    assert before["step"] == 0
    assert [before[name] for name in REWARDS] == [0.0, 0.0, 0.0]
    assert {path.name for path in run_dir.adapter.iterdir()}.isdisjoint({"ref"})

    answers = "chosen" if recipe == "dpo" else "completion"
    columns = trainer.eval_dataset
    asked = [(row["prompt"], row[answers]) for row in columns]
    reference = columns["ref_chosen_logps" if recipe == "dpo" else "ref_logps"]
    parent, base = (of_answers(tiny_base, adapter, asked) for adapter in (parent_adapter, None))
    assert list(reference) == pytest.approx(parent, abs=1e-3)
    rewards_against_the_base = [trainer.beta * (one - other) for one, other in zip(reference, base, strict=True)]
    assert min(map(abs, rewards_against_the_base)) > 0.001
    assert sum(map(abs, rewards_against_the_base)) > 0.1 * len(asked)


def test_its_margins_are_those_of_float32(
    make_run: MakeRun, preferences: Rows, parent_adapter: Path, tiny_base: Path
) -> None:
    params = {**SMALL, "max_steps": 4, "learning_rate": 1e-4, "warmup_ratio": 0.0}
    run_dir = make_run("dpo", params, preferences, preferences, parent_adapter_dir=str(parent_adapter))
    assert train("dpo", run_dir)["status"] == "succeeded"
    rewards = []
    for answers in ("chosen", "rejected"):
        asked = [(row["prompt"], row[answers]) for row in preferences]
        after, before = (of_answers(tiny_base, adapter, asked) for adapter in (run_dir.adapter, parent_adapter))
        rewards.append(sum(0.1 * (one - other) for one, other in zip(after, before, strict=True)) / len(asked))
    measured = named(run_dir, "eval")[-1]
    assert 0 < measured["eval_rewards/margins"] < 0.02, "smaller than what bfloat16 rounds away"
    assert measured["eval_rewards/chosen"] == pytest.approx(rewards[0], abs=1e-5)
    assert measured["eval_rewards/margins"] == pytest.approx(rewards[0] - rewards[1], abs=1e-5)


@pytest.mark.parametrize("recipe", ["dpo", "kto"])
def test_it_measures_the_reference_once(
    make_run: MakeRun,
    preferences: Rows,
    judgements: Rows,
    parent_adapter: Path,
    recipe: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from training.recipes import trainers

    rows = preferences if recipe == "dpo" else judgements
    kind = trainers.PairTrainer if recipe == "dpo" else trainers.JudgementTrainer
    measured: list[int] = []
    measure = kind.compute_ref_log_probs

    def counting(self: Any, model: Any, inputs: Any) -> Any:
        measured.append(len(inputs["input_ids"]) // (2 if recipe == "dpo" else 1))
        assert self.state.global_step == 0
        return measure(self, model, inputs)

    monkeypatch.setattr(kind, "compute_ref_log_probs", counting)
    params = {**SMALL, "num_train_epochs": 3.0, "per_device_train_batch_size": 4}
    run_dir = make_run(recipe, params, rows, rows[:4], parent_adapter_dir=str(parent_adapter))
    assert train(recipe, run_dir)["status"] == "succeeded"
    assert sum(measured) == len(rows) + 4
    assert len(named(run_dir, "eval")) > 3


@pytest.mark.parametrize("loss", ["sigmoid", "ipo", "hinge", "robust"])
def test_it_learns_under_every_loss_together_with_the_sft_term(
    make_run: MakeRun, preferences: Rows, parent_adapter: Path, loss: str
) -> None:
    params = {**SMALL, "learning_rate": 0.005, "num_train_epochs": 3.0, "loss_type": loss, "sft_weight": 0.2}
    params["label_smoothing"] = 0.1 if loss == "robust" else 0.0
    run_dir = make_run("dpo", params, preferences, preferences, parent_adapter_dir=str(parent_adapter))
    trainer = trainer_of("dpo", run_dir)
    assert (trainer.loss_types, trainer.loss_weights) == ([loss, "sft"], [1.0, 0.2])
    assert trainer.label_smoothing == params["label_smoothing"]
    before, after = named(run_dir, "eval")[0], named(run_dir, "eval")[-1]
    assert all(math.isfinite(log["loss"]) for log in named(run_dir, "log"))
    assert after["eval_loss"] < before["eval_loss"]
    assert after["eval_rewards/margins"] > 0.05


# --- Pairs by strength, agreement and votes -----------------------------------------------------------------


def test_it_leaves_pairs_out_and_says_so(make_run: MakeRun, counted_pairs: Rows, parent_adapter: Path) -> None:
    params = {**SMALL, "num_train_epochs": 1.0, "min_agreement": 0.8}
    run_dir = make_run("dpo", params, counted_pairs, counted_pairs, parent_adapter_dir=str(parent_adapter))
    trainer = trainer_of("dpo", run_dir)
    assert (len(trainer.train_dataset), len(trainer.eval_dataset)) == (7, 8)
    report = read_json(run_dir.preflight)
    assert report["notes"] == ["1 of 8 pairs left out: fewer than 80 % agreed."]
    assert (report["train"]["rows"], report["validation"]["rows"]) == (7, 8)
    assert named(run_dir, "start")[0]["max_steps"] == 2


@pytest.mark.parametrize("loss", ["sigmoid", "ipo"])
def test_it_trains_to_the_same_bytes_when_all_weights_are_one(
    make_run: MakeRun, counted_pairs: Rows, parent_adapter: Path, loss: str
) -> None:
    pairs = counted_pairs[:6]
    found = []
    for weighting in ("equal", "agreement"):
        params = {**SMALL, "max_steps": 6, "learning_rate": 0.003, "loss_type": loss, "pair_weighting": weighting}
        run_dir = make_run("dpo", params, pairs, name=weighting, parent_adapter_dir=str(parent_adapter))
        found.append(train("dpo", run_dir)["adapter_sha256"])
    assert found[0] == found[1]


@pytest.mark.parametrize("sft_weight", [0.0, 0.5])
@pytest.mark.parametrize("loss", ["sigmoid", "ipo", "hinge", "robust"])
def test_its_gradient_is_that_of_the_weighted_loss(
    make_run: MakeRun,
    counted_pairs: Rows,
    parent_adapter: Path,
    loss: str,
    sft_weight: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import torch

    from training.recipes import base

    monkeypatch.setattr(base, "load_model", partial(base.load_model, dtype=torch.float32))
    params = {**SMALL, "max_steps": 2, "learning_rate": 0.001, "loss_type": loss, "sft_weight": sft_weight}
    params |= {"pair_weighting": "strength", "label_smoothing": 0.1 if loss == "robust" else 0.0}
    run_dir = make_run("dpo", params, counted_pairs, parent_adapter_dir=str(parent_adapter))
    trainer = trainer_of("dpo", run_dir)
    assert sum(trainer.train_dataset["weight"]) == pytest.approx(8)
    assert trainer.train_dataset["weight"][7] == pytest.approx(3 * trainer.train_dataset["weight"][0])
    names = ("prompt_ids", "chosen_ids", "rejected_ids", "ref_chosen_logps", "ref_rejected_logps")
    two = [{name: trainer.train_dataset[place][name] for name in names} for place in (0, 7)]
    trainer.model.train()

    def gradient(rows: Rows, weights: list[float] | None) -> Any:
        trainer.model.zero_grad()
        marked = [{**row, "weight": weight} for row, weight in zip(rows, weights, strict=True)] if weights else rows
        trainer.compute_loss(trainer.model, trainer.data_collator(marked)).backward()
        return torch.cat([each.grad.flatten() for each in trainer.model.parameters() if each.grad is not None])

    first, second = gradient(two[:1], None), gradient(two[1:], None)
    assert torch.equal(gradient(two, [1.0, 1.0]), gradient(two, None))
    weighted = gradient(two, [0.5, 1.5])
    assert torch.allclose(weighted, 0.25 * gradient(two, [2.0, 0.0]) + 0.75 * gradient(two, [0.0, 2.0]), atol=1e-5)
    if not sft_weight:  # TRL's SFT term is a mean over the tokens of the batch, not over its rows
        assert torch.allclose(weighted, (0.5 * first + 1.5 * second) / 2, rtol=1e-3, atol=1e-4)
    assert not torch.allclose(first, second, atol=1e-2)


def test_the_sft_term_of_a_round_that_finds_its_settings_is_that_of_trl_until_an_anchor_holds_it(
    make_run: MakeRun, preferences: Rows, parent_adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from training.recipes import base
    from training.recipes.trainers import FindingTrainer

    monkeypatch.setattr(base, "load_model", partial(base.load_model, dtype=torch.float32))
    params = {**SMALL, "max_steps": 2, "learning_rate": 0.001, "sft_weight": 0.5}
    pairs = [{**row, "chosen": assistant(row["rejected"][-1]["content"] + " by Friday")} for row in preferences]
    trainer = trainer_of("dpo", make_run("dpo", params, pairs, parent_adapter_dir=str(parent_adapter)))
    names = ("prompt_ids", "chosen_ids", "rejected_ids", "ref_chosen_logps", "ref_rejected_logps")
    batch = trainer.data_collator([{name: trainer.train_dataset[place][name] for name in names} for place in (0, 5)])
    trainer.model.train()

    def gradient(losses: list[str], weights: list[float]) -> Any:
        trainer.loss_types, trainer.loss_weights = losses, weights
        trainer.model.zero_grad()
        trainer.compute_loss(trainer.model, dict(batch)).backward()
        return torch.cat([each.grad.flatten() for each in trainer.model.parameters() if each.grad is not None])

    preferred, by_trl = gradient(["sigmoid"], [1.0]), gradient(["sigmoid", "sft"], [1.0, 0.5])
    trainer.__class__, trainer.sft_weight = FindingTrainer, 0.5
    assert torch.allclose(gradient(["sigmoid"], [1.0]), by_trl, rtol=1e-4, atol=1e-6)

    class Still:
        """An anchor of a model that has not moved."""

        def drift(self) -> float:
            return 0.0

    trainer.anchor = Still()
    taught = trainer._taught(batch)
    chosen, rejected = batch["input_ids"].chunk(2)
    first = [int((one != other).nonzero()[0]) for one, other in zip(chosen, rejected, strict=True)]
    answers = batch["completion_mask"].chunk(2)[0]
    assert [row.nonzero().flatten().tolist() for row in taught.chunk(2)[0]] == [
        [place - 1 for place in mask.nonzero().flatten().tolist() if place >= departs]
        for mask, departs in zip(answers, first, strict=True)
    ]
    assert not taught.chunk(2)[1].any()
    held = gradient(["sigmoid"], [1.0])
    trainer.sft_weight = 1.0
    assert torch.allclose(gradient(["sigmoid"], [1.0]) - held, held - preferred, rtol=1e-3, atol=1e-5)
    assert not torch.allclose(held, by_trl, atol=1e-4)

    cut = min(first)
    batch = {name: values[:, :cut] if values.dim() == 2 else values for name, values in batch.items()}
    assert not trainer._taught(batch).any()
    assert trainer.compute_loss(trainer.model, batch).isfinite(), "nothing of these answers is left that differs"


# --- KTO ----------------------------------------------------------------------------------------------------


def test_it_learns_good_from_bad(make_run: MakeRun, judgements: Rows, parent_adapter: Path) -> None:
    rows = [row for row in judgements if row["label"] or not row["id"].startswith("The")]
    params = {**SMALL, "learning_rate": 0.005, "num_train_epochs": 6.0, "beta": 0.2}
    run_dir = make_run("kto", params, rows, judgements[:6], parent_adapter_dir=str(parent_adapter))
    result = train("kto", run_dir)
    assert (result["status"], result["failure_code"]) == ("succeeded", "")
    before, after = named(run_dir, "eval")[0], named(run_dir, "eval")[-1]
    assert after["eval_rewards/margins"] > before["eval_rewards/margins"] + 0.1
    assert after["eval_loss"] < before["eval_loss"]
    assert read_json(run_dir.preflight)["notes"] == ["8 good and 2 bad answers; a good one counts 1, a bad one 4."]
    names = {path.name for path in run_dir.adapter.rglob("*")}
    assert names == {"adapter_model.safetensors", "adapter_config.json", "README.md", "chat_template.jinja"}


def test_it_gives_trl_balanced_weights_and_an_order_with_both_in_every_batch(
    make_run: MakeRun, judgements: Rows, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [*judgements[::2], *judgements[1:8:2]]
    run_dir = make_run("kto", {**SMALL, "max_steps": 2, "per_device_train_batch_size": 3}, rows)
    trainer = trainer_of("kto", run_dir)
    assert (trainer.desirable_weight, trainer.undesirable_weight) == (1.0, 2.0)
    assert "don't seem to be in an ideal range" not in caplog.text
    labels = list(trainer.train_dataset["label"])
    assert all(set(labels[start : start + 3]) == {True, False} for start in range(0, 12, 3))
    for row, kl in zip(trainer.train_dataset, trainer.train_dataset["KL_completion_ids"], strict=True):
        assert kl != row["completion_ids"]


def test_it_refuses_judgements_that_are_all_good(make_run: MakeRun, judgements: Rows) -> None:
    result = train("kto", make_run("kto", SMALL, judgements[::2]))
    assert (result["status"], result["failure_code"]) == ("refused", "preflight")
    assert "All answers are good" in result["message"]


@pytest.mark.parametrize("recipe", ["kto", "dpo"])
def test_it_resumes_after_a_kill_to_the_same_bytes(
    make_run: MakeRun, recipe: str, judgements: Rows, counted_pairs: Rows, parent_adapter: Path
) -> None:
    rows = judgements if recipe == "kto" else counted_pairs
    params = {**SMALL, "learning_rate": 0.003, "max_steps": 48, "save_steps": 8, "lora_dropout": 0.1}
    if recipe == "dpo":
        params["pair_weighting"] = "strength"
    spec = {"train": rows, "validation": rows[:4], "parent_adapter_dir": str(parent_adapter)}
    broken = make_run(recipe, params, name="attempt-1", **spec)
    checkpoint = kill_after_checkpoint(recipe, broken)
    resumed = make_run(recipe, params, name="attempt-2", resume_from=str(checkpoint), **spec)
    unbroken = make_run(recipe, params, name="unbroken", **spec)
    results = [train(recipe, run_dir) for run_dir in (resumed, unbroken)]
    assert [result["status"] for result in results] == ["succeeded", "succeeded"], results
    assert named(resumed, "start")[0]["step"] == int(checkpoint.name.split("-")[1]) > 0
    assert results[0]["adapter_sha256"] == results[1]["adapter_sha256"]
