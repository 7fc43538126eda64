"""What the model could do before its first step, measured once it is already learning.

Measuring takes as long as many steps, and nobody should have to wait for it. So the weights that learn are kept as they
were, and put back for the first evaluation, or at the end where none came before. Only time passes meanwhile: weights,
luck and the trainer's own counts go on as if nothing had been measured.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from training.recipes import forgetting
from training.recipes.process import phase
from training.recipes.reporting import Reporter

LARGEST_SHARE = 0.5  # of the weights; where more of them learn, keeping them a second time costs too much memory


class StartingPoint(TrainerCallback):
    def __init__(self, trainer: Any, tokenizer: Any, reporter: Reporter) -> None:
        self.trainer = trainer
        self.tokenizer = tokenizer
        self.reporter = reporter
        self.general: float | None = None
        self.seconds = 0.0  # that measuring took while training was timed
        self.measured = False
        weights = list(trainer.model.named_parameters())
        learning = {name: weight for name, weight in weights if weight.requires_grad}
        everything = sum(weight.numel() for _name, weight in weights)
        self.kept: dict[str, torch.Tensor] = {}
        self.sums: dict[str, float] = {}  # of the weights, where there are too many to keep
        if sum(weight.numel() for weight in learning.values()) > LARGEST_SHARE * everything:
            self.sums = _sums(learning)
            self._measure()
        else:
            self.kept = {name: weight.detach().clone() for name, weight in learning.items()}

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any) -> None:
        if control.should_evaluate and not self.measured:
            begun = time.monotonic()
            self.measure()
            self.seconds = time.monotonic() - begun
            self.reporter.leave_out(self.seconds)
            phase(self.reporter.run_dir, "Training")

    def measure(self) -> None:
        if not self.measured:
            with self._as_it_was(), _the_same_luck(), _nothing_counted(self.trainer):
                self._measure()

    def has_moved(self) -> bool:
        """Whether training changed any weight."""
        weights = dict(self.trainer.model.named_parameters())
        if self.sums:
            return _sums({name: weights[name] for name in self.sums}) != self.sums
        return any(not torch.equal(weights[name], kept) for name, kept in self.kept.items())

    def _measure(self) -> None:
        phase(self.reporter.run_dir, "Measuring the starting model")
        self.measured = True
        self.general = forgetting.of_trainer(self.trainer, self.tokenizer)
        if self.trainer.eval_dataset is not None:
            with _unheard(self.trainer):
                self.reporter.tell_evaluation(0, self.trainer.evaluate())

    @contextmanager
    def _as_it_was(self) -> Iterator[None]:
        weights, learning = dict(self.trainer.model.named_parameters()), self.trainer.model.training
        now = {name: weights[name].detach().clone() for name in self.kept}
        _put(weights, self.kept)
        try:
            yield
        finally:
            _put(weights, now)
            self.trainer.model.train(learning)  # or the trainer would take what this step tells for an evaluation's


@torch.no_grad()
def _sums(weights: dict[str, Any]) -> dict[str, float]:
    return {name: float(weight.sum(dtype=torch.float64)) for name, weight in weights.items()}


@torch.no_grad()
def _put(weights: dict[str, Any], values: dict[str, torch.Tensor]) -> None:
    for name, value in values.items():
        weights[name].copy_(value)


@contextmanager
def _the_same_luck() -> Iterator[None]:
    """Measuring draws random numbers too, if only to set up a loader of rows that it does not shuffle."""
    python, numpy = random.getstate(), np.random.get_state()
    with torch.random.fork_rng():
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)


@contextmanager
def _unheard(trainer: Any) -> Iterator[None]:
    """Callbacks would take it for an evaluation of this step: early stopping counts them, for one."""
    handler = trainer.callback_handler
    callbacks, handler.callbacks = handler.callbacks, []
    try:
        yield
    finally:
        handler.callbacks = callbacks


@contextmanager
def _nothing_counted(trainer: Any) -> Iterator[None]:
    said = len(trainer.state.log_history)
    wishes = dict(vars(trainer.control))
    try:
        yield
    finally:
        del trainer.state.log_history[said:]
        vars(trainer.control).update(wishes)
