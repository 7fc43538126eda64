"""Score only the tokens that carry a label, under the contract of TRL's fused LM head.

TRL does this itself where Triton runs. Elsewhere it scores every prompt and padding position over the whole
vocabulary, which is more than half of a step on a CPU. The trainers stay TRL's: they call the same forward
and get the same output object.
"""

from __future__ import annotations

import functools
import types
from typing import Any

import torch
from trl.trainer.utils import FusedCausalLMOutput

from training.recipes import shared_prefix

ROWS_AT_ONCE = 256


class LabelLogProbs(torch.autograd.Function):
    """log p(label) per hidden row; the gradient is made in the forward, so that no logits are kept.

    That of the head's own weight, where it learns too, waits for the backward: it is as large as the vocabulary.
    """

    @staticmethod
    def forward(
        ctx: Any, hidden: torch.Tensor, weight: torch.Tensor, labels: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        keep = ctx.needs_input_grad[0]
        log_probs = torch.empty(len(hidden), dtype=torch.float32)
        is_top1 = torch.empty(len(hidden), dtype=torch.bool)
        slopes = torch.empty_like(hidden) if keep else None
        for begin in range(0, len(hidden), ROWS_AT_ONCE):
            part = slice(begin, begin + ROWS_AT_ONCE)
            logits = torch.matmul(hidden[part], weight.T).float()
            total = torch.logsumexp(logits, dim=-1, keepdim=True)
            picked = logits.gather(1, labels[part, None])
            log_probs[part] = (picked - total).squeeze(1)
            is_top1[part] = logits.argmax(dim=-1) == labels[part]
            if slopes is not None:
                likely = logits.sub_(total).exp_().to(weight.dtype)
                slopes[part] = weight[labels[part]] - torch.matmul(likely, weight)
        ctx.save_for_backward(slopes, *((hidden, weight, labels) if ctx.needs_input_grad[1] else ()))
        ctx.mark_non_differentiable(is_top1)
        return log_probs, is_top1

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor, _top1: Any) -> tuple[torch.Tensor, torch.Tensor | None, None]:
        slopes, *head = ctx.saved_tensors
        by_weight = _by_weight(gradient, *head) if head else None
        return slopes * gradient.unsqueeze(1).to(slopes.dtype), by_weight, None


def _by_weight(
    gradient: torch.Tensor, hidden: torch.Tensor, weight: torch.Tensor, labels: torch.Tensor
) -> torch.Tensor:
    total = torch.zeros_like(weight)
    for begin in range(0, len(hidden), ROWS_AT_ONCE):
        part = slice(begin, begin + ROWS_AT_ONCE)
        shares = torch.softmax(torch.matmul(hidden[part], weight.T).float(), dim=-1).neg_()
        shares[torch.arange(len(shares)), labels[part]] += 1
        total.addmm_(shares.mul_(gradient[part, None]).to(weight.dtype).T, hidden[part])
    return total


def install(model: Any, temperature: float = 1.0) -> None:
    """Replace the forward that TRL patched in, after its trainer is built. `temperature`: that of the texts' writer."""
    trl_forward = model.forward
    flat = shared_prefix.supports(model.config)
    if flat:
        model.set_attn_implementation(shared_prefix.NAME)

    @functools.wraps(trl_forward)
    def forward(
        self: Any, *args: Any, fused_lm_head: bool = False, labels: torch.Tensor | None = None, **rest: Any
    ) -> Any:
        if not fused_lm_head or labels is None or args:
            return trl_forward(*args, fused_lm_head=fused_lm_head, labels=labels, **rest)
        hidden = _flat_hidden(self, labels, rest) if flat else _padded_hidden(self, labels, rest)
        return _scored(self, hidden if temperature == 1 else hidden / temperature, labels[:, 1:])

    model.forward = types.MethodType(forward, model)


def _flat_hidden(model: Any, labels: torch.Tensor, inputs: dict[str, Any]) -> torch.Tensor:
    read = inputs["attention_mask"].bool()  # padded on whichever side
    tree = shared_prefix.build_tree([ids[kept].tolist() for ids, kept in zip(inputs["input_ids"], read, strict=True)])
    states = shared_prefix.tree_states(model.model, tree)
    scored = [own[kept][1:] != -100 for own, kept in zip(labels, read, strict=True)]
    wanted = [place[:-1][mask] for place, mask in zip(tree.places, scored, strict=True)]
    return states.index_select(0, torch.cat(wanted))


def _padded_hidden(model: Any, labels: torch.Tensor, inputs: dict[str, Any]) -> torch.Tensor:
    states = model.base_model(**{**inputs, "use_cache": False}).last_hidden_state
    return states[:, :-1][labels[:, 1:] != -100]


def _scored(model: Any, hidden: torch.Tensor, labels: torch.Tensor) -> FusedCausalLMOutput:
    mask = labels != -100
    log_probs, is_top1 = LabelLogProbs.apply(hidden, model.get_output_embeddings().weight, labels[mask])
    spread = log_probs.new_zeros(mask.shape).masked_scatter(mask, log_probs)
    nothing = torch.zeros(mask.shape)
    return FusedCausalLMOutput(
        loss=-spread.sum() / mask.sum().clamp(min=1),
        log_probs=spread,
        entropy=nothing,
        mean_logits=nothing,
        is_top1=torch.zeros_like(mask).masked_scatter(mask, is_top1),
        label_mask=mask,
    )
