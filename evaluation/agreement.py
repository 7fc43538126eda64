"""How much people agree on the scores of outputs: one section for each criterion that they score."""

from __future__ import annotations

from django.core.cache import cache
from django.db.models import Count

from annotation import rubric
from annotation.agreement import Judgement, Kind
from annotation.models import Project
from annotation.quality.agreements import Section, section
from evaluation.models import Review

UTILITY = "utility"
MOST = 5_000
KEPT_FOR = 24 * 3600


def sections(project: Project) -> list[Section]:
    """Worked out again when there is a new score: none is ever changed or taken back."""
    mine = Review.objects.filter(output__contestant__evaluation__project=project)
    given = mine.count()
    key = f"agreement-of-scores-{project.pk}-{given}"
    found: list[Section] | None = cache.get(key)
    if found is None:
        found = _sections(project, alone=given > 0)
        cache.set(key, found, timeout=KEPT_FOR)
    return found


def _sections(project: Project, *, alone: bool) -> list[Section]:
    mine = Review.objects.filter(output__contestant__evaluation__project=project)
    several = mine.order_by().values("output").annotate(people=Count("pk")).filter(people__gt=1)
    criteria = rubric.criteria(project.rubric)
    rows = mine.filter(output__in=several.values("output")).order_by("-created_at")
    scores = list(rows.values("output_id", "reviewer_id", *(each.key for each in criteria))[:MOST])
    return [
        section(
            f"scores-{each.key}",
            f"Scores: {each.label.lower()}",
            f"{each.question} {each.lowest} to {each.highest}, blind.",
            "",
            Kind.UTILITY if each.key == UTILITY else Kind.SCORE,
            [Judgement(str(row["output_id"]), row["reviewer_id"], row[each.key]) for row in scores],
            alone=alone,
            capped=MOST if len(scores) >= MOST else 0,
        )
        for each in criteria
    ]
