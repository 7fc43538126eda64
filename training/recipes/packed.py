"""Linear layers whose weights oneDNN has put in its own order once and for all.

A plain layer has them put in order at every call, which for a few rows at a time, as when a model writes, takes as long
as the product itself. The numbers are the same in bfloat16, and as close as those of any two kernels in float32.
"""

from __future__ import annotations

import functools
import platform
from typing import Any

import torch
from torch import nn

ROWS = 16  # that the order is chosen for; others are computed with it as well


def usable(dtype: torch.dtype) -> bool:
    if platform.machine() not in ("x86_64", "AMD64") or not torch.backends.mkldnn.is_available():
        return False
    return dtype == torch.float32 or (dtype == torch.bfloat16 and torch.ops.mkldnn._is_mkldnn_bf16_supported())


def install(model: Any) -> None:
    """For a model that only reads and writes from here on: its layers keep no weights that could be trained."""
    tables = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)}
    layers: list[Any] = [module for module in model.modules() if type(module) is nn.Linear]
    for layer in layers:
        if usable(layer.weight.dtype):
            packed = torch.ops.mkldnn._reorder_linear_weight(layer.weight.detach(), ROWS)
            layer.forward = functools.partial(_forward, packed, layer.bias)
            if id(layer.weight) not in tables:
                layer.weight = nn.Parameter(layer.weight.new_empty(0), requires_grad=False)


def _forward(packed: torch.Tensor, bias: torch.Tensor | None, x: torch.Tensor) -> torch.Tensor:
    return torch.ops.mkldnn._linear_pointwise(x, packed, bias, "none", [], "")
