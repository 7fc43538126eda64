"""NEFTune's noise at its right strength when rows lie flat in one sequence.

The noise on each embedding shrinks with the root of the row's length. transformers takes that length from the
batch's shape, which is the longest row where rows are padded, but the sum of all rows where they lie flat.
What rows share gets the same noise.
"""

from __future__ import annotations

from typing import Any

import torch

from training.recipes import shared_prefix


def strengthen(model: Any, alpha: float) -> None:
    """After `quicken`; the noise itself is switched on and off by the trainer."""
    if model.config._attn_implementation != shared_prefix.NAME:
        return
    embeddings = model.get_input_embeddings()

    def scale(_backbone: Any, _args: tuple[Any, ...], given: dict[str, Any]) -> None:
        if hasattr(embeddings, "neftune_noise_alpha"):
            positions: torch.Tensor = given["position_ids"]
            longest = int(positions.max()) + 1
            embeddings.neftune_noise_alpha = alpha * (positions.numel() / longest) ** 0.5

    model.model.register_forward_pre_hook(scale, with_kwargs=True)
