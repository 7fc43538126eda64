"""Approved responses that come back to somebody to be read again: kept as they are, or corrected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import cycle

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from annotation import queues
from annotation.actions import Refused
from annotation.models import Demonstration, Event, Membership, Project, Prompt, Revision, Role, SecondLook

Status = Demonstration.Status
Outcome = SecondLook.Outcome
MOST_AT_ONCE = 500
CHANGED_MEANWHILE = (
    "This response was changed since you opened it. Read it again below; what you had typed is beside it."
)


def ask(
    *, project: Project, responses: Iterable[Demonstration], by: User, people: Sequence[User] = (), source: str = ""
) -> int:
    """Ask about each approved response that nobody is asked about yet: how many.

    Its author is asked where they wrote it and are still in the project; otherwise one of `people` in turn, or, where
    none is named, one of the project's experts, or whoever asks. Raises Refused when there is nothing to ask about.
    """
    members = set(Membership.objects.filter(project=project).values_list("user_id", flat=True))
    others = cycle([person.pk for person in people if person.pk in members] or _experts(project) or [by.pk])
    with transaction.atomic():
        queues.lock(project)
        chosen = _to_ask_about(project, responses)
        asked = [
            SecondLook(
                project=project,
                demonstration=each,
                person_id=each.author_id if not people and _answers_for_it(each, members) else next(others),
                source=source,
                asked_by=by,
            )
            for each in chosen[:MOST_AT_ONCE]
        ]
        if not asked:
            raise Refused("There is nothing to ask about: these responses were asked about, or changed, already.")
        SecondLook.objects.bulk_create(asked, batch_size=500)
        Event.record("asked for a second look", project, by=by, project=project, responses=len(asked))
    return len(asked)


def _experts(project: Project) -> list[int]:
    rows = Membership.objects.filter(project=project, role=Role.EXPERT)
    return list(rows.order_by("pk").values_list("user_id", flat=True))


def _answers_for_it(response: Demonstration, members: set[int]) -> bool:
    return response.origin != Demonstration.Origin.IMPORTED and response.author_id in members


def _to_ask_about(project: Project, responses: Iterable[Demonstration]) -> list[Demonstration]:
    """Those that still stand approved, in the order given."""
    wanted = [response.pk for response in responses]
    open_ = SecondLook.objects.open().filter(project=project).values("demonstration_id")
    rows = Demonstration.objects.approved().filter(project=project, pk__in=wanted).exclude(pk__in=open_)
    found = rows.in_bulk()
    return [found[pk] for pk in wanted if pk in found]


def keep(*, look: SecondLook, by: User) -> None:
    """Right as it is; nothing about the response changes."""
    with transaction.atomic():
        _settle(look, by, Outcome.KEPT)
        Event.record("kept a response on a second look", look.demonstration, by=by, project=look.project)


def correct(*, look: SecondLook, by: User, text: str, version: int) -> None:
    """Put `text` in its place. A reviewer's correction of another's response stands; any other goes to a reviewer.

    `version` is the save that its corrector has read.
    """
    response = look.demonstration
    if text == response.text:
        raise Refused("This is the response as it was. Change it, or keep it as it is.")
    fixed = response.author_id != by.pk and _role(look.project, by) != Role.EXPERT
    now = timezone.now()
    settled = {"reviewed_by": by, "reviewed_at": now} if fixed else {"status": Status.SUBMITTED, "submitted_at": now}
    with transaction.atomic():
        queues.lock(look.project)
        rows = Demonstration.objects.filter(pk=response.pk, version=version, status=Status.APPROVED)
        if not rows.update(text=text, version=F("version") + 1, compared=False, note="", **settled):
            raise Refused(CHANGED_MEANWHILE)
        _settle(look, by, Outcome.CORRECTED)
        response.refresh_from_db()
        Revision.objects.create(demonstration=response, text=text, status=response.status, created_by=by)
        Prompt.objects.filter(pk=response.prompt_id).recount_answers()
        Event.record("corrected a response on a second look", response, by=by, project=look.project)


def drop(*, project: Project, by: User, source: str) -> int:
    """Ask no longer: how many were still open."""
    with transaction.atomic():
        rows = SecondLook.objects.open().filter(project=project, source=source)
        dropped = rows.update(settled_at=timezone.now(), outcome=Outcome.DROPPED)
        if dropped:
            Event.record("took second looks back", project, by=by, project=project, responses=dropped)
    return dropped


def _role(project: Project, person: User) -> str:
    return Membership.objects.values_list("role", flat=True).get(project=project, user=person)


def _settle(look: SecondLook, by: User, outcome: str) -> None:
    if look.person_id != by.pk:
        raise Refused("Somebody else is asked about this response.")
    if not SecondLook.objects.open().filter(pk=look.pk).update(settled_at=timezone.now(), outcome=outcome):
        raise Refused("This is settled already.")
