"""Why nothing is left for somebody: the honest reasons, as sentences."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, QuerySet

from annotation.models import Comparison, Demonstration, Lease, Project, Ranking
from annotation.queues.waiting import approvable, sets_of
from annotation.texts import counted


def why_nothing(project: Project, kind: str, user: User) -> list[str]:
    """The honest reasons, as sentences, when `take_next` found nothing."""
    reasons = {
        Lease.Kind.WRITE: _why_nothing_to_write,
        Lease.Kind.APPROVE: _why_nothing_to_approve,
        Lease.Kind.RANK: _why_nothing_to_rank,
    }
    return reasons[Lease.Kind(kind)](project, user)


def _why_nothing_to_write(project: Project, user: User) -> list[str]:
    if not project.prompts.for_teaching().exists():
        return ["no prompts have been imported yet."]
    unanswered = project.prompts.awaiting_response()
    open_ = unanswered.count()
    if not open_:
        return ["every prompt has a response."]
    given = Demonstration.objects.filter(prompt_id=OuterRef("pk"), author=user).exclude(
        status=Demonstration.Status.DRAFT
    )
    answered = unanswered.filter(Exists(given)).count()
    kept = _kept_for_others(unanswered.filter(~Exists(given)), project, user)
    with_others = open_ - answered - kept
    reasons = [
        kept and assigned_to_others(kept, "prompt"),
        answered and f"{counted(answered, 'prompt')} you have answered still {_needs(answered)} somebody else's.",
        with_others > 0 and f"{_with_others(with_others, 'prompt')}, and every other prompt has a response.",
    ]
    return [reason for reason in reasons if reason]


def _why_nothing_to_approve(project: Project, user: User) -> list[str]:
    reasons = []
    waiting = Demonstration.objects.awaiting_review().filter(project=project)
    if others := approvable(project, user).count():
        reasons.append(f"{_with_others(others, 'response')}.")
    if kept := waiting.exclude(author=user).count() - others:
        reasons.append(assigned_to_others(kept, "response"))
    if own := waiting.filter(author=user).count():
        reasons.append(f"{counted(own, 'response')} of your own must be approved by somebody else.")
    return reasons or ["no response is waiting for review."]


def _why_nothing_to_rank(project: Project, user: User) -> list[str]:
    everything = Comparison.objects.filter(project=project)
    if not everything.exists():
        return ["nobody has prepared candidates to rank yet."]
    unfinished = everything.unfinished()
    declined = project.leases.filter(kind=Lease.Kind.RANK, user=user, release=Lease.Release.DECLINED)
    set_aside = unfinished.filter(pk__in=declined.values("item_id")).count()
    own = Ranking.objects.filter(comparison_id=OuterRef("pk"), ranker=user)
    ranked = unfinished.filter(Exists(own)).count()
    others = unfinished.exclude(pk__in=declined.values("item_id")).filter(~Exists(own))
    kept = _kept_for_others(others, project, user)
    with_others = others.count() - kept
    reasons = [
        set_aside and f"you could not judge {counted(set_aside, 'comparison')}.",
        kept and assigned_to_others(kept, "comparison"),
        ranked and f"{counted(ranked, 'comparison')} you have ranked still {_needs(ranked)} somebody else's judgement.",
        with_others > 0 and f"{_with_others(with_others, 'comparison')}.",
    ]
    return [reason for reason in reasons if reason] or ["every comparison has all the rankings it needs."]


def _kept_for_others(items: QuerySet[Any], project: Project, user: User) -> int:
    return items.exclude(assignment=None).exclude(assignment__in=sets_of(project, user)).count()


def assigned_to_others(count: int, noun: str) -> str:
    return f"{counted(count, noun)} {'is' if count == 1 else 'are'} assigned to others."


def _needs(count: int) -> str:
    return "needs" if count == 1 else "need"


def _with_others(count: int, noun: str) -> str:
    verb = "is" if count == 1 else "are"
    return f"{counted(count, noun)} {verb} in other people's hands right now"
