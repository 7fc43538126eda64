"""Whom items are for, when they come, and how many people each needs: for one prompt, or all that fit a filter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from annotation import arranging, chores, queues, tasks
from annotation.access import SENIOR
from annotation.actions import Refused
from annotation.arranging import APPROVE
from annotation.models import Assignment, Chore, Event, Project, Role

AT_ONCE = 2_000  # prompts that are arranged while one waits; more are left to the worker
MOST_SETS = 500
ONE_APPROVES = "One reviewer approves a response, in the order in which they come in: only who gets them can be set."


def arrange(
    *,
    project: Project,
    by: User,
    work: str,
    filter: dict[str, Any] | None = None,
    only: Iterable[Any] | None = None,
    priority: int | None = None,
    people: int | None = None,
    of_open: bool = False,
    assign: tuple[Iterable[User], Iterable[str]] | None = None,
    wait: bool = False,
) -> Chore:
    """Set what is given for the prompts that fit; `assign` to nobody opens them to everybody.

    `work` says whether it is for writing, for ranking or for approving what is written. Few prompts are done when this
    returns; many are left to the worker, unless one waits.
    """
    if work == APPROVE and (priority is not None or people is not None):
        raise Refused(ONE_APPROVES)
    change: dict[str, Any] = {}
    with transaction.atomic():
        if priority is not None:
            change["priority"] = priority
        if people is not None:
            change["people_of_open" if of_open else "people"] = people
        if assign is not None:
            change["assignment"] = _assignment(project, work, *assign)
        if not change:
            raise Refused("Choose what to change.")
        chosen = {name: value for name, value in (filter or {}).items() if value not in ("", None)}
        spec = {"work": work, "filter": chosen, "change": change}
        if only is not None:
            spec["only"] = [str(pk) for pk in only]
        chore = Chore.objects.create(project=project, kind=Chore.Kind.ARRANGE, spec=spec, created_by=by)
        told = (
            {**change, "assignment": str(Assignment.objects.get(pk=change["assignment"]))}
            if change.get("assignment")
            else change
        )
        Event.record("arranged prompts", project, by=by, project=project, work=work, filter=chosen, change=told)
    if wait or queues.up_to(arranging.which(chore), AT_ONCE + 1) <= AT_ONCE:
        return chores.run(chore)
    tasks.ring_after_commit(chore)
    return chore


def _assignment(project: Project, work: str, people: Iterable[User], roles: Iterable[str]) -> int | None:
    chosen, named = list(people), list(roles)
    if work == APPROVE:
        held = project.memberships.filter(user__in=chosen).values_list("role", flat=True)
        if not {*named, *held} <= {*SENIOR}:
            raise Refused("Only reviewers and admins approve responses: choose among them.")
    made = named_set(project, chosen, named)
    return made.pk if made else None


def named_set(project: Project, people: Iterable[User], roles: Iterable[str]) -> Assignment | None:
    """The set of these members and roles; None where nobody is named, which means everybody."""
    chosen, named = list(people), list(roles)
    members = set(project.memberships.filter(user__in=chosen).values_list("user_id", flat=True))
    if stranger := next((person for person in chosen if person.pk not in members), None):
        raise Refused(f"{stranger.username} is not a member of this project.")
    if unknown := next((role for role in named if role not in Role.values), None):
        raise Refused(f"There is no role “{unknown}”.")
    made = Assignment.of(project, [person.pk for person in chosen], named)
    if project.assignments.count() > MOST_SETS:
        raise Refused(f"A project has at most {MOST_SETS} different sets of people; use roles, or fewer sets.")
    return made


def forget_person(*, project: Project, user: User) -> None:
    """What was kept for somebody who leaves is kept for the others of its set; if there are none, for everybody."""
    with transaction.atomic():
        queues.lock(project)
        for before in project.assignments.all():
            if user.pk not in before.people:
                continue
            now = Assignment.of(project, [pk for pk in before.people if pk != user.pk], before.roles)
            for kept in Assignment._meta.related_objects:  # prompts and comparisons, and what other apps keep for some
                rows = kept.related_model._base_manager.filter(**{kept.field.name: before})
                rows.update(**{kept.field.name: now})
            before.delete()


def estimate(*, project: Project, by: User, wait: bool = False) -> Chore:
    """Estimate now from whose answers the model would learn most; the worker also does it by itself, when asked for."""
    chore = project.chores.filter(kind=Chore.Kind.ESTIMATE).unfinished().first()
    if chore is None:
        chore = Chore.objects.create(project=project, kind=Chore.Kind.ESTIMATE, spec=tasks.seen(project), created_by=by)
    if wait:
        return chores.run(chore)
    tasks.ring_after_commit(chore)
    return chore
