from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.torch


def lora_model(base: Path, dtype: Any, **lora: Any) -> Any:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM
    from trl.trainer.utils import add_fused_lm_head

    from training.recipes import label_head, lean_lora

    torch.manual_seed(3)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=dtype)
    model = get_peft_model(model, LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", **lora))
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.1)
    add_fused_lm_head(model.get_base_model())
    label_head.install(model.get_base_model())
    lean_lora.install(model)
    return model.eval()


def log_probs(model: Any) -> Any:
    import torch

    ids = torch.arange(5, 125).view(2, 60)
    with torch.no_grad():
        return model(input_ids=ids, attention_mask=torch.ones_like(ids), labels=ids, fused_lm_head=True).log_probs


@pytest.mark.parametrize("flat", [True, False])
@pytest.mark.parametrize("use_dora", [True, False])
def test_it_reads_as_float32_does_and_leaves_the_weights_as_they_were(
    tiny_base: Path, monkeypatch: pytest.MonkeyPatch, use_dora: bool, flat: bool
) -> None:
    import torch

    from training.recipes import exact, shared_prefix

    if not flat:
        monkeypatch.setattr(shared_prefix, "ARCHITECTURES", frozenset())
    model = lora_model(tiny_base, torch.bfloat16, use_dora=use_dora)
    wide = lora_model(tiny_base, torch.float32, use_dora=use_dora)
    wide.load_state_dict(model.state_dict())
    wanted = log_probs(wide)
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    rounded = log_probs(model)
    with exact.reading(model):
        found = log_probs(model)
    assert torch.allclose(found, wanted, atol=1e-5)
    assert not torch.allclose(rounded, wanted, atol=1e-3)
    for name, weight in model.named_parameters():
        assert weight.dtype == before[name].dtype
        assert torch.equal(weight, before[name])
    assert torch.equal(log_probs(model), rounded)


def test_it_leaves_the_weights_as_they_were_after_an_error(tiny_base: Path) -> None:
    import torch

    from training.recipes import exact

    model = lora_model(tiny_base, torch.bfloat16)
    with pytest.raises(IndexError), exact.reading(model):
        model(input_ids=torch.full((1, 4), 10**6))
    assert {weight.dtype for name, weight in model.named_parameters() if "lora" not in name} == {torch.bfloat16}
    assert log_probs(model).isfinite().all()


def test_it_computes_in_float32_on_four_bit_weights(tiny_base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from training.recipes import base, exact

    monkeypatch.setattr(base, "quick_dtype", lambda: torch.bfloat16)  # whatever this processor does faster
    model = base.load_model(str(tiny_base), in_4bit=True).eval()
    ids = torch.arange(5, 65).unsqueeze(0)
    with torch.no_grad():
        rounded = model(input_ids=ids).logits
        with exact.reading(model):
            found = model(input_ids=ids).logits
        assert found.dtype == torch.float32
        assert 0 < float((found - rounded).abs().max()) < 0.1
        assert torch.equal(model(input_ids=ids).logits, rounded)
