"""How unsure the model was of the candidates it wrote, for `annotation.informative`."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from statistics import fmean
from typing import Any
from uuid import UUID

from annotation.models import Comparison, Project
from training.jobs import Status
from training.run_dir import finished_rows

KEPT_IN_MEMORY = 16  # samplings; most prompts of a part have their candidates from the same few


def of_prompts(project: Project, prompts: list[UUID]) -> dict[UUID, float]:
    """Of those whose candidates were sampled here; by the newest sampling, which is nearest to today's model."""
    rows = Comparison.objects.originals().filter(prompt__in=prompts).order_by("created_at", "pk")
    made_by = {
        prompt: sampling for prompt, source in rows.values_list("prompt_id", "source") if (sampling := _pk(source))
    }
    done = project.samplings.filter(status=Status.SUCCEEDED, pk__in=set(made_by.values())).only("pk", "attempt")
    written = {sampling.pk: _of_file(sampling.run_dir().outputs) for sampling in done}
    found = {prompt: written.get(sampling, {}).get(str(prompt)) for prompt, sampling in made_by.items()}
    return {prompt: value for prompt, value in found.items() if value is not None}


def of_outputs(outputs: Iterable[dict[str, Any]]) -> dict[str, float]:
    """By prompt, between 0 and 1: what a token's probability lacks to 1, that being the geometric mean of an answer's
    tokens; the mean over the prompt's answers."""
    parts: dict[str, list[float]] = {}
    for output in outputs:
        if output.get("logprob") is not None:
            parts.setdefault(output["id"], []).append(1 - math.exp(min(0.0, output["logprob"])))
    return {prompt: fmean(each) for prompt, each in parts.items()}


@lru_cache(maxsize=KEPT_IN_MEMORY)
def _of_file(outputs: Path) -> dict[str, float]:
    """Of a sampling that is over: nothing is written to its file any more."""
    return of_outputs(finished_rows(outputs))


def _pk(source: str) -> UUID | None:
    """Comparisons from elsewhere say something else of where they come from."""
    try:
        return uuid.UUID(source)
    except ValueError:
        return None
