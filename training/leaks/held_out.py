"""Keeps what is held out as texts of the training side's own, so that rounds know it without knowing evaluation."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from annotation.models import Project, Prompt, PromptQuerySet
from training.models import HeldOutText

PART = 500


def sync(project: Project) -> None:
    """Take in held-out prompts that are new or were changed, forget those of no evaluation set that are gone.

    The lock keeps ids in the order of their commits: "compared up to" would skip one that is committed late.
    """
    if not _new(project).exists() and not project.held_out_texts.of_no_prompt().exists():
        return
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        project.held_out_texts.of_no_prompt().delete()
        _add(project, _new(project).order_by("position").iterator(PART), "")


def freeze(project: Project, prompts: Iterable[Prompt], name: str) -> None:
    """These make an evaluation set: their texts stay, whatever becomes of the prompts. Inside its transaction."""
    Project.objects.select_for_update().get(pk=project.pk)
    keys = [prompt.pk for prompt in prompts]
    for start in range(0, len(keys), PART):
        some = Prompt.objects.filter(pk__in=keys[start : start + PART])
        _add(project, some.filter(~Exists(_same())).order_by("position"), name)
        now = HeldOutText.objects.filter(prompt_id__in=keys[start : start + PART], project=project, frozen_in="")
        now.exclude(pk__in=now.of_no_prompt().values("pk")).update(frozen_in=name)


def _new(project: Project) -> PromptQuerySet:
    return project.prompts.held_out().filter(~Exists(_same()))


def _same() -> QuerySet[HeldOutText]:
    return HeldOutText.objects.filter(
        project=OuterRef("project"),
        prompt_id=OuterRef("pk"),
        text_sha256=OuterRef("text_sha256"),
        reference=OuterRef("reference"),
    )


def _add(project: Project, prompts: Iterable[Prompt], name: str) -> None:
    made = (
        HeldOutText(
            project=project,
            prompt_id=prompt.pk,
            name=str(prompt)[:200],
            instruction=prompt.instruction,
            input="\n".join([*prompt.said_before, prompt.input]),
            reference=prompt.reference,
            text_sha256=prompt.text_sha256,
            frozen_in=name,
        )
        for prompt in prompts
    )
    HeldOutText.objects.bulk_create(made, batch_size=PART)
