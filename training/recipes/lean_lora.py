"""LoRA layers that keep their weights in float32 but multiply in the base model's type.

PEFT casts every input to the adapter's float32 and multiplies there, which on a CPU costs about a quarter of
a step. The weights and their updates stay float32: AdamW's small steps would round away in bfloat16.
rsLoRA differs only in the scaling, which PEFT keeps per adapter. DoRA gives each output a magnitude of its own: PEFT
keeps several copies of every layer's inputs and outputs in float32 for it, here one in the base model's type is kept.
Layers over 4-bit weights (QLoRA) are made lean alike.
"""

from __future__ import annotations

import functools
import types
from typing import Any

import torch
from peft.tuners.lora.bnb import Linear4bit
from peft.tuners.lora.layer import Linear
from peft.utils.integrations import dequantize_module_weight
from torch.nn import functional

Lora = Linear | Linear4bit


def install(model: torch.nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, Lora):
            # this one module's own forward, which its class does not foresee
            module.forward = types.MethodType(_forward_of(module), module)  # type: ignore[method-assign]


def _forward_of(module: Lora) -> Any:
    peft_forward = module.forward

    @functools.wraps(peft_forward)
    def forward(self: Lora, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        active = [name for name in self.active_adapters if name in self.lora_A]
        if self.disable_adapters or self.merged or len(active) != 1:
            return peft_forward(x, *args, **kwargs)
        name = active[0]
        if self.use_dora[name] and self.training and not isinstance(self.lora_dropout[name], torch.nn.Identity):
            return peft_forward(x, *args, **kwargs)  # the base layer reads what dropout leaves, too
        lora_a: Any = self.lora_A[name]  # a Linear, in a ModuleDict that knows only modules
        lora_b: Any = self.lora_B[name]
        down = lora_a.weight.to(x.dtype)
        up = (lora_b.weight * self.scaling[name]).to(x.dtype)
        change = functional.linear(functional.linear(self.lora_dropout[name](x), down), up)
        return _with_magnitudes(self, name, x, change) if self.use_dora[name] else self.base_layer(x) + change

    return forward


def _with_magnitudes(module: Lora, name: str, x: torch.Tensor, change: torch.Tensor) -> torch.Tensor:
    """What the base layer says with its change, each output scaled to its magnitude. The bias is not scaled."""
    base: Any = module.base_layer
    magnitude: Any = module.lora_magnitude_vector[name]
    scale = magnitude.weight / _norms(module, name, base)
    if base.bias is None:
        return _Scaled.apply(base(x), change, scale)
    return _Scaled.apply(base(x) - base.bias, change, scale) + base.bias


class _Scaled(torch.autograd.Function):
    """(said + change) * scale, rounded once: magnitudes change by less than a number of 16 bits can, and rounding
    the sum before would lose that. Of all this only the sum is kept, in the base model's type."""

    @staticmethod
    def forward(ctx: Any, said: torch.Tensor, change: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
        together = said.float() + change.float()
        ctx.save_for_backward(together.to(said.dtype), scale)
        return (together * scale).to(said.dtype)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        (grad,) = grads
        together, scale = ctx.saved_tensors
        passed = (grad * scale).to(grad.dtype)
        return passed, passed, (grad.float() * together).flatten(0, -2).sum(0)


@torch.no_grad()
def _norms(module: Lora, name: str, base: Any) -> torch.Tensor:
    """Of the changed weights, for each output. As in the paper (section 4.3), no gradient goes through them."""
    lora_a: Any = module.lora_A[name]
    lora_b: Any = module.lora_B[name]
    changed = torch.addmm(
        dequantize_module_weight(base).to(lora_b.weight.dtype),
        lora_b.weight,
        lora_a.weight,
        alpha=module.scaling[name],
    )
    return torch.linalg.vector_norm(changed, dim=1)
