"""Where a project's loop stands: eight steps, what has come of each, and what to do next in one's role."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_safe

from annotation.access import ADMIN, EVERYONE, SENIOR, MemberRequest, project_for
from annotation.models import Project
from annotation.texts import counted
from config.counts import Counts, counts_of
from config.my_work import work_in
from evaluation.models import Evaluation, Promotion
from training import methods
from training.jobs import Status
from training.models import DatasetVersion, TrainingRound


@dataclass(frozen=True)
class Step:
    """`reached` says that something has come of it; `facts` tell what, and what is left."""

    title: str
    facts: str
    reached: bool
    url: str = ""
    action: str = ""
    state: str = ""


@dataclass(frozen=True)
class _Plan:
    title: str
    reached: Callable[[Counts], bool]
    facts: Callable[[Counts], str]
    url_name: Callable[[Counts], str]
    action: str
    roles: frozenset[str]
    term: str = ""  # what admins find it under elsewhere


@require_safe
def overview(request: MemberRequest, pk: UUID) -> HttpResponse:
    project = project_for(request, pk, "open project")
    role = request.role
    counts = counts_of([project.pk], request.user)[project.pk] + _made(project)
    counts["unannounced"] = project.checks_unannounced
    return render(
        request,
        "annotation/overview.html",
        {
            "project": project,
            "steps": steps(project, role, counts),
            "criteria": [line.strip("-• ") for line in project.success_criteria.splitlines() if line.strip()],
            "guidelines": project.current_guidelines(),
            "work": work_in(project, role, counts),
            "people": project.memberships.select_related("user"),
            "current": project.promotions.current().select_related("adapter__round").first(),
        },
    )


def steps(project: Project, role: str, counts: Counts) -> list[Step]:
    """The loop in order. The first step of which nothing has come yet is the one to take now."""
    now = next((plan for plan in PLANS if not plan.reached(counts)), None)
    return [
        Step(
            title=f"{plan.title} ({plan.term})" if plan.term and role in ADMIN else plan.title,
            facts=plan.facts(counts),
            reached=plan.reached(counts),
            url=_url(plan.url_name(counts), project) if role in plan.roles else "",
            action=plan.action,
            state="now" if plan is now else "done" if plan.reached(counts) else "",
        )
        for plan in PLANS
    ]


def _url(name: str, project: Project) -> str:
    try:
        return reverse(name, args=[project.pk])
    except NoReverseMatch:  # an installation that leaves an app's pages out still has its other pages
        return ""


# --- Counting -----------------------------------------------------------------------------------------------


def _made(project: Project) -> Counts:
    """What was frozen, trained, evaluated and promoted: one question more than those of `counts_of`."""
    kinds = DatasetVersion.Kind
    good, busy = {"status": Status.SUCCEEDED}, {"status__in": [Status.QUEUED, Status.RUNNING]}
    rounds, versions = TrainingRound.objects, DatasetVersion.objects
    parts: dict[str, QuerySet[Any]] = {
        "sft": rounds.filter(method=methods.SFT.key, **good),
        "sft_busy": rounds.filter(method=methods.SFT.key, **busy),
        "dpo": rounds.filter(method=methods.DPO.key, **good),
        "dpo_busy": rounds.filter(method=methods.DPO.key, **busy),
        "versions": versions.filter(kind=kinds.DEMONSTRATIONS),
        "preference_versions": versions.filter(kind=kinds.PREFERENCES),
        "evaluations": Evaluation.objects.all(),
        "promotions": Promotion.objects.all(),
    }
    numbers = Project.objects.order_by().values_list(*map(_number, parts.values())).get(pk=project.pk)
    return Counts(dict(zip(parts, numbers, strict=True)))


def _number(rows: QuerySet[Any]) -> Coalesce:
    """How many of these rows belong to the project of the question around it."""
    of_project = rows.filter(project=OuterRef("pk")).order_by().values("project")
    return Coalesce(Subquery(of_project.annotate(number=Count("pk")).values("number")), 0)


# --- In words -----------------------------------------------------------------------------------------------


def _some(number: int, words: str) -> str:
    return f"{number:,} {words}" if number > 0 else ""


def _joined(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def _written(c: Counts) -> str:
    if not c["teaching"]:
        return "Nothing to write yet"
    return _joined(
        f"{c['approved']:,} approved",
        _some(c["submitted"], "to approve"),
        _some(c["returned"], "returned"),
        _some(c["unanswered"], "without a response"),
    )


def _taught(done: str, busy: str) -> Callable[[Counts], str]:
    def facts(c: Counts) -> str:
        if c[busy]:
            return _joined(f"{counted(c[done], 'round')} finished" if c[done] else "", f"{c[busy]} at work now")
        return f"{counted(c[done], 'round')} finished" if c[done] else "No round yet"

    return facts


def _ranked(c: Counts) -> str:
    if not c["comparisons"]:
        return "No candidates to rank yet"
    if c["unannounced"]:
        return _joined("Begun" if c["rankings"] else "", "some to rank" if c["to_rank"] else "")
    return _joined(counted(c["rankings"], "ranking") if c["rankings"] else "", _some(c["to_rank"], "to rank"))


def _reviewed(c: Counts) -> str:
    if not c["evaluations"]:
        return "No evaluation yet"
    left = c["reviews_needed"] - c["reviews"]
    return _joined(counted(c["evaluations"], "evaluation"), counted(c["reviews"], "score"), _some(left, "to score"))


def _page(name: str) -> Callable[[Counts], str]:
    return lambda counts: name


def _rows(c: Counts) -> str:
    if not c["prompts"]:
        return "No prompts yet"
    return _joined(f"{c['teaching']:,} to learn from", f"{c['held_out']:,} held out to judge with")


def _frozen(c: Counts) -> str:
    if not c["versions"]:
        return "Nothing frozen yet"
    return _joined(
        counted(c["versions"], "version of the demonstrations", "versions of the demonstrations"),
        _some(c["preference_versions"], "of the preference pairs"),
    )


PLANS: tuple[_Plan, ...] = (
    _Plan("Collect prompts", lambda c: c["prompts"] > 0, _rows, _page("import_start"), "Import", ADMIN),
    _Plan("Write and approve responses", lambda c: c["approved"] > 0, _written, _page("write_next"), "Write", EVERYONE),
    _Plan("Freeze a dataset version", lambda c: c["versions"] > 0, _frozen, _page("datasets"), "Freeze", ADMIN),
    _Plan(
        "Teach from demonstrations",
        lambda c: c["sft"] > 0,
        _taught("sft", "sft_busy"),
        lambda c: "rounds" if c["sft_busy"] or c["sft"] else "round_create",
        "Rounds",
        ADMIN,
        "SFT",
    ),
    _Plan(
        "Rank candidates",
        lambda c: c["rankings"] > 0,
        _ranked,
        _page("rank_next"),
        "Rank",
        EVERYONE,
    ),
    _Plan(
        "Teach preferences",
        lambda c: c["dpo"] > 0,
        _taught("dpo", "dpo_busy"),
        lambda c: "rounds" if c["dpo_busy"] or c["dpo"] else "round_create",
        "Rounds",
        ADMIN,
        "DPO",
    ),
    _Plan("Review blind", lambda c: c["reviews"] > 0, _reviewed, _page("evaluations"), "Evaluations", SENIOR),
    _Plan(
        "Promote",
        lambda c: c["promotions"] > 0,
        lambda c: counted(c["promotions"], "promotion") if c["promotions"] else "Nothing promoted yet",
        _page("promotions"),
        "Promotion",
        SENIOR,
    ),
)
