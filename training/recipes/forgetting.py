"""How surprised a model is by right answers to general questions: what a round teaches must not push out what was
there before. The questions are few and short, so that asking before and after every round costs about a second.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from training.recipes import base, label_head, shared_prefix
from training.recipes.rows import Tokens, tokenize
from training.run_dir import read_rows

QUESTIONS = Path(__file__).with_name("general_questions.jsonl")
LARGEST = 700.0  # e to the power of more is no number


def of_trainer(trainer: Any, tokenizer: Any) -> float | None:
    """None where the weights lie in pieces on several processes: none of them can answer alone."""
    if trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled:
        return None
    return perplexity(trainer.model, tokenizer)


@torch.no_grad()
def perplexity(model: Any, tokenizer: Any) -> float | None:
    """Over the answers' tokens. None for a model that writes nothing, such as one that only scores."""
    causal = base.causal(model)
    if causal.get_output_embeddings() is None:
        return None
    with base.at_rest(causal):
        log_probs = _log_probs(causal, _answered(tokenizer))
    return round(math.exp(min(-float(log_probs.mean()), LARGEST)), 4)


def _answered(tokenizer: Any) -> list[Tokens]:
    return [
        _without_end(
            tokenizer,
            tokenize(
                tokenizer,
                [{"role": "user", "content": row["question"]}],
                [{"role": "assistant", "content": row["answer"]}],
            ),
        )
        for row in read_rows(QUESTIONS)
    ]


def _without_end(tokenizer: Any, tokens: Tokens) -> Tokens:
    """That an answer ends early is what rounds with short answers teach; it says nothing of what the model knows."""
    answer = tokens.ids[tokens.answer_starts :]
    if tokenizer.eos_token_id not in answer:
        return tokens
    return replace(tokens, ids=tokens.ids[: tokens.answer_starts + answer.index(tokenizer.eos_token_id)])


def _log_probs(model: Any, answered: list[Tokens]) -> torch.Tensor:
    labels = torch.tensor([label for tokens in answered for label in tokens.ids[tokens.answer_starts :]])
    if model.config._attn_implementation == shared_prefix.NAME:
        return _log_probs_of_flat_rows(model, answered, labels)
    longest = max(len(tokens.ids) for tokens in answered)
    ids = torch.tensor([tokens.ids + [0] * (longest - len(tokens.ids)) for tokens in answered])
    mask = torch.tensor([[1] * len(tokens.ids) + [0] * (longest - len(tokens.ids)) for tokens in answered])
    logits = model(input_ids=ids.to(model.device), attention_mask=mask.to(model.device), use_cache=False).logits
    before = [row[tokens.answer_starts - 1 : len(tokens.ids) - 1] for row, tokens in zip(logits, answered, strict=True)]
    scores = torch.log_softmax(torch.cat(before).float(), dim=-1)
    return scores.gather(1, labels.to(scores.device).unsqueeze(1)).squeeze(1)


def _log_probs_of_flat_rows(model: Any, answered: list[Tokens], labels: torch.Tensor) -> torch.Tensor:
    tree = shared_prefix.build_tree([tokens.ids for tokens in answered])
    states = shared_prefix.tree_states(model.model, tree)
    before = [places[tokens.answer_starts - 1 : -1] for places, tokens in zip(tree.places, answered, strict=True)]
    hidden = states.index_select(0, torch.cat(before))
    log_probs, _is_top1 = label_head.LabelLogProbs.apply(hidden, model.get_output_embeddings().weight, labels)
    return log_probs
