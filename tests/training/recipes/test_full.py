"""Full fine-tuning on the tiny base model: what it learns and leaves, and what goes on from there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.training.recipes.conftest import MakeRun, read_json, user
from tests.training.recipes.test_training import named
from training.run_dir import MODEL_FILES, RunDir, directory_sha256, finished_rows, verify_adapter_files, write_rows

pytestmark = pytest.mark.torch
Rows = list[dict[str, Any]]
FULL = {"finetuning_type": "full", "learning_rate": 2e-4, "max_length": 256, "seed": 3}
GREEDY = {"temperature": 0.0, "max_new_tokens": 12}


def train(recipe: str, run_dir: RunDir) -> dict[str, Any]:
    from training.recipes import dpo, pretrain, sft

    {"dpo": dpo, "pretrain": pretrain, "sft": sft}[recipe].main([str(run_dir.path)])
    result = read_json(run_dir.result_file)
    assert result["status"] == "succeeded", result
    return result


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, tiny_base: Path) -> Path:
    """A whole model that has moved away from the base, as a round of full fine-tuning leaves it."""
    import torch
    from transformers import AutoModelForCausalLM

    from training.recipes import base

    torch.manual_seed(4)
    model = AutoModelForCausalLM.from_pretrained(tiny_base, dtype=torch.float32)
    for weight in model.parameters():
        weight.data += 0.05 * torch.randn_like(weight)
    directory = tmp_path_factory.mktemp("whole") / "model"
    base.save_whole(model, directory, tiny_base, "# A card\n")
    return directory


def tensors(directory: Path, name: str = "model.safetensors") -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(directory / name)


def merged(base: Path, adapter: Path) -> Any:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    return PeftModel.from_pretrained(model, adapter).merge_and_unload()


def test_it_learns_with_every_weight_and_leaves_a_whole_model(
    make_run: MakeRun, demonstrations: Rows, tiny_base: Path
) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    run_dir = make_run("sft", {**FULL, "num_train_epochs": 12.0}, demonstrations, demonstrations[:4])
    result = train("sft", run_dir)
    assert result["eval_loss"] < result["eval_loss_before"] - 0.2
    assert result["general_perplexity_before"] != result["general_perplexity"]
    assert result["adapter_sha256"] == directory_sha256(run_dir.adapter)
    assert verify_adapter_files(run_dir.adapter, full=True) == []
    before, after = tensors(tiny_base), tensors(run_dir.adapter)
    assert before.keys() == after.keys()
    assert {str(weight.dtype) for weight in after.values()} == {"torch.bfloat16"}
    moved = [name for name in before if not torch.equal(before[name], after[name])]
    # the scales of the norms are all ones, and a step is less than what bfloat16 tells apart there
    assert set(before) - set(moved) <= {name for name in before if "norm" in name}
    (start,) = named(run_dir, "start")
    assert start["trainable_parameters"] == sum(weight.numel() for weight in before.values())

    names = {file.name for file in run_dir.adapter.iterdir()}
    assert names <= MODEL_FILES
    for name in names - {"model.safetensors", "README.md"}:
        assert read_text(run_dir.adapter / name) == read_text(tiny_base / name)
    assert AutoTokenizer.from_pretrained(run_dir.adapter).chat_template
    assert AutoModelForCausalLM.from_pretrained(run_dir.adapter).dtype == torch.bfloat16


def read_text(path: Path) -> Any:
    return read_json(path) if path.suffix == ".json" else path.read_text()


def test_the_head_learns_as_it_does_by_the_plain_formula(tiny_base: Path) -> None:
    """Its weight is the embeddings' own, so what flows back to it through the scores must not be lost."""
    import torch

    from training.recipes.label_head import LabelLogProbs

    torch.manual_seed(1)
    weight = torch.randn(50, 8, requires_grad=True)
    hidden = torch.randn(300, 8, requires_grad=True)
    labels, slopes = torch.randint(50, (300,)), torch.randn(300)
    log_probs, _top1 = LabelLogProbs.apply(hidden, weight, labels)
    ours = torch.autograd.grad(log_probs, (hidden, weight), slopes)
    plain = torch.log_softmax(hidden @ weight.T, dim=-1).gather(1, labels[:, None]).squeeze(1)
    for mine, theirs in zip(ours, torch.autograd.grad(plain, (hidden, weight), slopes), strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-4, rtol=1e-4)


def test_it_learns_what_stock_trl_learns(
    make_run: MakeRun, demonstrations: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from training.recipes import training_run

    params = {**FULL, "max_steps": 3, "warmup_ratio": 0.0, "lr_scheduler_type": "constant"}
    quick = make_run("sft", params, demonstrations, name="quick")
    train("sft", quick)
    monkeypatch.setattr(training_run, "quicken", lambda model: None)
    stock = make_run("sft", params, demonstrations, name="stock")
    train("sft", stock)
    losses = [[log["loss"] for log in named(run_dir, "log")] for run_dir in (quick, stock)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)
    ours, theirs = (tensors(run_dir.adapter) for run_dir in (quick, stock))
    assert all(torch.allclose(ours[name].float(), theirs[name].float(), atol=2e-3) for name in ours)


def test_it_goes_on_from_a_checkpoint_to_the_same_weights(make_run: MakeRun, demonstrations: Rows) -> None:
    params = {**FULL, "max_steps": 6, "save_steps": 1}
    unbroken = make_run("sft", params, demonstrations, demonstrations[:2], name="attempt-1")
    expected = train("sft", unbroken)
    kept = sorted(path.name for path in unbroken.checkpoints.glob("checkpoint-*"))
    assert kept == ["checkpoint-5", "checkpoint-6"]  # the others are gone: each holds all the weights three times
    from_five = str(unbroken.checkpoints / "checkpoint-5")
    again = make_run("sft", params, demonstrations, demonstrations[:2], name="attempt-2", resume_from=from_five)
    result = train("sft", again)
    assert named(again, "start")[0]["step"] == 5
    assert result["adapter_sha256"] == expected["adapter_sha256"]


def test_it_says_when_no_weight_has_changed(make_run: MakeRun, demonstrations: Rows) -> None:
    from training.recipes import sft

    run_dir = make_run("sft", {**FULL, "max_steps": 1, "warmup_ratio": 0.5}, demonstrations)
    assert sft.main([str(run_dir.path)]) == 1
    assert read_json(run_dir.result_file)["failure_code"] == "learned_nothing"


# --- From one round to the next --------------------------------------------------------------------------------


def test_it_works_the_adapter_it_starts_from_into_the_weights(
    make_run: MakeRun, demonstrations: Rows, tiny_base: Path, parent_adapter: Path
) -> None:
    import torch

    params = {**FULL, "max_steps": 1, "learning_rate": 1e-9, "warmup_ratio": 0.0}
    run_dir = make_run("sft", params, demonstrations, parent_adapter_dir=str(parent_adapter))
    train("sft", run_dir)
    expected = merged(tiny_base, parent_adapter).state_dict()
    for name, weight in tensors(run_dir.adapter).items():
        assert torch.allclose(weight.float(), expected[name], rtol=2**-8, atol=1e-6), name


def test_an_adapter_is_trained_on_a_whole_model(make_run: MakeRun, demonstrations: Rows, whole: Path) -> None:
    """The whole model is simply what the round starts from: its weights stay as they are."""
    params = {"max_steps": 3, "lora_r": 4, "lora_alpha": 8, "max_length": 256}
    before = directory_sha256(whole)
    run_dir = make_run("sft", params, demonstrations, base_model_dir=str(whole))
    train("sft", run_dir)
    assert verify_adapter_files(run_dir.adapter) == []
    assert directory_sha256(whole) == before


def test_preferences_on_a_whole_model_are_measured_against_it(
    make_run: MakeRun, preferences: Rows, whole: Path
) -> None:
    """A new adapter on it, which changes nothing at first: so every reward is zero at step 0."""
    params = {"max_steps": 2, "lora_r": 4, "lora_alpha": 8, "max_length": 256}
    run_dir = make_run("dpo", params, preferences, preferences[:4], base_model_dir=str(whole))
    train("dpo", run_dir)
    first = named(run_dir, "eval")[0]
    assert first["step"] == 0
    assert first["eval_rewards/chosen"] == first["eval_rewards/rejected"] == 0


def test_whole_models_and_adapters_on_them_write_beside_the_base(
    make_run: MakeRun, whole: Path, parent_adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from training.recipes import generate
    from training.recipes.writer import Writer

    monkeypatch.setattr(Writer, "dtype", torch.float32)
    sources = [
        {"label": "base", "adapter_dir": None},
        {"label": "whole", "adapter_dir": None, "base_model_dir": str(whole)},
        {"label": "child", "adapter_dir": str(parent_adapter), "base_model_dir": str(whole)},
    ]
    run_dir = make_run("generate", GREEDY, [], sources=sources)
    asked = user("The roof leaks since May")
    write_rows(run_dir.prompts, [{"id": "p", "prompt": asked}])
    assert generate.main([str(run_dir.path)]) == 0, run_dir.result()
    written = {row["source"]: row["text"] for row in finished_rows(run_dir.outputs)}
    tokenizer = AutoTokenizer.from_pretrained(whole)
    ids = tokenizer.apply_chat_template(asked, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    models = {
        "whole": AutoModelForCausalLM.from_pretrained(whole, dtype=torch.float32),
        "child": merged(whole, parent_adapter),
    }
    for label, model in models.items():
        output = model.generate(**ids, max_new_tokens=12, do_sample=False)[0, ids["input_ids"].shape[1] :]
        assert written[label] == tokenizer.decode(output, skip_special_tokens=True).strip()
    assert len(set(written.values())) == 3


# --- Taken elsewhere -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["merged", "gguf"])
def test_a_whole_model_is_packed_as_it_is(make_run: MakeRun, whole: Path, tmp_path: Path, format: str) -> None:
    import zipfile

    import torch

    from training.recipes import package

    spec = {
        "format": format,
        "file_name": f"tiny.{'gguf' if format == 'gguf' else 'zip'}",
        "base_model_dir": str(whole),
        "adapter_dir": None,
        "card": "# Taken along\n",
        "about": {"name": "Tiny", "description": "", "base_model": "tiny-llama", "license": ""},
    }
    run_dir = make_run("package", {}, [], **spec)
    assert package.main([str(run_dir.path)]) == 0, run_dir.result()
    if format == "gguf":
        assert (run_dir.result() or {})["largest_difference"] < 0.1
        return
    with zipfile.ZipFile(run_dir.path / "package" / "tiny.zip") as archive:
        archive.extractall(tmp_path / "out")
    packed, own = tensors(tmp_path / "out" / "tiny"), tensors(whole)
    assert packed.keys() == own.keys()
    assert all(torch.equal(packed[name], own[name]) for name in own)
    assert (tmp_path / "out" / "tiny" / "README.md").read_text() == "# Taken along\n"
