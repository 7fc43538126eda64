"""What a trainer tells the run directory while it works, and when it has to stop."""

from __future__ import annotations

import math
import time
from typing import Any

import torch
from accelerate import PartialState
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from training.findings.rewards import PREFIX, of_rollouts
from training.recipes.process import is_first, processes
from training.run_dir import RunDir, complete_checkpoint

SECONDS_BETWEEN_CHECKPOINTS = 90
SECONDS_BETWEEN_SIGNS = 1.5  # where steps are too many to tell of each
BAD_LOGS_ALLOWED = 1
REWARDS = ("rewards/accuracies", "rewards/margins", "rewards/chosen", "rewards/rejected")


class Reporter(TrainerCallback):
    def __init__(self, run_dir: RunDir, start: dict[str, Any], save_by_time: bool) -> None:
        self.run_dir = run_dir
        self.start = start
        self.save_by_time = save_by_time
        self.diverged = False
        self.early_stopped = False
        self.evaluations: list[dict[str, Any]] = []
        self.tokens_per_second: float | None = None
        self._bad_logs = 0
        self._begun = self._saved = time.monotonic()
        self._first_step = 0
        self._told = self._begun

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any
    ) -> None:
        self._begun = self._saved = time.monotonic()
        self._first_step = state.global_step
        self.run_dir.append_event("start", max_steps=state.max_steps, step=state.global_step, **self.start)

    def leave_out(self, seconds: float) -> None:
        """Time in which something else was done is not counted when speed is told."""
        self._begun += seconds

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any) -> None:
        if self.save_by_time and _as_the_first(time.monotonic() - self._saved > SECONDS_BETWEEN_CHECKPOINTS):
            control.should_save = True
        if not control.should_log and time.monotonic() - self._told > SECONDS_BETWEEN_SIGNS:
            self._tell("step", state)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **rest: Any,
    ) -> None:
        if not logs or "loss" not in logs:
            return
        self.tokens_per_second = round(logs.get("num_tokens", 0) / self._elapsed(), 1)
        shown = {name: logs.get(name) for name in ("epoch", "loss", "grad_norm", "learning_rate")}
        shown |= {name: logs[name] for name in logs if name in REWARDS or of_rollouts(name)}
        self._tell("log", state, **shown, tokens_per_second=self.tokens_per_second)
        self._watch(logs, control)

    def _elapsed(self) -> float:
        return max(time.monotonic() - self._begun, 1e-6)

    def _tell(self, event: str, state: TrainerState, **shown: Any) -> None:
        self._told = time.monotonic()
        steps = max(1, state.global_step - self._first_step)
        left = round(self._elapsed() / steps * (state.max_steps - state.global_step), 1)
        self.run_dir.append_event(event, step=state.global_step, max_steps=state.max_steps, **shown, seconds_left=left)

    def _watch(self, logs: dict[str, Any], control: TrainerControl) -> None:
        """One bad batch can pass; the second in a row means that the weights are gone."""
        if all(math.isfinite(float(logs.get(name) or 0.0)) for name in ("loss", "grad_norm")):
            self._bad_logs = 0
            return
        self._bad_logs += 1
        if self._bad_logs > BAD_LOGS_ALLOWED:
            self.diverged = True
            control.should_training_stop = True
            control.should_save = control.should_evaluate = False

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: dict[str, Any] | None = None,
        **rest: Any,
    ) -> None:
        self.tell_evaluation(state.global_step, metrics or {})

    def tell_evaluation(self, step: int, measured: dict[str, Any]) -> None:
        shown = {"step": step, "eval_loss": measured.get("eval_loss")}
        # before the first step every pair is a tie, which TRL counts as told wrong
        names = REWARDS if step else REWARDS[1:]
        shown |= {f"eval_{name}": measured[f"eval_{name}"] for name in names if f"eval_{name}" in measured}
        shown |= {name: value for name, value in measured.items() if name.startswith(PREFIX)}
        if "eval_tasks" in measured:
            shown["tasks"] = measured["eval_tasks"]
        self.evaluations.append(shown)
        self.run_dir.append_event("eval", **shown)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any) -> None:
        PartialState().wait_for_everyone()  # by now each process has written its own random state
        if is_first():
            complete_checkpoint(self.run_dir.checkpoints / f"checkpoint-{state.global_step}", state.global_step)
        self._saved = time.monotonic()
        self.run_dir.append_event("checkpoint", step=state.global_step)

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any) -> None:
        self.early_stopped = not self.diverged and state.global_step < state.max_steps


def _as_the_first(wish: bool) -> bool:
    """Clocks differ: what the first process wants at this step, all do, or they would wait for each other."""
    if processes() == 1:
        return wish
    wished = torch.tensor([int(wish)], device=PartialState().device)
    torch.distributed.broadcast(wished, src=0)
    return bool(wished.item())
