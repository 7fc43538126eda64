"""A DPO round that finds its own settings: every few steps the model writes, and what it writes decides how to go on.

The way itself, when to go back and when to stop, is in path.py; what is looked at, in judge.py. Here it is done to a
trainer: rate, SFT term, weights, and what a checkpoint has to carry so that an interrupted round goes on the same way.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from training.params import DPOParams
from training.recipes import tuning
from training.recipes.anchor import Anchor, Text, departs_before_end
from training.recipes.judge import DRIFT, SCORED, Judge, texts_of
from training.recipes.path import BACK, HALF_WAY, STOP, Look, Way, goal
from training.recipes.process import Stopped, phase
from training.run_dir import RunDir, write_json

STATE, GOOD = "finding.json", "finding.safetensors"
RAMP = 3  # steps in which the rate rises after a new beginning
FOLDER = "tuning"
Weights = dict[str, torch.Tensor]


class Finder(TrainerCallback):
    def __init__(
        self,
        run_dir: RunDir,
        trainer: Any,
        judge: Judge,
        params: DPOParams,
        learned: list[dict[str, Any]],
        resume_from: str | None,
    ) -> None:
        self.run_dir = run_dir
        self.trainer = trainer
        self.judge = judge
        self.params = params
        self.learned = learned
        self.resume_from = resume_from
        self.held: list[Text] = []  # what the starting model wrote to the prompts learned from
        self.good: Weights = self._weights()  # those to go back to: of the best look, or from before the round
        self.aside: Anchor | None = None  # what it wrote to those set aside
        self.way: Way

    # --- What the trainer calls -------------------------------------------------------------------------------

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any
    ) -> None:
        if self.resume_from:
            folder = Path(self.resume_from)
            saved = json.loads((folder / STATE).read_text(encoding="utf-8"))
            self.way, self.judge.before, self.held = Way.from_json(saved["way"]), saved["before"], saved["held"]
            self.good = load_file(folder / GOOD)
            self._hold(saved["turn"])
        else:
            self.way = self._way()
        self._tell_wanted()
        for look in self.way.looks:
            self._tell(look)
        phase(self.run_dir, "Training")

    def on_step_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any) -> None:
        scheduler = self.trainer.lr_scheduler
        scheduler = getattr(scheduler, "scheduler", scheduler)
        rate = self.way.learning_rate
        if self.way.since:  # the first beginning has the warm-up of every round
            rate *= min(1.0, (state.global_step - self.way.since + 1) / RAMP)
        for place, group in enumerate(self.trainer.optimizer.param_groups):
            scheduler.base_lrs[place] = rate
            group["lr"] = rate * scheduler.lr_lambdas[place](scheduler.last_epoch)
        self.trainer.sft_weight = self.way.sft_weight

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any) -> None:
        if state.global_step % self._steps_between() and state.global_step != state.max_steps:
            return
        look = self._look(state.global_step)
        if look.does == HALF_WAY:
            now = self._weights()
            self._put({name: (now[name] + self.good[name]) / 2 for name in now})
            look = self._look(state.global_step, half_way=True)
        if look.does == BACK:
            self._put(self.good)
            self.trainer.optimizer.state.clear()
        if look.does == STOP:
            control.should_training_stop = True
        phase(self.run_dir, "Training")

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any) -> None:
        folder = self.run_dir.checkpoints / f"checkpoint-{state.global_step}"
        turn = self.trainer.anchor.turn if self.trainer.anchor else 0
        saved = {"way": self.way.to_json(), "before": self.judge.before, "held": self.held, "turn": turn}
        write_json(folder / STATE, saved)
        save_file(self.good, folder / GOOD)

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **rest: Any) -> None:
        self._put(self.good)

    # --- The end ----------------------------------------------------------------------------------------------

    def settle(self) -> dict[str, Any]:
        """What was found; a round that found nothing ends without an adapter, which would be that of its parent."""
        if self.way.best < 0:
            raise Stopped("nothing_found", self._nothing())
        first, best = self.way.first, self.way.best_look
        return {
            "wanted": self.judge.wanted.label,
            "unit": self.judge.wanted.unit,
            "prompts": len(self.judge.prompts),
            "before": round(first.wanted, 1),
            "after": round(best.wanted, 1),
            "step": best.step,
            "learning_rate": best.learning_rate,
            "sft_weight": best.sft_weight,
        }

    def _nothing(self) -> str:
        wanted = f"“{self.judge.wanted.label}”"
        if any(look.lost for look in self.way.looks):
            return (
                f"No settings moved {wanted} without costing something that the rankings do not ask for; nothing is "
                "kept. Rank more candidates, or raise what guarded figures may lose."
            )
        return (
            f"No settings moved {wanted}: what the model writes stayed as it was, so nothing is kept. Rank more "
            "candidates, or candidates that differ more."
        )

    # --- Looking ----------------------------------------------------------------------------------------------

    def _way(self) -> Way:
        phase(self.run_dir, "Reading what the starting model writes")
        wanted, guards = self._judged()
        if self.judge.holds:
            with self._written_out() as folder:
                self.held = self.judge.texts(folder, tuning.prompts_of(self.learned))
            self._hold(0)
        if self.judge.holds:
            guards[DRIFT] = 0.0
        first = Look(0, 0.0, 0.0, wanted, guards)
        preference = self.judge.preference
        wished = preference.chosen if preference else 100.0
        return Way(
            learning_rate=self.params.learning_rate,
            sft_weight=self.params.sft_weight,
            goal=goal(wanted, wished),
            rises=wished > (preference.rejected if preference else 0.0),
            guards=self.judge.guards(),
            first=first,
        )

    def _look(self, step: int, half_way: bool = False) -> Look:
        phase(self.run_dir, "Reading what it writes now")
        wanted, guards = self._judged()
        used = self.way.learning_rate, self.way.sft_weight
        look = self.way.take(Look(step, *used, wanted, guards, half_way=half_way))
        if look.kept:
            self.good = self._weights()
        self._tell(look)
        return look

    def _hold(self, turn: int) -> None:
        """From here on what the starting model wrote holds the round, and tells how far it has moved elsewhere."""
        aside = texts_of(self.judge.prompts, self.judge.before)[:SCORED]
        if not self.held or not aside:  # it wrote nothing
            self.judge.holds = False
            return
        together = self.params.per_device_train_batch_size
        model, tokenizer = self.trainer.model, self.judge.tokenizer
        free = departs_before_end(tokenizer, self.learned)
        self.trainer.anchor = Anchor(model, tokenizer, self.held, together, free)
        self.trainer.anchor.turn = turn
        self.aside = Anchor(model, tokenizer, aside, together, free)

    def _judged(self) -> tuple[float, dict[str, float]]:
        with self._written_out() as folder:
            wanted, guards = self.judge.look(folder)
        return wanted, {**guards, DRIFT: self.aside.drift_of_all()} if self.aside else guards

    @contextmanager
    def _written_out(self) -> Iterator[Path]:
        """The adapter as it is now, in a folder for a model that writes."""
        folder = self.run_dir.path / FOLDER
        shutil.rmtree(folder, ignore_errors=True)
        try:
            self.trainer.model.save_pretrained(str(folder), selected_adapters=["default"])
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _steps_between(self) -> int:
        together = self.params.per_device_train_batch_size * self.params.gradient_accumulation_steps
        return max(1, round(len(self.trainer.train_dataset) / together / self.params.tuning_looks))

    def _weights(self) -> Weights:
        named = self.trainer.model.named_parameters()
        return {name: weight.detach().clone() for name, weight in named if weight.requires_grad}

    @torch.no_grad()
    def _put(self, weights: Weights) -> None:
        for name, weight in self.trainer.model.named_parameters():
            if weight.requires_grad:
                weight.copy_(weights[name])

    # --- Telling ----------------------------------------------------------------------------------------------

    def _tell_wanted(self) -> None:
        wanted, preference = self.judge.wanted, self.judge.preference
        says = (
            preference.sentence()
            if preference
            else "Nothing that can be counted tells the answers of a pair apart, so their likelihood is watched."
        )
        self.run_dir.append_event(
            "wanted",
            says=says,
            label=wanted.label,
            unit=wanted.unit,
            prompts=len(self.judge.prompts),
            before=self.way.first.wanted,
            goal=self.way.goal,
            guards=[
                {"key": guard.key, "label": guard.label, "unit": guard.unit, "before": self.way.first.guards[guard.key]}
                for guard in self.way.guards
            ],
        )

    def _tell(self, look: Look) -> None:
        self.run_dir.append_event(
            "look",
            step=look.step,
            learning_rate=look.learning_rate,
            sft_weight=look.sft_weight,
            wanted=round(look.wanted, 2),
            guards={key: round(value, 3) for key, value in look.guards.items()},
            lost=look.lost,
            half_way=look.half_way,
            kept=look.kept,
            does=look.does,
        )
