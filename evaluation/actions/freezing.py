from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from annotation.models import Event, Project, Prompt
from evaluation.models import EvaluationSet
from training.leaks import gate, held_out


def freeze_evaluation_set(*, project: Project, by: User, name: str = "") -> EvaluationSet:
    """Every held-out prompt that has a reference. The same prompts with the same texts give the set there is."""
    prompts = list(project.prompts.held_out().exclude(reference="").order_by("position"))
    if not prompts:
        raise ValidationError(
            "No held-out prompt has a reference yet. Prompts are held out when they are imported; "
            "their reference is the response that came with them."
        )
    sha256 = content_sha256(prompts)
    with transaction.atomic():
        project = Project.objects.select_for_update().get(pk=project.pk)
        known = project.evaluation_sets.filter(sha256=sha256).first()
        if known:
            return known
        made = EvaluationSet.objects.create(
            project=project,
            name=name.strip()[:120] or f"Evaluation set {project.evaluation_sets.count() + 1}",
            sha256=sha256,
            created_by=by,
        )
        made.prompts.set(prompts)
        held_out.freeze(project, prompts, made.name)
        Event.record("froze an evaluation set", made, by=by, project=project, prompts=len(prompts), sha256=sha256)
        transaction.on_commit(lambda: gate.look_again(project))
    return made


def content_sha256(prompts: Iterable[Prompt]) -> str:
    """Over the texts a contestant is asked and held against, to the letter."""
    digest = hashlib.sha256()
    for prompt in sorted(prompts, key=lambda prompt: str(prompt.pk)):
        texts = [str(prompt.pk), prompt.instruction, prompt.input, prompt.reference, *prompt.said_before]
        digest.update(json.dumps(texts).encode() + b"\n")
    return digest.hexdigest()


def unchanged(evaluation_set: EvaluationSet) -> bool:
    return content_sha256(evaluation_set.prompts.all()) == evaluation_set.sha256
