"""TRL's trainers, with what a round adds to them."""

from __future__ import annotations

from typing import Any

import torch
from trl import DPOTrainer, KTOTrainer, RewardTrainer
from trl.trainer.dpo_trainer import DataCollatorForPreference

from training.recipes import exact
from training.recipes.anchor import FIRMNESS, Anchor
from training.recipes.watched import ROW, Watched

WEIGHT = "weight"
BESIDE = (WEIGHT, ROW)  # of a pair, which the model is not given


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


class PairTrainer(Watched, ReferenceOnce, DPOTrainer):
    """Keeps how far each pair stands against what people said of it, each time before the step that learns from it.

    Kept is minus the margin of implicit rewards: the log-odds that the model, as it learns, gives to the answer that
    people called worse. Averaged over the readings it is the area under the margin, which tells wrong labels (Pleiss et
    al., AUM, NeurIPS 2020). It is kept rather than the loss, which flattens the margins of pairs that are told right,
    and means something else with every kind of loss and with smoothing.
    """

    _signature_columns: Any

    def _set_signature_columns_if_needed(self) -> None:
        if self._signature_columns is None:
            super()._set_signature_columns_if_needed()
            columns: Any = self._signature_columns
            self._signature_columns = [*columns, *BESIDE]

    def compute_ref_log_probs(self, model: Any, inputs: dict[str, Any]) -> Any:
        return super().compute_ref_log_probs(model, {name: inputs[name] for name in inputs if name not in BESIDE})

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        rest = {name: inputs[name] for name in inputs if name not in BESIDE}
        if ROW not in inputs or not torch.is_grad_enabled():
            return super().compute_loss(model, rest, return_outputs, num_items_in_batch)

        def keep(_module: Any, _given: Any, output: Any) -> None:
            chosen, rejected = output.log_probs.detach().sum(dim=1).chunk(2)
            margins = (chosen - rest["ref_chosen_logps"]) - (rejected - rest["ref_rejected_logps"])
            self.keep_losses(zip(inputs[ROW].tolist(), (-self.beta * margins).tolist(), strict=True))

        hook = model.register_forward_hook(keep)
        try:
            return super().compute_loss(model, rest, return_outputs, num_items_in_batch)
        finally:
            hook.remove()


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


class Pairs(DataCollatorForPreference):
    """Carries the number and the weight of each pair beside its tokens."""

    def torch_call(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        batch = super().torch_call(examples)
        for name, kind in ((WEIGHT, torch.float32), (ROW, torch.long)):
            if name in examples[0]:
                batch[name] = torch.tensor([example[name] for example in examples], dtype=kind)
        return batch


class WeightedPairTrainer(PairTrainer):
    """Pairs that count more or less, under every loss.

    TRL averages the losses of a batch out of reach. But whatever the loss, it depends on the model only through the
    log-probabilities of its answers, row by row: multiplying what flows back through those of a pair by the pair's
    weight gives exactly the gradient of the weighted loss. The loss that is shown stays that of equal pairs.
    """

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        if WEIGHT not in inputs or not torch.is_grad_enabled():
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        of_rows = inputs[WEIGHT].repeat(2).unsqueeze(1)  # a batch is all chosen answers, then all rejected ones

        def weigh(_module: Any, _given: Any, output: Any) -> None:
            output.log_probs.register_hook(lambda slopes: slopes * of_rows)

        hook = model.register_forward_hook(weigh)
        try:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        finally:
            hook.remove()


class FindingTrainer(WeightedPairTrainer):
    """For a round that finds its own settings: with an anchor once there is one, and its own SFT term.

    TRL's term is a mean over every token of the chosen answers. With an anchor ours is one over those from where a
    chosen answer departs from the other one on, so it weighs the same in answers of any length. What both say before
    is preferred by nobody; taught as a demonstration it would pull the rest of what the model writes towards
    candidates drawn at random.
    """

    anchor: Anchor | None = None
    sft_weight = 0.0

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        if not torch.is_grad_enabled():
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        read: list[torch.Tensor] = []
        hook = model.register_forward_hook(lambda _module, _given, output: read.append(output.log_probs))
        try:
            loss = super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        finally:
            hook.remove()
        taught = self._taught(inputs)
        own = -(read[0] * taught).sum() / taught.sum().clamp(min=1)  # answers cut off before they depart teach nothing
        loss = loss + self.sft_weight * own
        return loss + FIRMNESS * self.anchor.drift() if self.anchor else loss

    def _taught(self, inputs: dict[str, Any]) -> torch.Tensor:
        """Which log-probabilities the SFT term is of; one is of the token after its place."""
        taught = inputs["completion_mask"].clone()
        taught[len(taught) // 2 :] = 0
        if self.anchor:
            taught *= has_departed(inputs["input_ids"])
        return taught[:, 1:].bool()


def has_departed(input_ids: torch.Tensor) -> torch.Tensor:
    """Of a batch of all chosen answers, then all others: which tokens come from the first one that differs on."""
    chosen, rejected = input_ids.chunk(2, dim=0)
    return (chosen != rejected).cumsum(dim=1).clamp(max=1).repeat(2, 1)
