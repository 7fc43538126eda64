"""A contestant's job: what it is asked, and what becomes of its answers."""

from __future__ import annotations

import hashlib
import random
from typing import Any

from annotation import metrics
from annotation.models import Event
from evaluation.comparison import summary
from evaluation.measures import Facts
from evaluation.models import Contestant, Evaluation, Output
from training.freezing import datasets
from training.run_dir import RunDir, finished_rows, read_rows, write_json, write_rows
from training.running.kinds import weights_of
from training.running.runner import JobFailed, JobKind, carry_outputs, expect_success

SOURCE = "contestant"
MEASURED = "measured.jsonl"


def write_inputs(contestant: Contestant, run_dir: RunDir) -> None:
    """The set's prompts, asked as training asks them, with the references to be scored."""
    carry_outputs(contestant, run_dir)
    evaluation = contestant.evaluation
    rows = [
        {
            "id": str(prompt.pk),
            "prompt": datasets.question(prompt, evaluation.instruction_template),
            "reference": prompt.reference.strip(),
        }
        for prompt in evaluation.evaluation_set.prompts.all()
    ]
    write_rows(run_dir.prompts, rows)
    write_json(
        run_dir.params,
        {
            "recipe": "generate",
            "base_model_dir": str(contestant.base_model.directory),
            "base_model_name": contestant.base_model.name,
            "parent_adapter_dir": None,
            "resume_from": None,
            "sources": [{"label": SOURCE, **weights_of(contestant.adapter_id, contestant.base_model)}],
            "params": contestant.params,
        },
    )


def check(contestant: Contestant, run_dir: RunDir, result: dict[str, Any]) -> None:
    """Every prompt has exactly one answer; then they are measured, outside of the transaction."""
    expect_success(contestant, run_dir, result)
    answers = {row["id"]: row for row in finished_rows(run_dir.outputs) if row.get("source") == SOURCE}
    evaluation = contestant.evaluation
    prompts = list(evaluation.evaluation_set.prompts.all())
    missing = [prompt for prompt in prompts if str(prompt.pk) not in answers]
    if missing:
        raise JobFailed("incomplete", f"Only {len(prompts) - len(missing)} of {len(prompts)} answers were written.")
    project = evaluation.project
    write_rows(
        run_dir.path / MEASURED,
        (
            {
                **answers[str(prompt.pk)],
                "metrics": metrics.measure(
                    answers[str(prompt.pk)]["text"],
                    source=prompt.source,
                    reference=prompt.reference.strip(),
                    required=project.sections,
                    dated=project.dated_section,
                ),
            }
            for prompt in prompts
        ),
    )


def publish(contestant: Contestant, run_dir: RunDir, result: dict[str, Any]) -> None:
    rows = read_rows(run_dir.path / MEASURED)
    evaluation = contestant.evaluation
    asked = reviewed_prompts(evaluation, [row["id"] for row in rows])
    outputs = [
        Output(
            contestant=contestant,
            prompt_id=row["id"],
            text=row["text"],
            tokens=row["tokens"],
            seconds=row["seconds"],
            finish=row["finish"],
            reference_nll=row.get("reference_nll"),
            reference_tokens=row.get("reference_tokens") or 0,
            metrics=row["metrics"],
            queue_key=queue_key(evaluation, contestant, row["id"]),
            for_review=row["id"] in asked,
        )
        for row in rows
    ]
    Output.objects.bulk_create(outputs)
    facts = [
        Facts(str(each.pk), str(each.prompt_id), each.metrics, each.reference_nll, each.reference_tokens)
        for each in outputs
    ]
    Contestant.objects.filter(pk=contestant.pk).update(metrics=summary(facts, evaluation.project.dated_section))
    Event.record("answered", contestant, by=None, project=evaluation.project, outputs=len(outputs))


def reviewed_prompts(evaluation: Evaluation, prompt_ids: list[str]) -> set[str]:
    """The prompts whose outputs go to people: by the seed alone, so the same ones for every contestant."""
    ordered = sorted(prompt_ids)
    count = min(evaluation.reviewed_prompts, len(ordered))
    return set(random.Random(evaluation.seed).sample(ordered, count))  # noqa: S311 - repeatable, not secret


def queue_key(evaluation: Evaluation, contestant: Contestant, prompt_id: str) -> int:
    """A place in the queue that looks random and tells nothing of the contestant."""
    digest = hashlib.sha256(f"{evaluation.seed}:{contestant.pk}:{prompt_id}".encode()).digest()
    return int.from_bytes(digest[:7])


CONTESTANT = JobKind(
    model=Contestant,
    recipe=lambda _contestant: "generate",
    write_inputs=write_inputs,
    check=check,
    publish=publish,
)
