"""TRL's trainers, with what a round adds to them."""

from __future__ import annotations

from typing import Any

import torch
from trl import DPOTrainer, KTOTrainer, RewardTrainer
from trl.trainer.dpo_trainer import DataCollatorForPreference

from training.recipes import exact
from training.recipes.anchor import FIRMNESS, Anchor

WEIGHT = "weight"


class ReadExactly:
    """Margins and accuracies of held-out rows, which choose the checkpoint that is kept, are read in float32."""

    model: Any

    def evaluation_loop(self, *given: Any, **named: Any) -> Any:
        with exact.reading(self.model):
            return super().evaluation_loop(*given, **named)  # type: ignore[misc]


class ReferenceOnce(ReadExactly):
    """TRL measures the reference inside its constructor; the faster forward has to be there by then.

    Each reference is read as its rows are: before the first step both are the same to the last digit.
    """

    quick = False
    _precompute_model_hash: Any

    def _precompute_ref_logps(self, dataset: Any, name: str, batch_size: int) -> Any:
        from training.recipes.training_run import quicken

        if not self.quick:
            quicken(self.model)
            self.quick = True
        if name == "train":
            return super()._precompute_ref_logps(dataset, name, batch_size)  # type: ignore[misc]
        usual, self._precompute_model_hash = self._precompute_model_hash, f"{self._precompute_model_hash} exactly"
        try:
            with exact.reading(self.model):
                return super()._precompute_ref_logps(dataset, name, batch_size)  # type: ignore[misc]
        finally:
            self._precompute_model_hash = usual


class PairTrainer(ReferenceOnce, DPOTrainer):
    pass


class JudgementTrainer(ReferenceOnce, KTOTrainer):
    pass


class MarkTrainer(ReadExactly, RewardTrainer):
    """Says how pairs are told apart under the names that the other trainers say it with."""

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        seen = self._metrics["train" if self.model.training else "eval"]
        for name, ours in (("accuracy", "rewards/accuracies"), ("margin", "rewards/margins")):
            if name in seen:
                seen[ours] = seen.pop(name)
        super().log(logs, start_time)


class WeightedPairs(DataCollatorForPreference):
    """Carries the weight of each pair beside its tokens."""

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        batch = super().torch_call(examples)
        if WEIGHT in examples[0]:
            batch[WEIGHT] = torch.tensor([example[WEIGHT] for example in examples], dtype=torch.float32)
        return batch


class WeightedPairTrainer(PairTrainer):
    """Pairs that count more or less, under every loss.

    TRL averages the losses of a batch out of reach. But whatever the loss, it depends on the model only through the
    log-probabilities of its answers, row by row: multiplying what flows back through those of a pair by the pair's
    weight gives exactly the gradient of the weighted loss. The loss that is shown stays that of equal pairs.
    """

    def compute_ref_log_probs(self, model: Any, inputs: dict[str, Any]) -> Any:
        return super().compute_ref_log_probs(model, {name: inputs[name] for name in inputs if name != WEIGHT})

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        rest = {name: inputs[name] for name in inputs if name != WEIGHT}
        if WEIGHT not in inputs or not torch.is_grad_enabled():
            return super().compute_loss(model, rest, return_outputs, num_items_in_batch)
        of_rows = inputs[WEIGHT].repeat(2).unsqueeze(1)  # a batch is all chosen answers, then all rejected ones

        def weigh(_module: Any, _given: Any, output: Any) -> None:
            output.log_probs.register_hook(lambda slopes: slopes * of_rows)

        hook = model.register_forward_hook(weigh)
        try:
            return super().compute_loss(model, rest, return_outputs, num_items_in_batch)
        finally:
            hook.remove()


class AnchoredPairTrainer(WeightedPairTrainer):
    """With an anchor, the SFT term counts only from where a chosen answer departs from the other one on.

    What both say before is preferred by nobody; taught as a demonstration it would pull the rest of what the model
    writes towards candidates drawn at random. The preference itself is untouched: before the answers depart, what
    flows back through the two of them cancels out (but for their lengths, which IPO divides by).
    """

    anchor: Anchor | None = None

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        if self.anchor is None or not torch.is_grad_enabled():
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        departed = has_departed(inputs["input_ids"])[:, 1:]  # a log-probability is of the token after its place

        def let_go(_module: Any, _given: Any, output: Any) -> None:
            output.log_probs.register_hook(lambda slopes: slopes * departed)

        hook = model.register_forward_hook(let_go)
        try:
            loss = super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        finally:
            hook.remove()
        return loss + FIRMNESS * self.anchor.drift()


def has_departed(input_ids: torch.Tensor) -> torch.Tensor:
    """Of a batch of all chosen answers, then all others: which tokens come from the first one that differs on."""
    chosen, rejected = input_ids.chunk(2, dim=0)
    return (chosen != rejected).cumsum(dim=1).clamp(max=1).repeat(2, 1)
