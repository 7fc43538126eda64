"""What waits for one person, over all their projects, in a handful of queries however many projects there are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from annotation.access import ADMIN, SENIOR
from annotation.models import Comparison, Demonstration, Membership, Project, Prompt, Ranking, Role
from evaluation.models import Output
from training.jobs import Status
from training.models import TrainingRound

Counts = dict[UUID, dict[str, int]]


@dataclass(frozen=True)
class Waiting:
    """One line: how many of what, and the page that takes the person to the next of them."""

    count: int
    words: str
    note: str
    url_name: str
    action: str


@dataclass(frozen=True)
class ProjectWork:
    project: Project
    role: str
    waiting: list[Waiting]
    rounds: list[TrainingRound] = field(default_factory=list)
    reason: str = ""
    to_import: bool = False

    @property
    def role_label(self) -> str:
        return Role(self.role).label


def my_work(user: User) -> list[ProjectWork]:
    """The person's projects; those where something waits come first."""
    memberships = list(Membership.objects.filter(user=user).select_related("project").order_by("project__name"))
    projects = [membership.project_id for membership in memberships]
    if not projects:
        return []
    prompts, answers = _prompts(projects), _answers(projects, user)
    comparisons, outputs = _comparisons(projects, user), _outputs(projects, user)
    rounds = _rounds([m.project_id for m in memberships if m.role in ADMIN])
    work = []
    for membership in memberships:
        pk = membership.project_id
        counts = {**answers.get(pk, {}), **prompts.get(pk, {}), **comparisons.get(pk, {}), **outputs.get(pk, {})}
        waiting = _waiting(counts, membership.role)
        work.append(
            ProjectWork(
                project=membership.project,
                role=membership.role,
                waiting=waiting,
                rounds=rounds.get(pk, []),
                reason="" if waiting else _why_nothing(counts, membership.role),
                to_import=not counts.get("prompts") and membership.role in ADMIN,
            )
        )
    return sorted(work, key=lambda each: not (each.waiting or each.rounds))


# --- The counts, each one query over all projects -----------------------------------------------------------


def _grouped(rows: QuerySet[Any], project: str, **counts: Count) -> Counts:
    found = rows.order_by().values(project).annotate(**counts)
    return {row.pop(project): row for row in found}


def _prompts(projects: list[UUID]) -> Counts:
    answered = Demonstration.objects.filter(prompt_id=OuterRef("pk")).exclude(status=Demonstration.Status.DRAFT)
    rows = Prompt.objects.for_teaching().filter(project_id__in=projects)
    return _grouped(rows, "project_id", prompts=Count("pk"), to_write=Count("pk", filter=~Exists(answered)))


def _answers(projects: list[UUID], user: User) -> Counts:
    status = Demonstration.Status
    rows = Demonstration.objects.filter(prompt__project_id__in=projects, status__in=[status.SUBMITTED, status.RETURNED])
    submitted, own = Q(status=status.SUBMITTED), Q(author=user)
    return _grouped(
        rows,
        "prompt__project_id",
        returned=Count("pk", filter=Q(status=status.RETURNED) & own),
        to_approve=Count("pk", filter=submitted & ~own),
        own_submitted=Count("pk", filter=submitted & own),
    )


def _comparisons(projects: list[UUID], user: User) -> Counts:
    ranked = Q(Exists(Ranking.objects.filter(comparison_id=OuterRef("pk"), ranker=user)))
    unfinished = Q(rankings_done__lt=F("rankings_needed"))
    rows = Comparison.objects.filter(prompt__project_id__in=projects)
    return _grouped(
        rows,
        "prompt__project_id",
        comparisons=Count("pk"),
        to_rank=Count("pk", filter=unfinished & ~ranked),
        others_rank=Count("pk", filter=unfinished & ranked),
    )


def _outputs(projects: list[UUID], user: User) -> Counts:
    """What this person may score, and whether others still have some to score: two queries."""
    project = "contestant__evaluation__project_id"
    wanted = Output.objects.filter(**{f"{project}__in": projects})
    mine = _grouped(wanted.to_score_by(user), project, to_score=Count("pk"))
    unfinished = wanted.filter(for_review=True, reviews_done__lt=F("contestant__evaluation__reviews_per_output"))
    anybodys = _grouped(unfinished, project, outputs=Count("pk"))
    return {pk: {**anybodys.get(pk, {}), **mine.get(pk, {})} for pk in {*anybodys, *mine}}


def _rounds(projects: Iterable[UUID]) -> dict[UUID, list[TrainingRound]]:
    found: dict[UUID, list[TrainingRound]] = {}
    going: Iterable[Any] = TrainingRound.objects.filter(
        project_id__in=list(projects), status__in=[Status.QUEUED, Status.RUNNING]
    )
    for each in going:
        found.setdefault(each.project_id, []).append(each)
    return found


# --- In words -----------------------------------------------------------------------------------------------


def _waiting(counts: dict[str, int], role: str) -> list[Waiting]:
    lines = [
        Waiting(
            counts.get("returned", 0),
            "returned to you",
            "A reviewer asks for a change.",
            "write_next",
            "Revise",
        ),
        Waiting(counts.get("to_write", 0), "to write", "Prompts nobody has answered yet.", "write_next", "Write"),
        Waiting(
            counts.get("to_approve", 0) if role in SENIOR else 0,
            "to approve",
            "Responses by others that wait for a reviewer.",
            "approve_next",
            "Approve",
        ),
        Waiting(counts.get("to_rank", 0), "to rank", "Which candidate is better?", "rank_next", "Rank"),
        Waiting(
            counts.get("to_score", 0),
            "to score",
            "Outputs to judge without knowing what wrote them.",
            "score_next",
            "Score",
        ),
    ]
    return [line for line in lines if line.count]


def _why_nothing(counts: dict[str, int], role: str) -> str:
    if not counts.get("prompts"):
        who = "Import some to begin." if role in ADMIN else "An admin of the project imports them."
        return f"Nothing waits for you, because the project has no prompts yet. {who}"
    reasons = ["every prompt has a response"]
    if role in SENIOR:
        own = counts.get("own_submitted")
        reasons.append("your own responses are for others to approve" if own else "no response waits for approval")
    if not counts.get("comparisons"):
        reasons.append("no candidates have been prepared to rank")
    elif counts.get("others_rank"):
        reasons.append("the comparisons left need other people's judgement")
    else:
        reasons.append("every comparison is ranked")
    if counts.get("outputs"):
        reasons.append("the outputs left need other people's scores")
    else:
        reasons.append("no outputs wait for scores")
    return f"Nothing waits for you: {', '.join(reasons[:-1])}, and {reasons[-1]}."
