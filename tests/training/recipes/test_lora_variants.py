"""rsLoRA, DoRA and NEFTune on the tiny base model, beside plain LoRA and on 4-bit weights."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from tests.training.recipes.conftest import MakeRun, read_json
from training.methods import METHODS, from_json
from training.params import ParamsError
from training.run_dir import RunDir, verify_adapter_files

pytestmark = pytest.mark.torch
Rows = list[dict[str, Any]]
SMALL = {"max_length": 256, "lora_r": 4, "lora_alpha": 8, "seed": 3, "learning_rate": 0.005}
VARIANTS: dict[str, dict[str, Any]] = {
    "LoRA": {"lora_dropout": 0.1, "weight_decay": 0.1},
    "rsLoRA": {"use_rslora": True},
    "DoRA": {"use_dora": True, "lora_dropout": 0.1},
    "both": {"use_rslora": True, "use_dora": True},
    "NEFTune": {"neftune_noise_alpha": 5.0},
}
KINDS = {name: VARIANTS[name] for name in ("LoRA", "rsLoRA", "DoRA")}


def train(recipe: str, run_dir: RunDir) -> dict[str, Any]:
    from training.recipes import dpo, sft

    {"sft": sft, "dpo": dpo}[recipe].main([str(run_dir.path)])
    result = read_json(run_dir.result_file)
    assert result["status"] == "succeeded", result
    return result


def kind_of(adapter: Path) -> tuple[bool, bool]:
    config = read_json(adapter / "adapter_config.json")
    return config["use_rslora"], config["use_dora"]


def loaded(base: Path, adapter: Path) -> Any:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    return PeftModel.from_pretrained(model, adapter).eval()


@pytest.mark.parametrize("variant", VARIANTS)
def test_it_trains_a_variant_and_resumes_it_to_the_same_bytes(
    make_run: MakeRun, demonstrations: Rows, tiny_base: Path, variant: str
) -> None:
    import torch

    params = {**SMALL, **VARIANTS[variant], "max_steps": 8, "save_steps": 4}
    whole = make_run("sft", params, demonstrations, demonstrations[:4])
    result = train("sft", whole)
    assert result["eval_loss"] < result["eval_loss_before"]
    assert verify_adapter_files(whole.adapter) == []
    assert kind_of(whole.adapter) == (params.get("use_rslora", False), params.get("use_dora", False))

    spec = {"resume_from": str(whole.checkpoints / "checkpoint-4"), "name": "attempt-2"}
    resumed = make_run("sft", params, demonstrations, demonstrations[:4], **spec)
    again = train("sft", resumed)
    assert [event["step"] for event in resumed.events() if event["event"] == "log"] == [5, 6, 7, 8]
    same = ("adapter_sha256", "eval_loss", "eval_loss_before", "general_perplexity", "general_perplexity_before")
    assert [again[name] for name in same] == [result[name] for name in same]

    model = loaded(tiny_base, whole.adapter)
    ids = torch.arange(5, 40).unsqueeze(0)
    with torch.no_grad():
        adapted = model(input_ids=ids).logits
        with model.disable_adapter():
            assert not torch.allclose(adapted, model(input_ids=ids).logits, atol=1e-3)
        merged = model.merge_and_unload(safe_merge=True)(input_ids=ids).logits
    assert torch.allclose(adapted, merged, atol=1e-3)


@pytest.mark.parametrize("recipe", ["sft", "dpo"])
@pytest.mark.parametrize("kind", KINDS)
def test_it_keeps_the_kind_of_the_adapter_it_starts_from(
    make_run: MakeRun, demonstrations: Rows, preferences: Rows, kind: str, recipe: str
) -> None:
    parent = make_run("sft", {**SMALL, **KINDS[kind], "max_steps": 2}, demonstrations, name="parent")
    train("sft", parent)
    rows = {"sft": demonstrations, "dpo": preferences}[recipe]
    other = {"use_rslora": kind != "rsLoRA", "use_dora": kind != "DoRA", "lora_r": 8}
    spec = {"parent_adapter_dir": str(parent.adapter), "name": "child"}
    child = make_run(recipe, {**SMALL, **other, "max_steps": 1, "warmup_ratio": 0.0}, rows, rows, **spec)
    train(recipe, child)
    assert kind_of(child.adapter) == kind_of(parent.adapter)
    assert read_json(child.adapter / "adapter_config.json")["r"] == SMALL["lora_r"]
    if recipe == "dpo":
        before = next(event for event in child.events() if event["event"] == "eval")
        assert before["eval_rewards/margins"] == pytest.approx(0, abs=5e-3)
        assert before["eval_rewards/chosen"] == pytest.approx(0, abs=5e-3)


@pytest.mark.parametrize("variant", ["rsLoRA", "DoRA"])
def test_it_trains_a_variant_on_four_bit_weights(make_run: MakeRun, demonstrations: Rows, variant: str) -> None:
    params = {**SMALL, **VARIANTS[variant], "load_in_4bit": True, "max_steps": 3}
    run_dir = make_run("sft", params, demonstrations, demonstrations[:4])
    result = train("sft", run_dir)
    assert result["eval_loss"] < result["eval_loss_before"]


@pytest.mark.parametrize("use_dora", [False, True])
def test_it_learns_the_same_on_four_bit_weights_whether_they_were_read_before_or_not(
    tiny_base: Path, use_dora: bool
) -> None:
    import torch
    from peft import get_peft_model

    from training.recipes import base, lean_lora

    def gradients(read_first: bool) -> dict[str, Any]:
        torch.manual_seed(4)
        params = from_json("sft", {**SMALL, "use_dora": use_dora})
        model = get_peft_model(base.load_model(str(tiny_base), in_4bit=True), base.lora_config(params))
        lean_lora.install(model)
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weight, std=0.1)
        ids = torch.arange(5, 40).unsqueeze(0)
        if read_first:
            with torch.no_grad():
                model.eval()(input_ids=ids)
        model.train()(input_ids=ids, labels=ids).loss.backward()
        return {name: weight.grad for name, weight in model.named_parameters() if weight.requires_grad}

    fresh, after_reading = gradients(False), gradients(True)
    for name, gradient in fresh.items():
        assert torch.equal(after_reading[name], gradient), name


@pytest.mark.parametrize("recipe", ["sft", "dpo"])
def test_it_keeps_an_adapter_exact_on_four_bit_weights(
    make_run: MakeRun, demonstrations: Rows, preferences: Rows, parent_adapter: Path, recipe: str
) -> None:
    from safetensors.torch import load_file

    rows = {"sft": demonstrations, "dpo": preferences}[recipe]
    params = {**SMALL, "load_in_4bit": True, "max_steps": 1, "learning_rate": 1e-6, "warmup_ratio": 0.0}
    run_dir = make_run(recipe, params, rows, rows[:4], parent_adapter_dir=str(parent_adapter))
    train(recipe, run_dir)
    parent, child = (load_file(folder / "adapter_model.safetensors") for folder in (parent_adapter, run_dir.adapter))
    for name, weight in parent.items():
        assert float((child[name] - weight).abs().max()) < 1e-5, name
    if recipe == "dpo":
        before = next(event for event in run_dir.events() if event["event"] == "eval")
        assert before["eval_rewards/margins"] == 0


@pytest.mark.parametrize("in_4bit", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_its_faster_layers_compute_and_learn_what_pefts_do(tiny_base: Path, kind: str, in_4bit: bool) -> None:
    import torch
    from peft import get_peft_model
    from transformers import AutoModelForCausalLM

    from training.recipes import base, lean_lora

    params = from_json("sft", {**SMALL, **KINDS[kind], "lora_dropout": 0.0, "lora_r": 16})
    torch.manual_seed(4)
    whole = AutoModelForCausalLM.from_pretrained(tiny_base, dtype=torch.float32)
    start = base.load_model(str(tiny_base), in_4bit=True) if in_4bit else whole
    model = get_peft_model(start, base.lora_config(params))
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.1)
        if "lora_magnitude" in name:
            torch.nn.init.uniform_(weight, 0.5, 1.5)
    ids = torch.arange(5, 40).unsqueeze(0)

    def learned() -> tuple[Any, dict[str, Any]]:
        model.zero_grad()
        output = model(input_ids=ids, labels=ids)
        output.loss.backward()
        return output.logits.detach(), {
            name: weight.grad.clone() for name, weight in model.named_parameters() if weight.requires_grad
        }

    slow, taught = learned()
    lean_lora.install(model)
    fast, gradients = learned()
    near = 0.05 if in_4bit else 1e-5  # 4-bit weights come back in 16 bits, in which these layers multiply
    assert float((fast - slow).norm() / slow.norm()) < near
    assert any("magnitude" in name for name in taught) == (kind == "DoRA")
    for name, gradient in taught.items():
        assert float((gradients[name] - gradient).norm() / gradient.norm()) < near, name
    layer = model.base_model.model.model.layers[0].mlp.up_proj
    assert layer.scaling["default"] == (8 / math.sqrt(16) if kind == "rsLoRA" else 8 / 16)
    assert "forward" in vars(layer)


def test_dora_on_a_layer_with_a_bias_and_with_dropout_computes_what_peft_computes() -> None:
    import torch
    from peft import LoraConfig, get_peft_model

    from training.recipes import lean_lora

    torch.manual_seed(4)
    config = LoraConfig(r=4, lora_alpha=8, lora_dropout=0.5, use_dora=True, target_modules=["0"])
    model = get_peft_model(torch.nn.Sequential(torch.nn.Linear(6, 5)), config)
    for name, weight in model.named_parameters():
        if "lora" in name:
            torch.nn.init.uniform_(weight, 0.5, 1.5)
    x = torch.randn(3, 6)

    def outputs(learning: bool) -> torch.Tensor:
        torch.manual_seed(5)
        return model.train(learning)(x).detach()

    slow = [outputs(False), outputs(True)]
    lean_lora.install(model)
    assert torch.allclose(outputs(False), slow[0], atol=1e-5)
    assert torch.equal(outputs(True), slow[1])


def test_a_magnitude_may_change_by_less_than_sixteen_bits_can_say() -> None:
    import torch
    from peft import LoraConfig, get_peft_model

    from training.recipes import lean_lora

    torch.manual_seed(4)
    config = LoraConfig(r=4, lora_alpha=8, use_dora=True, target_modules=["0"])
    model = get_peft_model(torch.nn.Sequential(torch.nn.Linear(64, 64, bias=False, dtype=torch.bfloat16)), config)
    layer: Any = model.base_model.model[0]
    torch.nn.init.normal_(layer.lora_B["default"].weight, std=0.005)
    lean_lora.install(model)
    x = torch.randn(200, 64, dtype=torch.bfloat16)
    with torch.no_grad():
        before = model(x).float()
        layer.lora_magnitude_vector["default"].weight *= 1.001
        after = model(x).float()
    assert float((after * before).sum() / before.square().sum()) == pytest.approx(1.001, abs=2e-4)


def test_it_adds_noise_of_the_strength_that_padded_rows_would_get(tiny_base: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM
    from transformers.integrations.neftune import activate_neftune
    from trl.trainer.utils import add_fused_lm_head

    from training.recipes import label_head, neftune

    alpha, lengths = 5.0, [30, 50, 20]
    model = AutoModelForCausalLM.from_pretrained(tiny_base, dtype=torch.float32)
    add_fused_lm_head(model)
    label_head.install(model)
    neftune.strengthen(model, alpha)
    activate_neftune(model, alpha)
    embeddings, noise = model.get_input_embeddings(), []
    embeddings.register_forward_hook(
        lambda module, given, output: noise.append(output - module.weight[given[0]]), always_call=True
    )
    ids = torch.zeros(3, 50, dtype=torch.long)
    mask = torch.zeros(3, 50, dtype=torch.long)
    for row, length in enumerate(lengths):
        ids[row, :length] = torch.arange(length) + 40 * row + 10
        mask[row, :length] = 1
    labels = ids.masked_fill(mask == 0, -100)
    for training in (True, False):
        model.train(training)
        model(input_ids=ids, attention_mask=mask, labels=labels, fused_lm_head=True)
    most = alpha / math.sqrt(max(lengths) * embeddings.embedding_dim)
    assert noise[0].shape[1] == sum(lengths)
    assert 0.98 * most < float(noise[0].abs().max()) <= most * 1.001
    assert float(noise[1].abs().max()) == 0


def test_it_offers_the_kinds_of_lora_to_every_method_and_noise_only_to_demonstrations() -> None:
    for method in METHODS:
        if hasattr(METHODS[method].params(), "lora_r"):
            assert from_json(method, {"use_rslora": True, "use_dora": True}).use_dora
    with pytest.raises(ParamsError, match="dpo has no parameter called neftune_noise_alpha"):
        from_json("dpo", {"neftune_noise_alpha": 5.0})
    with pytest.raises(ParamsError, match="NEFTune noise must be at least 0"):
        from_json("sft", {"neftune_noise_alpha": -1.0})
