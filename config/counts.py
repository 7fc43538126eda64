"""How much of everything there is in projects, and what of it waits for one person: one question for each table."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Aggregate, CharField, Count, Exists, F, Model, OuterRef, Q, QuerySet, Sum, Value

from annotation import threads
from annotation.models import Comparison, Demonstration, Flag, Prompt, Ranker, Ranking, Recheck, Split
from evaluation.models import Output

Counts = Counter[str]  # what was not counted is 0


def counts_of(projects: list[UUID], user: User) -> dict[UUID, Counts]:
    """Of each project. What depends on the person begins with `my_`."""
    found = {pk: Counts() for pk in projects}
    for model, project, numbers in (
        (Prompt, "project_id", _prompts()),
        (Demonstration, "prompt__project_id", _demonstrations(user)),
        (Comparison, "prompt__project_id", _comparisons(user)),
        (Output, "contestant__evaluation__project_id", _outputs(user)),
    ):
        _add(found, model, project, numbers)
    for project, name, number in _talk(projects, user):
        found[project][name] = number
    return found


def _talk(projects: list[UUID], user: User) -> QuerySet[Any, Any]:
    """What others said, asked or found wrong: three kinds, in one question."""
    kinds = [
        _numbers(threads.new_to(user), "prompt__project_id", projects, "my_remarks"),
        _numbers(Recheck.objects.open().filter(person=user), "project_id", projects, "my_rechecks"),
        _numbers(Flag.objects.open(), "prompt__project_id", projects, "flags"),
    ]
    return kinds[0].union(*kinds[1:], all=True)


def _numbers(rows: QuerySet[Any], project: str, projects: list[UUID], name: str) -> QuerySet[Any, Any]:
    kept = rows.filter(**{f"{project}__in": projects}).order_by()
    kind = Value(name, output_field=CharField())
    return kept.values(of=F(project), name=kind).annotate(number=Count("pk")).values_list("of", "name", "number")


def _add(found: dict[UUID, Counts], model: type[Model], project: str, numbers: dict[str, Aggregate]) -> None:
    rows = model._default_manager.filter(**{f"{project}__in": list(found)}).order_by()
    for row in rows.values(project).annotate(**numbers):
        found[row.pop(project)].update({name: number or 0 for name, number in row.items()})


def _prompts() -> dict[str, Aggregate]:
    teaching = ~Q(split=Split.EVALUATION)
    return {
        "prompts": Count("pk"),
        "teaching": Count("pk", filter=teaching),
        "held_out": Count("pk", filter=~teaching),
        "unanswered": Count("pk", filter=Q(teaching, answers_done__lt=F("answers_needed"))),
    }


def _demonstrations(user: User) -> dict[str, Aggregate]:
    states, own = Demonstration.Status, Q(author=user)
    submitted, returned = Q(status=states.SUBMITTED), Q(status=states.RETURNED)
    return {
        "approved": Count("pk", filter=Q(status=states.APPROVED)),
        "submitted": Count("pk", filter=submitted),
        "returned": Count("pk", filter=returned),
        "my_returned": Count("pk", filter=returned & own),
        "my_submitted": Count("pk", filter=submitted & own),
    }


def _comparisons(user: User) -> dict[str, Aggregate]:
    ranked = Q(Exists(Ranking.objects.filter(comparison_id=OuterRef("pk"), ranker=user)))
    unfinished = Q(rankings_done__lt=F("rankings_needed"))
    return {
        "comparisons": Count("pk", filter=Q(repeat_of=None)),
        "rankings": Sum("rankings_done"),
        "to_rank": Count("pk", filter=unfinished),
        "my_to_rank": Count("pk", filter=unfinished & ~ranked),
    }


def alarms_in(projects: list[UUID]) -> Counter[UUID]:
    """How many people's rankings somebody should look into."""
    raised = Ranker.objects.filter(project__in=projects, alarm_seen_by=None).exclude(alarm="")
    return Counter(raised.values_list("project_id", flat=True))


def _outputs(user: User) -> dict[str, Aggregate]:
    """Only of those that people review; others are judged by metrics alone."""
    review, wanted = Q(for_review=True), F("contestant__evaluation__reviews_per_output")
    mine = Exists(Output.objects.to_score_by(user).filter(pk=OuterRef("pk")))
    return {
        "reviews": Sum("reviews_done", filter=review),
        "reviews_needed": Sum(wanted, filter=review),
        "to_score": Count("pk", filter=review & Q(reviews_done__lt=wanted)),
        "my_to_score": Count("pk", filter=Q(mine)),
    }
