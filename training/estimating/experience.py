"""What earlier rounds on this machine teach about the next one, and what each round was said to need and needed."""

from __future__ import annotations

import json
import shutil
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Q

from annotation.models import Project
from training.estimating import estimates
from training.jobs import Status
from training.models import BaseModel, Preflight, TrainingRound
from training.params import is_full
from training.run_dir import RunDir

REMEMBERED = 3 * estimates.LAST  # those of other machines sharing this database are among them
DISK_KEPT_FREE = 500 * 1024**2  # below this the installation itself counts as unwell


def for_recipe(job: TrainingRound | Preflight) -> dict[str, Any]:
    """What the recipe estimates with, beside the rows and the settings."""
    return {
        "parameters": job.base_model.parameters,
        "history": _history(job),
        "price_per_hour": settings.PRICE_PER_HOUR,
    }


def _history(job: TrainingRound | Preflight) -> list[dict[str, Any]]:
    return [*_of_rounds(job), *_of_dry_rounds(job)]


def _alike(job: TrainingRound | Preflight) -> Q:
    """A whole model takes its time in other ways than an adapter, so neither teaches about the other."""
    full = Q(params__finetuning_type="full")
    lora = Q(params__finetuning_type="lora") | Q(params__finetuning_type__isnull=True)
    return Q(method=job.method, base_model=job.base_model) & (full if is_full(job.params) else lora)


def _of_rounds(job: TrainingRound | Preflight) -> list[dict[str, Any]]:
    done = TrainingRound.objects.filter(_alike(job), status=Status.SUCCEEDED)
    newest = done.order_by("-finished_at").values_list("estimate", flat=True)[:REMEMBERED]
    return [estimate["teaches"] for estimate in newest if estimate.get("teaches")]


def _of_dry_rounds(job: TrainingRound | Preflight) -> list[dict[str, Any]]:
    done = Preflight.objects.filter(_alike(job), status=Status.SUCCEEDED, dry=True)
    reports = done.order_by("-finished_at").values_list("report", flat=True)[:REMEMBERED]
    return [taught for report in reports if (taught := _taught(report))]


def _taught(report: dict[str, Any]) -> dict[str, Any] | None:
    """By a dry round, unless a round was training beside it."""
    dry = report.get("dry") or {"beside_round": True}
    return None if dry.get("beside_round") else estimates.ratios(dry["estimate"], dry)


def learn_from_dry_round(preflight: Preflight, report: dict[str, Any]) -> None:
    """The estimate on its own page was made before it."""
    report["dry"]["beside_round"] = _trained_meanwhile(preflight)
    taught = _taught(report)
    if taught and report.get("estimate"):
        report["estimate"] = estimates.learned(report["estimate"], [taught, *_history(preflight)])


def said(round: TrainingRound) -> dict[str, Any]:
    """What was said before it: on the pre-flight's page, or by the check that each round makes first."""
    return round.estimate.get("said") or (_checked(round.run_dir()) if round.attempt else {})


def record(round: TrainingRound, run_dir: RunDir, result: dict[str, Any]) -> None:
    """Keep with a round that has just succeeded what it needed, and what the next one learns from it."""
    checked = _checked(run_dir)
    if not checked:
        return
    step, last = result.get("global_step"), result.get("max_steps")
    seconds = _seconds(round)
    happened = {
        "seconds": seconds,
        "train_seconds": result.get("train_seconds") if seconds else None,
        "memory_bytes": result.get("peak_memory_bytes"),
        "share": step / last if step and last else 1.0,
    }
    round.estimate = {
        "said": said(round),
        "happened": happened,
        "teaches": estimates.ratios(checked, happened),
    }
    TrainingRound.objects.filter(pk=round.pk).update(estimate=round.estimate)


def _seconds(round: TrainingRound) -> float | None:
    """None for one that was interrupted: only its last attempt was timed, and it went on from a checkpoint."""
    if round.attempt != 1 or round.started_at is None or round.finished_at is None:
        return None
    return (round.finished_at - round.started_at).total_seconds()


def report_of(run_dir: RunDir) -> dict[str, Any]:
    """What the check before training found; empty when there is none."""
    try:
        return json.loads(run_dir.preflight.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _checked(run_dir: RunDir) -> dict[str, Any]:
    return report_of(run_dir).get("estimate") or {}


def median_error(project: Project) -> tuple[float | None, int]:
    """Of the estimated times of the last rounds, and how many they are."""
    done = project.rounds.filter(status=Status.SUCCEEDED).exclude(estimate={}).order_by("-finished_at")
    newest = done.values_list("estimate", flat=True)[:REMEMBERED]
    errors = [estimates.error(each.get("said") or {}, each.get("happened") or {}) for each in newest]
    known = [error for error in errors if error is not None][: estimates.LAST]
    return estimates.median_error(known), len(known)


def _trained_meanwhile(preflight: Preflight) -> bool:
    """Whether a round was at work while this pre-flight was."""
    rounds = TrainingRound.objects.exclude(status=Status.QUEUED).filter(started_at__isnull=False)
    over_before = rounds.filter(finished_at__lte=preflight.started_at)
    return rounds.exclude(pk__in=over_before.values("pk")).exists()


def refuse_full_disk(base: BaseModel, params: dict[str, Any]) -> None:
    """A round that fills the disk fails late and takes the database along."""
    if (needed := _disk_needed(base, params)) > _disk_usable():
        smaller = "train a LoRA adapter" if is_full(params) else "choose a lower LoRA rank"
        raise ValidationError(f"{_needs(needed)} Make room in the data folder, or {smaller}.")


def needs_disk(round: TrainingRound) -> str:
    return _needs(_disk_needed(round.base_model, round.params))


def lacks_disk(round: TrainingRound) -> str:
    """Why a queued round cannot start, or go on, for the time being; empty when there is room for it."""
    try:
        needed = _disk_needed(round.base_model, round.params)
    except (OSError, ValueError):
        return ""  # its base model is not here: starting it says so
    return _needs(needed) if needed > _disk_usable() else ""


def _disk_needed(base: BaseModel, params: dict[str, Any]) -> float:
    config = json.loads((base.directory / "config.json").read_text(encoding="utf-8"))
    return estimates.disk(estimates.Shape.of(config, base.parameters), params)


def _disk_usable() -> int:
    return max(0, shutil.disk_usage(settings.DATA_DIR).free - DISK_KEPT_FREE)


def _needs(needed: float) -> str:
    usable = _disk_usable()
    return (
        f"The round needs up to {estimates.size(needed)} on disk for its checkpoints and what it leaves, and "
        f"{'only ' if needed > usable else ''}{estimates.size(usable)} can be used."
    )
