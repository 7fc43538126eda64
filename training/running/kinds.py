"""What each kind of job gives its recipe, and what becomes of the result."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from annotation.actions.ranking import create_comparison
from annotation.models import Prompt
from training.adapters import publishing
from training.arrangement import baselines
from training.arrangement.arranging import ORDER
from training.estimating import experience
from training.freezing import datasets
from training.leaks import gate
from training.methods import DPO, SFT
from training.models import Adapter, BaseModel, Preflight, Sampling, TrainingRound
from training.monitoring import curves, tracking
from training.run_dir import RunDir, write_json, write_rows
from training.running.runner import JobFailed, JobKind, carry, carry_outputs, expect_success, resume_from
from training.suspects import found as suspects

READ_BY_RECIPES = (
    "id",
    "text",
    "prompt",
    "completion",
    "label",
    "chosen",
    "rejected",
    "votes",
    "agreement",
    "strength",
)
# ... and what a method may mix or order rows by, or set some aside
TOLD_APART_BY = {SFT.key: ("task_type", "difficulty"), DPO.key: ("task_type", "group")}


def _training_inputs(job: TrainingRound | Preflight, run_dir: RunDir, recipe: str) -> dict[str, Any]:
    version = job.dataset_version
    if not datasets.intact(version):
        raise JobFailed("dataset", f"The files of {version} are missing or changed. Freeze again.")
    problem = gate.admit(version, job.parent_adapter, job.reward_adapter)
    if problem:
        raise JobFailed("leaks", problem)
    for target, rows in (
        (run_dir.train, datasets.training_rows(version)),
        (run_dir.validation, datasets.validation_rows(version)),
    ):
        write_rows(target, _for_recipe(job, rows))
    start = weights_of(job.parent_adapter_id, job.base_model)
    return {
        "recipe": recipe,
        "base_model_dir": start["base_model_dir"],
        "base_model_name": job.base_model.name,
        "parent_adapter_dir": start["adapter_dir"],
        "resume_from": None,
        "params": job.params,
        "asks": {"headings": job.project.sections, "dated": job.project.dated_section},
        "reward_model": _reward_model(job.reward_adapter),
        "experience": experience.for_recipe(job),
    }


def _reward_model(judge: Adapter | None) -> dict[str, Any] | None:
    """Where it lies, and how the marks lie that it gave to held-out answers."""
    if judge is None:
        return None
    marks = {name: judge.round.result.get(name) or usual for name, usual in (("mark_mean", 0.0), ("mark_spread", 1.0))}
    return {**weights_of(judge.pk, judge.base_model), **marks}


def _for_recipe(job: TrainingRound | Preflight, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    names = (*READ_BY_RECIPES, *TOLD_APART_BY.get(job.method, ()))
    told = datasets.with_task_types(rows) if job.method in TOLD_APART_BY else rows
    return ({name: row[name] for name in names if name in row} for row in told)


def _round_inputs(round: TrainingRound, run_dir: RunDir) -> None:
    params = _training_inputs(round, run_dir, round.method)
    for name in (ORDER, *suspects.carried(run_dir)):
        carry(round, run_dir, name)
    more = {"same_draws": baselines.kind_of(round) == baselines.SHUFFLED, "resume_from": resume_from(round, run_dir)}
    write_json(run_dir.params, {**params, **more})


def _round_done(round: TrainingRound, run_dir: RunDir, result: dict[str, Any]) -> None:
    publishing.publish(round, run_dir, result)
    experience.record(round, run_dir, result)
    suspects.keep(round, run_dir)


def _round_over(round: TrainingRound, run_dir: RunDir) -> None:
    tracking.owe(round)
    curves.write(round, run_dir)


def _preflight_inputs(preflight: Preflight, run_dir: RunDir) -> None:
    params = _training_inputs(preflight, run_dir, "preflight")
    write_json(run_dir.params, {**params, "method": preflight.method})


def _preflight_done(preflight: Preflight, run_dir: RunDir, result: dict[str, Any]) -> None:
    """A check that refuses has done its work: only one that could not be made has failed."""
    if result.get("status") == "refused":
        return
    expect_success(preflight, run_dir, result)
    if not run_dir.preflight.exists():
        raise JobFailed("no_report", "The check left no report.")


def _preflight_report(preflight: Preflight, run_dir: RunDir, result: dict[str, Any]) -> None:
    written = run_dir.preflight.read_text(encoding="utf-8") if run_dir.preflight.exists() else "{}"
    report = {"reasons": result.get("reasons", []), **json.loads(written)}
    if "dry" in report:
        experience.learn_from_dry_round(preflight, report)
    Preflight.objects.filter(pk=preflight.pk).update(report=report)


def _sampling_inputs(sampling: Sampling, run_dir: RunDir) -> None:
    carry_outputs(sampling, run_dir)
    write_rows(run_dir.prompts, sampling.prompts)
    params = {
        "recipe": "generate",
        "base_model_dir": str(sampling.base_model.directory),
        "base_model_name": sampling.base_model.name,
        "parent_adapter_dir": None,
        "resume_from": None,
        "sources": [
            {"label": source["label"], **weights_of(source["adapter_id"], sampling.base_model)}
            for source in sampling.sources
        ],
        "params": sampling.params,
    }
    write_json(run_dir.params, params)


def weights_of(adapter_id: UUID | str | None, base: BaseModel) -> dict[str, str | None]:
    """The folder of a model's whole weights, and that of the adapter on them; no adapter: the base model itself.

    A whole model that a round trained takes the place of the base model, for itself and for what was built on it.
    """
    if adapter_id is None:
        return {"base_model_dir": str(base.directory), "adapter_dir": None}
    adapter = Adapter.objects.select_related("round", "base_model").filter(pk=adapter_id).first()
    if adapter is None:
        raise _gone("adapter")
    whole = adapter.whole()
    for stored in filter(None, {adapter, whole}):
        if not publishing.intact(stored):
            raise _gone(stored)
    return {
        "base_model_dir": str((whole or adapter.base_model).directory),
        "adapter_dir": None if adapter == whole else str(adapter.directory),
    }


def _gone(what: Adapter | str) -> JobFailed:
    return JobFailed("adapter", f"The files of the {what} are missing on this machine or have changed.")


def _sampling_complete(sampling: Sampling, run_dir: RunDir, result: dict[str, Any]) -> None:
    expect_success(sampling, run_dir, result)
    wanted = len(sampling.sources) * len(sampling.prompts) * sampling.params["num_candidates"]
    found = len(sampling.outputs())
    if found < wanted:
        raise JobFailed("incomplete", f"Only {found} of {wanted} answers were written.")


def _comparisons(sampling: Sampling, run_dir: RunDir, result: dict[str, Any]) -> None:
    """Candidates that say the same are one; a prompt with a single candidate left gives nothing to rank."""
    if sampling.purpose != Sampling.Purpose.RANKING:
        return
    candidates: dict[str, list[tuple[str, str]]] = {}
    for output in sampling.outputs():
        candidates.setdefault(output["id"], []).append((output["text"].strip(), output["source"]))
    made = 0
    for prompt in Prompt.objects.filter(project=sampling.project, pk__in=list(candidates)).order_by("position"):
        prompt.project = sampling.project
        found = candidates[str(prompt.pk)]
        made += (
            create_comparison(prompt=prompt, candidates=found, by=sampling.created_by, source=str(sampling.pk))
            is not None
        )
    counts = {"comparisons": made, "left_out": len(sampling.prompts) - made}
    Sampling.objects.filter(pk=sampling.pk).update(result={**result, **counts})


ROUND = JobKind(
    model=TrainingRound,
    recipe=lambda round: round.method,
    write_inputs=_round_inputs,
    check=publishing.check,
    publish=_round_done,
    ended=_round_over,
    needs_disk=experience.needs_disk,
)
PREFLIGHT = JobKind(
    model=Preflight,
    recipe=lambda preflight: "dry_round" if preflight.dry else "preflight",
    write_inputs=_preflight_inputs,
    check=_preflight_done,
    publish=_preflight_report,
)
SAMPLING = JobKind(
    model=Sampling,
    recipe=lambda _sampling: "generate",
    write_inputs=_sampling_inputs,
    check=_sampling_complete,
    publish=_comparisons,
)
