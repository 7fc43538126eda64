"""The general questions asked before and after every round."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.training.recipes.conftest import MakeRun, read_json
from training.run_dir import read_rows

pytestmark = pytest.mark.torch
Rows = list[dict[str, Any]]


@pytest.fixture
def model(tiny_base: Path) -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(tiny_base, dtype=torch.float32)


def test_it_asks_few_different_and_short_questions() -> None:
    from training.recipes.forgetting import QUESTIONS

    rows = read_rows(QUESTIONS)
    assert 20 <= len(rows) <= 30
    assert len({row["question"] for row in rows}) == len({row["answer"] for row in rows}) == len(rows)
    assert all(set(row) == {"question", "answer"} and 0 < len(row["answer"].split()) < 30 for row in rows)


def test_it_measures_the_same_with_shared_prompts_as_without(model: Any, tiny_tokenizer: Any) -> None:
    from training.recipes import label_head
    from training.recipes.forgetting import perplexity

    padded = perplexity(model, tiny_tokenizer)
    label_head.install(model)
    assert perplexity(model, tiny_tokenizer) == pytest.approx(padded, rel=1e-4)
    assert padded > 1


def test_it_looks_at_the_answers_without_their_end(tiny_tokenizer: Any) -> None:
    from training.recipes.forgetting import QUESTIONS, _answered, _without_end

    texts = [tiny_tokenizer.decode(tokens.ids[tokens.answer_starts :]) for tokens in _answered(tiny_tokenizer)]
    assert texts == [row["answer"] for row in read_rows(QUESTIONS)]
    endless = _answered(tiny_tokenizer)[0]
    assert _without_end(tiny_tokenizer, endless) is endless


def test_it_leaves_the_model_as_it_was(model: Any, tiny_tokenizer: Any) -> None:
    from training.recipes.forgetting import perplexity

    for training in (True, False):
        model.train(training)
        first = perplexity(model, tiny_tokenizer)
        assert model.training is training
        assert perplexity(model, tiny_tokenizer) == first
    assert all(weight.grad is None for weight in model.parameters())


def test_it_asks_nothing_of_a_model_that_does_not_write(tiny_base: Path, tiny_tokenizer: Any) -> None:
    from transformers import AutoModelForSequenceClassification

    from training.recipes.forgetting import perplexity

    judge = AutoModelForSequenceClassification.from_pretrained(tiny_base, num_labels=1)
    assert perplexity(judge, tiny_tokenizer) is None


def test_it_survives_a_model_that_writes_no_numbers(model: Any, tiny_tokenizer: Any) -> None:
    import torch

    from training.recipes.forgetting import perplexity

    with torch.no_grad():
        model.model.norm.weight.mul_(1e6)
    assert perplexity(model, tiny_tokenizer) > 1e100
    with torch.no_grad():
        model.model.norm.weight.fill_(float("nan"))
    measured = perplexity(model, tiny_tokenizer)
    assert measured != measured


@pytest.mark.parametrize("recipe", ["sft", "dpo"])
def test_every_round_says_what_it_was_before_and_after(
    make_run: MakeRun, recipe: str, demonstrations: Rows, preferences: Rows, parent_adapter: Path
) -> None:
    from training.recipes import dpo, sft

    rows = {"sft": demonstrations, "dpo": preferences}[recipe]
    params = {"max_length": 256, "lora_r": 4, "max_steps": 6, "learning_rate": 0.01}
    parent = {"parent_adapter_dir": str(parent_adapter) if recipe == "dpo" else None}
    run_dir = make_run(recipe, params, rows, **parent)
    {"sft": sft, "dpo": dpo}[recipe].main([str(run_dir.path)])
    result = read_json(run_dir.result_file)
    assert result["status"] == "succeeded", result
    before, after = result["general_perplexity_before"], result["general_perplexity"]
    assert before > 1
    assert after > 1
    assert after != before


@pytest.mark.parametrize("spread", ["is_fsdp_enabled", "is_deepspeed_enabled"])
def test_it_asks_nothing_where_the_weights_lie_in_pieces(model: Any, tiny_tokenizer: Any, spread: str) -> None:
    from types import SimpleNamespace

    from training.recipes.forgetting import of_trainer

    whole = {"model": model, "is_fsdp_enabled": False, "is_deepspeed_enabled": False}
    assert of_trainer(SimpleNamespace(**whole), tiny_tokenizer) is not None
    assert of_trainer(SimpleNamespace(**{**whole, spread: True}), tiny_tokenizer) is None
