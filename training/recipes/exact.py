"""Read a model in float32 whatever type its weights are kept in.

What a round has changed can be smaller than what bfloat16 rounds away: margins and accuracies read that way lag behind
what was learned. While reading, each layer's weights are widened just before they are used and narrowed after, so that
only those of one layer, and of the head, take the larger room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from bitsandbytes.nn import Linear4bit
from torch import nn

NARROW = (torch.bfloat16, torch.float16)


@contextmanager
def reading(model: Any) -> Iterator[None]:
    causal = model.get_base_model() if hasattr(model, "get_base_model") else model
    with ExitStack() as undo:
        # the head's weights are used as they are, by whoever scores labels without calling it
        head = causal.get_output_embeddings()
        at_once = _narrow(head) if head is not None else []
        undo.callback(_set, _widen(at_once))
        undo.callback(_without_autocast(causal))
        for module in causal.modules():
            for leave in _widen_when_called(module, at_once):
                undo.callback(leave)
        yield


def _narrow(module: nn.Module) -> list[nn.Parameter]:
    return [weight for weight in module.parameters(recurse=False) if weight.dtype in NARROW]


def _widen(weights: list[nn.Parameter]) -> list[tuple[nn.Parameter, torch.Tensor]]:
    """Each weight with what it held, which is put back as it was."""
    held = [(weight, weight.data) for weight in weights]
    for weight, narrow in held:
        weight.data = narrow.float()
    return held


def _set(held: list[tuple[nn.Parameter, torch.Tensor]]) -> None:
    for weight, narrow in held:
        weight.data = narrow


def _widen_when_called(module: nn.Module, wide: list[nn.Parameter]) -> list[Callable[[], None]]:
    if isinstance(module, Linear4bit):
        return [_compute_wide(module)]
    weights = [weight for weight in _narrow(module) if all(weight is not other for other in wide)]
    if not weights:
        return []
    if isinstance(module, nn.Embedding):  # a few of its rows are looked up: they are widened, not all it holds
        return [module.register_forward_hook(lambda _module, _given, rows: rows.float()).remove]
    held: list[tuple[nn.Parameter, torch.Tensor]] = []

    def before(_module: nn.Module, _given: Any) -> None:
        held.extend(_widen(weights))

    def after(_module: nn.Module, _given: Any, _output: Any) -> None:
        _set(held)
        held.clear()

    return [
        module.register_forward_pre_hook(before).remove,
        module.register_forward_hook(after, always_call=True).remove,
    ]


def _compute_wide(module: Linear4bit) -> Callable[[], None]:
    usual = module.compute_dtype
    module.compute_dtype = torch.float32

    def undo() -> None:
        module.compute_dtype = usual

    return undo


def _without_autocast(causal: Any) -> Callable[[], None]:
    """On a GPU the trainer multiplies in bfloat16 whatever it is given."""
    own = vars(causal).get("forward")
    forward, kind = causal.forward, causal.device.type

    def exact(*given: Any, **named: Any) -> Any:
        with torch.autocast(kind, enabled=False):
            return forward(*given, **named)

    def undo() -> None:
        del causal.forward
        if own is not None:
            causal.forward = own

    causal.forward = exact
    return undo
