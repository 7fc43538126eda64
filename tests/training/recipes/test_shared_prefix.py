from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.torch

SYSTEM = list(range(3, 23))
NOTE_1 = [*SYSTEM, *range(40, 64)]
NOTE_2 = [*SYSTEM, *range(60, 90)]
ROWS = [[*NOTE_1, 101, 102, 103], [*NOTE_2, 111], [*NOTE_1, 121, 122], [*NOTE_2, 131, 132, 133, 134]]
ANSWERS = [3, 1, 2, 4]


def batch() -> dict[str, Any]:
    import torch

    longest = max(map(len, ROWS))
    labels = [
        [-100] * (len(row) - answer) + row[-answer:] + [-100] * (longest - len(row))
        for row, answer in zip(ROWS, ANSWERS, strict=True)
    ]
    return {
        "input_ids": torch.tensor([row + [2] * (longest - len(row)) for row in ROWS]),
        "attention_mask": torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in ROWS]),
        "labels": torch.tensor(labels),
    }


def lora_model(base: Path, **lora: Any) -> Any:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM
    from trl.trainer.utils import add_fused_lm_head

    torch.manual_seed(3)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    model = get_peft_model(model, LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", **lora))
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.1)
    add_fused_lm_head(model.get_base_model(), outputs=("log_probs", "entropy", "is_top1"))
    return model


def test_it_computes_what_rows_share_once() -> None:
    from training.recipes.shared_prefix import build_tree

    tree = build_tree(ROWS)
    flat = tree.input_ids[0]
    assert len(flat) == len(SYSTEM) + 24 + 30 + sum(ANSWERS)
    for row, place in zip(ROWS, tree.places, strict=True):
        assert flat[place].tolist() == row
        assert tree.position_ids[0][place].tolist() == list(range(len(row)))
    assert len(tree.segments) == 7


@pytest.mark.parametrize(
    "rows",
    [
        [[5, 6, 7]],
        [[5, 6, 7], [5, 6, 7]],
        [[5, 6, 7], [8, 9]],
        [[*SYSTEM], [*SYSTEM, 5]],
        [[*SYSTEM, 5, 6], [*SYSTEM, 5, 7], [*SYSTEM, 5, 6]],
    ],
)
def test_it_lays_out_any_rows(rows: list[list[int]]) -> None:
    from training.recipes.shared_prefix import build_tree

    tree = build_tree(rows)
    assert [tree.input_ids[0][place].tolist() for place in tree.places] == rows


@pytest.mark.parametrize(("flat", "block"), [(True, 128), (True, 3), (False, 128)])
def test_it_gives_trl_the_same_numbers_and_gradients(
    tiny_base: Path, monkeypatch: pytest.MonkeyPatch, flat: bool, block: int
) -> None:
    import torch

    from training.recipes import label_head, lean_lora, shared_prefix

    monkeypatch.setattr(shared_prefix, "BLOCK", block)
    if not flat:
        monkeypatch.setattr(shared_prefix, "ARCHITECTURES", frozenset())
    stock, quick = lora_model(tiny_base), lora_model(tiny_base)
    label_head.install(quick.get_base_model())
    lean_lora.install(quick)
    wanted = stock(**batch(), fused_lm_head=True)
    found = quick(**batch(), fused_lm_head=True)
    assert torch.allclose(found.log_probs, wanted.log_probs, atol=1e-5)
    assert torch.equal(found.is_top1, wanted.is_top1)
    assert torch.equal(found.label_mask, wanted.label_mask)
    weights = torch.linspace(-1, 1, wanted.log_probs.numel()).view_as(wanted.log_probs)
    (wanted.log_probs * weights).sum().backward()
    (found.log_probs * weights).sum().backward()
    theirs = dict(stock.named_parameters())
    for name, weight in quick.named_parameters():
        if weight.requires_grad:
            assert torch.allclose(weight.grad, theirs[name].grad, atol=1e-5), name


def test_it_leaves_the_base_model_untouched_when_the_adapter_is_off(tiny_base: Path) -> None:
    import torch

    from training.recipes import lean_lora

    stock, quick = lora_model(tiny_base), lora_model(tiny_base)
    lean_lora.install(quick)
    inputs = {name: value for name, value in batch().items() if name != "labels"}
    with torch.no_grad(), stock.disable_adapter(), quick.disable_adapter():
        assert torch.equal(stock(**inputs).logits, quick(**inputs).logits)
    with torch.no_grad():
        assert torch.allclose(stock(**inputs).logits, quick(**inputs).logits, atol=1e-5)


def test_it_replaces_every_lora_layer(tiny_base: Path) -> None:
    from training.recipes import lean_lora

    for use_dora in (False, True):
        model = lora_model(tiny_base, use_dora=use_dora)
        before = {name: each.forward for name, each in model.named_modules() if hasattr(each, "lora_A")}
        lean_lora.install(model)
        replaced = [name for name, each in model.named_modules() if name in before and each.forward != before[name]]
        assert replaced == list(before) != []


def test_it_leaves_models_with_windows_alone() -> None:
    from transformers import LlamaConfig, Qwen2Config

    from training.recipes.shared_prefix import supports

    assert supports(LlamaConfig())
    assert supports(Qwen2Config(num_hidden_layers=2))
    windowed = Qwen2Config(num_hidden_layers=2, use_sliding_window=True, max_window_layers=1, sliding_window=64)
    assert not supports(windowed)
