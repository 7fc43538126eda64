"""What the starting model wrote holds a round: whatever no pair asks to change stays as likely as it was.

A pair says little about the rest of an answer, and what it says of it was drawn at random. So the model also reads
texts that the starting model wrote greedily, and its distribution over each next token is drawn back to that of the
reference. Only where a text ends it is left free: a new ending begins there, or a few tokens before.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

import torch
from trl.trainer.utils import use_adapter

from training.recipes import base, rows, shared_prefix

FIRMNESS = 30.0  # how much a nat of drift per token weighs beside the loss of the pairs
NEAR_THE_END = 8  # tokens: what departs earlier is no other ending
ROWS_AT_ONCE = 128  # over the whole vocabulary, for both models
Text = dict[str, Any]  # with its `prompt` and the `text` that answered it


class Drift(torch.autograd.Function):
    """KL from the reference's distribution to the model's, per hidden row; no logits are kept."""

    @staticmethod
    def forward(ctx: Any, hidden: torch.Tensor, before: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        drift = torch.empty(len(hidden), dtype=torch.float32, device=hidden.device)
        slopes = torch.empty_like(hidden)
        for begin in range(0, len(hidden), ROWS_AT_ONCE):
            part = slice(begin, begin + ROWS_AT_ONCE)
            now = torch.log_softmax(torch.matmul(hidden[part], weight.T).float(), dim=-1)
            then = torch.log_softmax(torch.matmul(before[part], weight.T).float(), dim=-1)
            likely = then.exp()
            drift[part] = (likely * (then - now)).sum(dim=-1)
            slopes[part] = torch.matmul((now.exp_() - likely).to(weight.dtype), weight)
        ctx.save_for_backward(slopes)
        return drift

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        (slopes,) = ctx.saved_tensors
        return slopes * gradient.unsqueeze(1).to(slopes.dtype), None, None


class Anchor:
    """Texts in groups that are read together, always the same ones: so each is read to the same last digit.

    The last `free` tokens of each are held no more than its end is.
    """

    def __init__(self, model: Any, tokenizer: Any, texts: list[Text], together: int, free: int = 0) -> None:
        self.model = model
        read = [_without_end(tokenizer, text, free) for text in texts]
        self.groups = [read[begin : begin + together] for begin in range(0, len(read), together)]
        self.before: dict[int, torch.Tensor] = {}  # by group, once it was read
        self.turn = 0

    def drift(self) -> torch.Tensor:
        """Of the group whose turn it is, the mean over its tokens."""
        group = self.turn % len(self.groups)
        self.turn += 1
        return self._of_group(group).mean()

    @torch.no_grad()
    def drift_of_all(self) -> float:
        with base.at_rest(self.model):
            return float(torch.cat([self._of_group(group) for group in range(len(self.groups))]).mean())

    def _of_group(self, group: int) -> torch.Tensor:
        if group not in self.before:
            self.before[group] = self._reference(group)
        weight = base.causal(self.model).get_output_embeddings().weight
        drift: torch.Tensor = Drift.apply(self._states(group), self.before[group], weight)
        return drift

    @torch.no_grad()
    def _reference(self, group: int) -> torch.Tensor:
        name = "ref" if "ref" in self.model.peft_config else None
        with base.at_rest(self.model), use_adapter(self.model, adapter_name=name):
            return self._states(group)

    def _states(self, group: int) -> torch.Tensor:
        """Those from which the tokens of each text are foretold."""
        model = base.causal(self.model)
        ids = [tokens.ids for tokens in self.groups[group]]
        states = _flat_states(model, ids) if _is_flat(model) else _padded_states(model, ids)
        return torch.cat(
            [own[tokens.answer_starts - 1 : -1] for own, tokens in zip(states, self.groups[group], strict=True)]
        )


def departs_before_end(tokenizer: Any, pairs: Sequence[dict[str, Any]]) -> int:
    """How many tokens before its end the other answer of a pair is usually left by the chosen one; 0 where many."""
    usual = round(statistics.median(_departs(tokenizer, pair) for pair in pairs))
    return usual if usual <= NEAR_THE_END else 0


def _departs(tokenizer: Any, pair: dict[str, Any]) -> int:
    chosen, rejected = (
        tokenizer(pair[name][-1]["content"].strip(), add_special_tokens=False)["input_ids"]
        for name in ("chosen", "rejected")
    )
    alike = [one == other for one, other in zip(chosen, rejected, strict=False)]
    return len(rejected) - (alike.index(False) if False in alike else len(alike))


def _without_end(tokenizer: Any, text: Text, free: int) -> rows.Tokens:
    """What a chat template puts after an answer, its end among it, is foretold by nothing that is held."""
    tokens = rows.tokenize(tokenizer, text["prompt"], [{"role": "assistant", "content": text["text"]}])
    answer = range(tokens.answer_starts, len(tokens.ids))
    end = next((place for place in answer if tokens.ids[place] == tokenizer.eos_token_id), len(tokens.ids))
    end = max(tokens.answer_starts + 1, end - free)
    return rows.Tokens(tokens.ids[:end], tokens.answer_starts, tokens.same_prompt)


def _is_flat(model: Any) -> bool:
    return bool(model.config._attn_implementation == shared_prefix.NAME)


def _flat_states(model: Any, ids: list[list[int]]) -> list[torch.Tensor]:
    tree = shared_prefix.build_tree(ids)
    states = shared_prefix.tree_states(model.model, tree)
    return [states.index_select(0, place) for place in tree.places]


def _padded_states(model: Any, ids: list[list[int]]) -> list[torch.Tensor]:
    longest = max(map(len, ids))
    padded = torch.tensor([row + [0] * (longest - len(row)) for row in ids], device=model.device)
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in ids], device=model.device)
    states = model.base_model(input_ids=padded, attention_mask=mask, use_cache=False).last_hidden_state
    return [own[: len(row)] for own, row in zip(states, ids, strict=True)]
