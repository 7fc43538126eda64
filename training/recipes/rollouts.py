"""TRL's RLOOTrainer, writing with our own decoder where it can, and measuring answers to held-out prompts.

TRL's generation reads each prompt once per answer and copies what it has read at every token. On a CPU the answers of
a prompt share what was read (decoding.py), straight from the weights that learn. They are drawn with numbers that
follow from the seed and the step alone, so a round that was interrupted goes on as if it had not been. On a GPU, and
for models with other kinds of attention, TRL writes.
"""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from trl import RLOOTrainer
from trl.trainer.utils import RepeatSampler, split_tensor_dict

from annotation.metrics import rouge_l
from training.params import GenerateParams, RLOOParams
from training.recipes import base, decoding, label_head, lean_lora, marks, rows, rules, shared_prefix

AT_ONCE = 32  # answers that are written beside each other
HELD_OUT = 16  # prompts that are answered at each measurement, always the same
STEPS_OVER = 3  # one step's answers are few: so many in a row decide that the model has gone too far
Texts = Sequence[str]
Measure = Callable[[Texts, Sequence[rules.Row]], list[float | None]]


class Reward:
    """One thing that is rewarded, from 0 to 1. TRL calls it with what it wrote and the columns of the rows."""

    def __init__(self, key: str, weight: float, measure: Measure) -> None:
        self.key = self.__name__ = key  # by which TRL names its mean
        self.weight = weight
        self.measure = measure

    def __call__(self, prompts: list[Any], completions: list[Any], **columns: Any) -> list[float | None]:
        texts = [completion[0]["content"].strip() for completion in completions]
        known = zip(prompts, columns["source"], columns["reference"], strict=True)
        return self.measure(texts, [{"prompt": p, "source": s, "reference": r} for p, s, r in known])


def by_rule(rule: rules.Rule, params: RLOOParams) -> Reward:
    def measure(texts: Texts, asked: Sequence[rules.Row]) -> list[float | None]:
        return [rule.measure(text, row) for text, row in zip(texts, asked, strict=True)]

    return Reward(rule.key, getattr(params, rule.weight), measure)


def by_judge(judging: Any, tokenizer: Any, scale: dict[str, float], weight: float) -> Reward:
    """How far above the middle of the marks it gives, squeezed between 0 and 1: beyond that nothing is to be gained."""
    middle, spread = scale["mark_mean"], max(scale["mark_spread"], 1e-3)

    def measure(texts: Texts, asked: Sequence[rules.Row]) -> list[float | None]:
        given = marks.give(judging, tokenizer, [(row["prompt"], text) for text, row in zip(texts, asked, strict=True)])
        return torch.sigmoid((torch.tensor(given) - middle) / spread).tolist()

    return Reward("reward_model", weight, measure)


class RolloutTrainer(RLOOTrainer):
    # what TRL and transformers leave open or declare more narrowly than it is
    model: Any
    args: Any
    processing_class: Any
    train_dataset: Any
    num_generations: Any
    max_completion_length: Any
    _buffered_inputs: Any

    def __init__(
        self,
        *,
        params: RLOOParams,
        rewards: list[Reward],
        watched: list[rules.Rule],
        held_out: list[rules.Row],
        **given: Any,
    ) -> None:
        weights = [reward.weight for reward in rewards]
        given["args"].reward_weights = weights
        super().__init__(reward_funcs=list(rewards), **given)
        self.params = params
        self.rewards = rewards
        self.watched = watched  # rules that are not rewarded
        self.held_out = held_out
        self.stopped_because = ""
        self.writer: Any = self.model.get_base_model()
        self.own_loop = not base.on_gpu() and shared_prefix.supports(self.writer.config)
        if not base.on_gpu():
            label_head.install(self.writer, params.temperature)
            lean_lora.install(self.model)
        self.add_callback(StopWhenFar(self))

    def _get_train_sampler(self, dataset: Any = None) -> Any:
        return PromptsOfPass(
            data_source=self.train_dataset if dataset is None else dataset,
            mini_repeat_count=self.num_generations,
            batch_size=self.args.generation_batch_size // self.num_generations,
            repeat_count=self.args.steps_per_generation,
            seed=self.args.seed,
        )

    def _prepare_inputs(self, generation_batch: Any) -> Any:
        """As TRL does it, without its shuffle: the answers of a prompt stay beside each other and share its reading.

        What is written for a step is learned from in that one step, so their order changes nothing.
        """
        together = self.args.steps_per_generation
        if self._step % together == 0 or self._buffered_inputs is None:
            scored = self._generate_and_score_completions(generation_batch)
            self._buffered_inputs = split_tensor_dict(scored, together)
        return self._buffered_inputs[self._step % together]

    def _generate_single_turn(self, prompt_ids: Any, images: Any, multimodal_fields: Any) -> list[list[int]]:
        each = self.num_generations
        if not self.own_loop:
            written = super()._generate_single_turn(prompt_ids, images, multimodal_fields)
        else:
            prompts = prompt_ids[::each]
            first = self.accelerator.process_index * len(prompts)
            names = [str(first + place) for place in range(len(prompts))]
            how = GenerateParams(
                max_new_tokens=self.max_completion_length,
                temperature=self.temperature,
                top_p=1.0,
                num_candidates=each,
                seed=self.args.seed,
            )
            written = [_with_end(answer) for answer in self._write(prompts, names, how)]
        groups = [written[begin : begin + each] for begin in range(0, len(written), each)]
        same = statistics.fmean(1 - (len(set(map(tuple, group))) - 1) / (each - 1) for group in groups)
        self._metrics["train"]["same_in_group"].append(same)
        return written

    def _write(self, prompts: list[list[int]], names: list[str], how: GenerateParams) -> list[decoding.Answer]:
        draws = decoding.draws(how, f"step {self.state.global_step}", names)
        stops, each = set(self.eos_token_ids), how.num_candidates
        at_once = max(1, AT_ONCE // each)
        answers: list[decoding.Answer] = []
        with base.at_rest(self.model):
            for begin in range(0, len(prompts), at_once):
                part = slice(begin * each, (begin + at_once) * each)
                answers += decoding.decode(self.writer, prompts[begin : begin + at_once], draws[part], how, stops)
        return answers

    def evaluate(self, *given: Any, metric_key_prefix: str = "eval", **named: Any) -> dict[str, float]:
        """What it writes to the held-out prompts, likeliest words only: rewards, and what is not rewarded."""
        with base.at_rest(self.model):
            metrics = {f"{metric_key_prefix}_held_out/{name}": value for name, value in self._look().items()}
            self.log(dict(metrics))
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def _look(self) -> dict[str, float]:
        how = GenerateParams(max_new_tokens=self.max_completion_length, temperature=0.0, num_candidates=1)
        answers = self._answer_held_out(how)
        texts = [self.processing_class.decode(a.tokens, skip_special_tokens=True).strip() for a in answers]
        rewarded = {reward.key: _mean(reward.measure(texts, self.held_out)) for reward in self.rewards}
        total = sum(reward.weight * (rewarded[reward.key] or 0.0) for reward in self.rewards)
        found = {
            "reward": total,
            **rewarded,
            **{rule.key: rules.mean(rule, texts, self.held_out) for rule in self.watched},
            "rouge_l": _mean(rouge_l(text, row["reference"]) for text, row in zip(texts, self.held_out, strict=True)),
            "length": _mean(float(len(answer.tokens)) for answer in answers),
            "cut": _mean(float(answer.finish == "length") for answer in answers),
        }
        return {name: round(value, 6) for name, value in found.items() if value is not None}

    def _answer_held_out(self, how: GenerateParams) -> list[decoding.Answer]:
        prompts = [rows.prompt_ids(self.processing_class, row["prompt"]) for row in self.held_out]
        if self.own_loop:
            return self._write(prompts, [str(place) for place in range(len(prompts))], how)
        pad = self.processing_class.pad_token_id or 0
        with base.at_rest(self.model):
            return decoding.decode_with_transformers(self.writer, prompts, 0, how, set(self.eos_token_ids), pad)


class PromptsOfPass(RepeatSampler):
    """TRL's, in an order that follows from the number of the pass: its own goes on from the passes made before, of
    which a resumed round has made none."""

    seed: Any

    def set_epoch(self, epoch: int) -> None:
        self.generator.manual_seed(self.seed + epoch)


class StopWhenFar(TrainerCallback):
    """Ends training when the model has moved further from the one before than allowed."""

    def __init__(self, trainer: RolloutTrainer) -> None:
        self.trainer = trainer
        self.last: deque[float] = deque(maxlen=STEPS_OVER)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **rest: Any,
    ) -> None:
        if not logs or logs.get("kl") is None:
            return
        self.last.append(logs["kl"])
        if len(self.last) == STEPS_OVER and statistics.fmean(self.last) > self.trainer.params.kl_limit:
            self.trainer.stopped_because = "kl"
            control.should_training_stop = True


def _with_end(answer: decoding.Answer) -> list[int]:
    return answer.tokens if answer.end is None else [*answer.tokens, answer.end]


def _mean(values: Any) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None
