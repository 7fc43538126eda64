from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from annotation import active_time, queues
from annotation.actions import Refused
from annotation.models import Demonstration, Event, Lease, Revision, name_of

Status = Demonstration.Status
KEPT = "The responses to this prompt are for other reviewers to approve."


def approve(
    *, demonstration: Demonstration, by: User, version: int, text: str | None = None, active_seconds: float = 0.0
) -> Demonstration:
    """Approve the response, with `text` in its place when the reviewer has fixed it.

    The submitted text stays among the revisions, so that the change can be shown word by word.
    """
    fixed = text is not None and text != demonstration.text
    verb = "fixed and approved a response" if fixed else "approved a response"
    return _settle(
        demonstration, by, version, Status.APPROVED, verb, text=text if fixed else None, spent=active_seconds
    )


def send_back(
    *, demonstration: Demonstration, by: User, version: int, note: str, active_seconds: float = 0.0
) -> Demonstration:
    """Return the response to its author with a note that says what to change."""
    return _settle(demonstration, by, version, Status.RETURNED, "returned a response", note=note, spent=active_seconds)


def _settle(
    demonstration: Demonstration,
    by: User,
    version: int,
    status: str,
    verb: str,
    *,
    text: str | None = None,
    note: str = "",
    spent: float = 0.0,
) -> Demonstration:
    """The one step out of "submitted". Refuses when somebody acted first or the author changed the text meanwhile."""
    if demonstration.author_id == by.pk:
        raise Refused("This response is your own; somebody else has to approve it.")
    project = demonstration.prompt.project
    if queues.kept_from(demonstration, by):
        raise Refused(KEPT)
    values = {"status": status, "note": note, "reviewed_by": by, "reviewed_at": timezone.now()}
    if text is not None:
        values |= {"text": text, "version": version + 1, "compared": False}
    with transaction.atomic():
        queues.lock(project)
        waiting = Demonstration.objects.filter(pk=demonstration.pk, version=version, status=Status.SUBMITTED)
        if not waiting.update(**values):
            raise Refused(_what_happened(demonstration, by))
        demonstration.refresh_from_db(fields=[*values, "version"])
        Revision.objects.create(
            demonstration=demonstration,
            text=demonstration.text,
            status=status,
            note=note,
            created_by=by,
            active_seconds=_spent(demonstration, by, spent),
        )
        queues.finish(Lease.Kind.APPROVE, demonstration.pk, by)
        Event.record(verb, demonstration, by=by, project=project)
    return demonstration


def _spent(demonstration: Demonstration, by: User, sent: float) -> float:
    lease = Lease.objects.filter(kind=Lease.Kind.APPROVE, item_id=demonstration.pk, user=by).first() if sent else None
    return active_time.believed(lease, sent) if lease else 0.0


def _what_happened(demonstration: Demonstration, by: User) -> str:
    now = Demonstration.objects.select_related("reviewed_by").get(pk=demonstration.pk)
    if now.status == Status.SUBMITTED:
        return "The author has changed this response since you opened it. Read it again before you decide."
    if now.status == Status.DRAFT or now.reviewed_by is None:
        return "The author has taken this response back to work on it."
    who = "You have" if now.reviewed_by_id == by.pk else f"{name_of(now.reviewed_by)} has"
    return f"{who} already {now.get_status_display().lower()} this response."
