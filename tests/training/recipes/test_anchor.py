"""What holds a round to what the starting model wrote, on the tiny base model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.training.recipes.conftest import user

pytestmark = pytest.mark.torch
TEXTS = [{"prompt": user(f"The roof of house {n} leaks"), "text": "Repair the roof" + " now" * n} for n in range(5)]


@pytest.fixture
def model(tiny_base: Path, parent_adapter: Path) -> Any:
    """A parent with its frozen copy, as TRL has them; rank and answers in float32, so that figures can be compared."""
    import torch

    from training.recipes import base

    loaded = base.load_parent(base.load_model(str(tiny_base), torch.float32), str(parent_adapter))
    loaded.load_adapter(str(parent_adapter), "ref")
    loaded.set_adapter("default")
    return loaded.train()


def move(model: Any) -> None:
    import torch

    torch.manual_seed(1)
    for name, weight in model.named_parameters():
        if "lora_B.default" in name:
            torch.nn.init.normal_(weight, std=0.2)


def plain_drift(model: Any, tokenizer: Any, text: dict[str, Any]) -> Any:
    """KL per token by the logits of both models."""
    import torch
    from trl.trainer.utils import use_adapter

    prompt = tokenizer.apply_chat_template(text["prompt"], add_generation_prompt=True, return_dict=True)["input_ids"]
    answer = tokenizer(text["text"])["input_ids"]
    ids = torch.tensor([prompt + answer])
    held = slice(len(prompt) - 1, len(prompt) + len(answer) - 1)
    with torch.no_grad(), use_adapter(model, adapter_name="ref"):
        before = model(input_ids=ids).logits[0, held].log_softmax(-1)
    now = model(input_ids=ids).logits[0, held].log_softmax(-1)
    return (before.exp() * (before - now)).sum(-1)


def test_nothing_drifts_before_the_first_step(model: Any, tiny_tokenizer: Any) -> None:
    from training.recipes.anchor import Anchor

    anchor = Anchor(model, tiny_tokenizer, TEXTS, 2)
    assert anchor.drift_of_all() == 0.0
    assert model.training


def test_it_draws_back_the_whole_distribution_of_each_token_but_the_end(model: Any, tiny_tokenizer: Any) -> None:
    import torch

    from training.recipes.anchor import Anchor

    anchor = Anchor(model, tiny_tokenizer, TEXTS, 2)
    move(model)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    for group in (TEXTS[:2], TEXTS[2:4], TEXTS[4:], TEXTS[:2]):  # each in its turn
        plain = torch.cat([plain_drift(model, tiny_tokenizer, text) for text in group]).mean()
        drift = anchor.drift()
        assert drift.item() == pytest.approx(plain.item(), rel=1e-4)
        for ours, theirs in zip(torch.autograd.grad(drift, weights), torch.autograd.grad(plain, weights), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-6)
    every = torch.cat([plain_drift(model, tiny_tokenizer, text) for text in TEXTS]).mean()
    assert anchor.drift_of_all() == pytest.approx(every.item(), rel=1e-4)


def test_it_reads_the_same_flat_as_padded(model: Any, tiny_tokenizer: Any) -> None:
    from training.recipes import base, shared_prefix
    from training.recipes.anchor import Anchor

    move(model)
    padded = Anchor(model, tiny_tokenizer, TEXTS, 3).drift_of_all()
    base.causal(model).set_attn_implementation(shared_prefix.NAME)
    assert Anchor(model, tiny_tokenizer, TEXTS, 3).drift_of_all() == pytest.approx(padded, rel=1e-4)


def test_only_what_departs_is_taught() -> None:
    import torch

    from training.recipes.trainers import has_departed

    chosen, rejected = [5, 6, 7, 8, 2], [5, 6, 2, 0, 0]
    assert has_departed(torch.tensor([chosen, rejected])).tolist() == [[0, 0, 1, 1, 1]] * 2


def pair(chosen: str, rejected: str) -> dict[str, Any]:
    return {
        name: [{"role": "assistant", "content": text}] for name, text in (("chosen", chosen), ("rejected", rejected))
    }


@pytest.mark.parametrize(
    ("chosen", "free"),
    [
        ("Repair the roof now. Then send the bill.", 0),
        ("Repair the roof now by 5 May.", 1),
        ("Repair the roof now!", 1),
        ("Send " + "the bill now " * 5, 0),
    ],
)
def test_it_leaves_free_where_chosen_answers_depart_from_the_others(
    tiny_tokenizer: Any, chosen: str, free: int
) -> None:
    from training.recipes.anchor import departs_before_end

    usual = pair(chosen, "Repair the roof now.")
    odd = pair("Nothing.", "Repair the roof now." * 9)
    assert departs_before_end(tiny_tokenizer, [usual, usual, odd]) == free


def test_a_free_end_is_not_held(model: Any, tiny_tokenizer: Any) -> None:
    import torch

    from training.recipes.anchor import Anchor

    move(model)
    held = Anchor(model, tiny_tokenizer, TEXTS[4:], 1, free=2).drift_of_all()
    with torch.no_grad():
        plain = plain_drift(model.eval(), tiny_tokenizer, TEXTS[4])
    assert held == pytest.approx(plain[:-2].mean().item(), rel=1e-4)
    assert Anchor(model, tiny_tokenizer, TEXTS[4:], 1, free=99).drift_of_all() == pytest.approx(
        plain[0].item(), rel=1e-4
    )
