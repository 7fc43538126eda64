"""Let a model learn from rewards for what it writes: TRL's RLOOTrainer, from an adapter that can do the task.

    python -m training.recipes.rloo RUN_DIR

Each step writes several answers to each of its prompts. An answer that gets more than its siblings becomes likelier.
The rewards are the project's rules (rules.py) and, where one was chosen, the marks of a reward model; beta takes away
what the model pays for moving from where it started: its parent, of which TRL freezes a copy.

How answers are written, and what a resumed round repeats, stands in rollouts.py: on a CPU the adapter of a resumed
round is that of the unbroken one, bit for bit. Where TRL writes (a GPU), its answers follow from torch's own random
state, which the checkpoint holds too, but parallel sums there are not repeatable to the last digit.
"""

from __future__ import annotations

import sys
from typing import Any

from training.estimating import estimates
from training.params import to_json
from training.recipes import process, rules
from training.recipes.parts import Parts
from training.run_dir import RunDir, read_rows


def build_trainer(given: Parts) -> Any:
    from datasets import Dataset
    from trl import RLOOConfig

    from training.recipes.rollouts import HELD_OUT, RolloutTrainer, by_rule

    params, run_dir = given.params, given.run_dir
    spec = run_dir.read_params()
    learned = [rules.as_row(row) for row in read_rows(run_dir.train)]
    held_out = [rules.as_row(row) for row in read_rows(run_dir.validation)]
    every = rules.of_project(spec.get("asks") or {})
    counting = rules.chosen(every, params, learned)
    rewards = [by_rule(rule, params) for rule in counting] + _judge(spec, params, given.tokenizer)
    given.tokenizer.padding_side = "left"
    return RolloutTrainer(
        params=params,
        rewards=rewards,
        watched=[rule for rule in every if rule not in counting],
        held_out=evenly(held_out, HELD_OUT),
        model=given.model,
        args=RLOOConfig(
            **_for_rollouts(given.arguments, params, len(learned)),
            num_generations=params.num_generations,
            max_completion_length=params.max_new_tokens,
            temperature=params.temperature,
            beta=params.beta,
            disable_dropout=True,
        ),
        train_dataset=Dataset.from_list(filled(learned, params)),
        eval_dataset=Dataset.from_list(held_out) if held_out else None,
        processing_class=given.tokenizer,
        peft_config=given.peft_config,
    )


def _for_rollouts(arguments: dict[str, Any], params: Any, prompts: int) -> dict[str, Any]:
    """TRL counts answers where the others count rows, and leaves out the last step of a pass when it is not full: the
    number of steps is that which was said before the round."""
    each = params.num_generations
    kept = {name: value for name, value in arguments.items() if name != "max_length"}
    return kept | {
        "per_device_train_batch_size": arguments["per_device_train_batch_size"] * each,
        "per_device_eval_batch_size": each,
        "max_steps": estimates.steps(to_json(params), prompts)[0],
    }


def filled(prompts: list[Any], params: Any) -> list[Any]:
    """TRL leaves out a step that is not full, so where there are fewer prompts than one takes they come twice."""
    per_step = params.per_device_train_batch_size * params.gradient_accumulation_steps
    return prompts * -(-per_step // len(prompts)) if len(prompts) < per_step else prompts


def evenly(some: list[Any], most: int) -> list[Any]:
    return [some[place * len(some) // most] for place in range(most)] if len(some) > most else some


def _judge(spec: dict[str, Any], params: Any, tokenizer: Any) -> list[Any]:
    judge = spec.get("reward_model")
    if not judge or not params.reward_weight:
        return []
    from training.recipes import marks
    from training.recipes.rollouts import by_judge

    judging = marks.to_judge(judge["base_model_dir"], judge["adapter_dir"], tokenizer)
    return [by_judge(judging, tokenizer, judge, params.reward_weight)]


def told(run_dir: RunDir, trainer: Any, tokenizer: Any) -> dict[str, Any]:
    from training.findings import rewards

    params = run_dir.read_params()["params"]
    found = {"stopped_because": trainer.stopped_because, "rewards": rewards.summary(run_dir.events())}
    return {**found, "warnings": rewards.warnings(run_dir.events(), params)}


def work(run_dir: RunDir) -> dict[str, Any]:
    from training.recipes.training_run import train

    return train(run_dir, "rloo", build_trainer, measure=told)


def main(arguments: list[str] | None = None) -> int:
    return process.run(work, arguments)


if __name__ == "__main__":
    sys.exit(main())
