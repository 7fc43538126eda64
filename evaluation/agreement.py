"""How much people agree on the scores of outputs: one section for each criterion that they score."""

from __future__ import annotations

from django.db.models import Count

from annotation import rubric
from annotation.agreement import Judgement, Kind
from annotation.models import Project
from annotation.quality.agreements import MOST, Section, kept, section
from evaluation.models import Review

UTILITY = "utility"


def sections(project: Project) -> list[Section]:
    return kept(f"agreement-of-scores-{project.pk}", lambda: _sections(project))


def _sections(project: Project) -> list[Section]:
    mine = Review.objects.filter(output__contestant__evaluation__project=project)
    several = mine.order_by().values("output").annotate(people=Count("pk")).filter(people__gt=1)
    criteria = rubric.criteria(project.rubric)
    rows = mine.filter(output__in=several.values("output")).order_by("-created_at")
    scores = list(rows.values("output_id", "reviewer_id", *(each.key for each in criteria))[:MOST])
    alone = mine.exists()
    return [
        section(
            f"scores-{each.key}",
            f"Scores: {each.label.lower()}",
            f"{each.question} {each.lowest} to {each.highest}, blind.",
            "",
            Kind.UTILITY if each.key == UTILITY else Kind.SCORE,
            [Judgement(str(row["output_id"]), row["reviewer_id"], row[each.key]) for row in scores],
            alone=alone,
        )
        for each in criteria
    ]
