"""LoRA layers that keep their weights in float32 but multiply in the base model's type.

PEFT casts every input to the adapter's float32 and multiplies there, which on a CPU costs about a quarter of
a step. The weights and their updates stay float32: AdamW's small steps would round away in bfloat16.
rsLoRA differs only in the scaling, which PEFT keeps per adapter. DoRA divides by the norm of the changed weights,
so its layers are left to PEFT. Layers over 4-bit weights (QLoRA) are made lean alike.
"""

from __future__ import annotations

import functools
import types
from typing import Any

import torch
from peft.tuners.lora.bnb import Linear4bit
from peft.tuners.lora.layer import Linear
from torch.nn import functional

Lora = Linear | Linear4bit


def install(model: torch.nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, Lora) and not any(module.use_dora.values()):
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
        lora_a: Any = self.lora_A[name]  # a Linear, in a ModuleDict that knows only modules
        lora_b: Any = self.lora_B[name]
        down = lora_a.weight.to(x.dtype)
        up = (lora_b.weight * self.scaling[name]).to(x.dtype)
        return self.base_layer(x) + functional.linear(functional.linear(self.lora_dropout[name](x), down), up)

    return forward
