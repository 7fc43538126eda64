"""TRL's SFTTrainer, with an order of rows that is given and losses told apart by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from accelerate.utils import gather_object
from torch.utils.data import Sampler
from trl import SFTTrainer

from training.recipes import base
from training.recipes.process import processes
from training.recipes.watched import ROW, Watched

ROWS_AT_ONCE = 8


class InOrder(Sampler[int]):
    """One pass at a time of an order that spans the round.

    Which pass it is follows from the step that training has reached, so that a resumed round goes on with its own.
    """

    def __init__(self, order: Sequence[int], rows: int, steps_per_pass: int, step: Callable[[], int]) -> None:
        missing = -len(order) % rows  # of a last pass that training ends in; what stands there is never learned
        self.order = list(order) + list(order[:1]) * missing
        self.rows = rows
        self.steps_per_pass = steps_per_pass
        self.step = step

    def __len__(self) -> int:
        return self.rows

    def __iter__(self) -> Iterator[int]:
        begin = self.step() // self.steps_per_pass * self.rows
        return iter(self.order[begin : begin + self.rows])


class ArrangedTrainer(Watched, SFTTrainer):
    """`order`: places of rows, for the whole round; None lets TRL shuffle. `task_types`: of each held-out row."""

    model: Any
    train_dataset: Any
    data_collator: Any
    _signature_columns: Any
    order: Sequence[int] | None = None
    task_types: Sequence[str] = ()

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.data_collator = WithRowNumbers(self.data_collator)
        self._measured: list[tuple[int, float, int]] = []

    def _set_signature_columns_if_needed(self) -> None:
        if self._signature_columns is None:
            super()._set_signature_columns_if_needed()
            columns: Any = self._signature_columns
            self._signature_columns = [*columns, ROW]

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        if self.order is None:
            return super()._get_train_sampler(train_dataset)
        rows = len(self.train_dataset)
        per_step = self.args.train_batch_size * self.args.gradient_accumulation_steps * processes()
        return InOrder(self.order, rows, -(-rows // per_step), lambda: self.state.global_step)

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        numbers = inputs.pop(ROW, None)
        if numbers is None:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)

        learning = model.training

        def keep(_module: Any, _given: Any, output: Any) -> None:
            lost, counts = -output.log_probs.detach().sum(dim=1), output.label_mask.sum(dim=1)
            if learning:
                self.keep_losses(zip(numbers.tolist(), (lost / counts.clamp(min=1)).tolist(), strict=True))
            else:
                self._measured += zip(numbers.tolist(), lost.tolist(), counts.tolist(), strict=True)

        hook = model.register_forward_hook(keep)
        try:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        finally:
            hook.remove()

    @torch.no_grad()
    def surprises(self) -> list[float]:
        """Loss per token of each row to learn from, as the model is now."""
        found = []
        with base.at_rest(self.model):
            for begin in range(0, len(self.train_dataset), ROWS_AT_ONCE):
                some = self.train_dataset[begin : begin + ROWS_AT_ONCE]
                examples = [
                    {"input_ids": ids, "labels": labels}
                    for ids, labels in zip(some["input_ids"], some["labels"], strict=True)
                ]
                output = self.model(**self._prepare_inputs(self.data_collator(examples)), fused_lm_head=True)
                tokens = output.label_mask.sum(dim=1).clamp(min=1)
                found += (-output.log_probs.sum(dim=1) / tokens).tolist()
        return found

    def evaluation_loop(self, *given: Any, **options: Any) -> Any:
        self._measured = []
        output: Any = super().evaluation_loop(*given, **options)
        measured = gather_object(self._measured) if processes() > 1 else self._measured
        if len(set(self.task_types)) > 1:
            output.metrics["eval_tasks"] = by_task(measured, self.task_types)
        return output


class WithRowNumbers:
    """Carries the number of each row beside its tokens."""

    def __init__(self, collator: Any) -> None:
        self.collator = collator

    def __call__(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
        batch = self.collator(examples)
        if ROW in examples[0]:
            batch[ROW] = torch.tensor([example[ROW] for example in examples])
        return batch


def numbered(rows: Any) -> Any:
    """Rows that carry their number."""
    return rows if rows is None else rows.add_column(ROW, list(range(len(rows))))


def by_task(measured: Sequence[tuple[int, float, int]], task_types: Sequence[str]) -> dict[str, float]:
    """Loss per token of each task type. Several processes may measure a row twice; it counts once."""
    of_row = {row: (loss, count) for row, loss, count in measured}
    found = {}
    for task_type in sorted(set(task_types)):
        rows = [of_row[row] for row, name in enumerate(task_types) if name == task_type and row in of_row]
        tokens = sum(count for _loss, count in rows)
        if tokens:
            found[task_type] = sum(loss for loss, _count in rows) / tokens
    return found
