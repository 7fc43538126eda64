"""What a round or a sampling may be given: the questions behind forms, API and commands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef

from annotation.models import Comparison, Demonstration, Project, Prompt
from training.jobs import Status
from training.methods import METHODS, PRETRAIN
from training.models import Adapter, DatasetVersionQuerySet, Sampling
from training.params import by_rows, full, to_json

HELD = "Rows that this adapter learned from were erased. An admin decides on its page whether it may still be used."


def dataset_versions(project: Project, method: str) -> DatasetVersionQuerySet:
    """Those that the method learns from, newest first."""
    return project.dataset_versions.filter(kind=METHODS[method].learns_from).order_by("-number")


def likely_parent(project: Project) -> str | None:
    """What a DPO round most likely builds on: the adapter whose candidates were sampled last, else the newest."""
    sampled = project.samplings.filter(purpose=Sampling.Purpose.RANKING, status=Status.SUCCEEDED).first()
    wrote = [source["adapter_id"] for source in sampled.sources if source["adapter_id"]] if sampled else []
    if wrote:
        return wrote[0]
    newest = project.adapters.writing().exclude(round__method=PRETRAIN.key).values_list("pk", flat=True).first()
    return str(newest) if newest else None


def reader(project: Project) -> Adapter | None:
    """What an SFT round best starts from, if there is one: the newest adapter that has read the project's texts."""
    return project.adapters.filter(round__method=PRETRAIN.key).select_related("round").first()


def preset_params(method: str, preset: str, given: Mapping[str, Any] | None = None, rows: int = 0) -> dict[str, Any]:
    """Those of a preset for so many rows, with what was given in their place."""
    usual = to_json(METHODS[method].presets[preset].params)
    # texts are read in blocks, whose number their own does not say
    if METHODS[method].learns_from != "corpus" and not usual.get("find_settings"):
        usual = by_rows.for_rows(usual, rows, given or {})
    return full.over(usual, given or {})


def prompts_to_sample(project: Project, count: int) -> list[Prompt]:
    """The next prompts without candidates, those that no demonstration has taught first: there the model's own
    writing shows, not what it learned by heart."""
    compared = Comparison.objects.filter(prompt=OuterRef("pk"))
    taught = Demonstration.objects.approved().filter(prompt=OuterRef("pk"))
    being_sampled = {
        prompt["id"]
        for prompts in project.samplings.unfinished()
        .filter(purpose=Sampling.Purpose.RANKING)
        .values_list("prompts", flat=True)
        for prompt in prompts
    }
    waiting = (
        project.prompts.for_teaching()
        .filter(~Exists(compared))
        .exclude(pk__in=being_sampled)
        .order_by(Exists(taught), "position")
    )
    return list(waiting[:count])


def prepared_folders() -> list[Path]:
    """Base models that can be registered from afar: only those in their one place."""
    return sorted(path.parent for path in settings.BASE_MODELS_DIR.glob("*/base_model.json"))
