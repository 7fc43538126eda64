from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from annotation import active_time, queues
from annotation.actions import Refused
from annotation.models import Demonstration, Event, Guidelines, Lease, Prompt, Revision
from annotation.queues import Conflict, Saved

Status = Demonstration.Status
CLOSED = (Status.SUBMITTED, Status.APPROVED)
ALREADY_SUBMITTED = "You have already submitted this response, with another text. Nothing here has been saved over it."
IN_OTHER_HANDS = (
    "Somebody else has this prompt now, because it was left alone for a while. Your text is kept here, "
    "and comes back to you if they give the prompt back."
)
ANSWERED = (
    "Meanwhile this prompt got all the answers it needs, so another one is not asked for. Your text is kept here."
)


@dataclass(frozen=True)
class Submitted:
    """`fresh` is False when the same text had been submitted already: a second click, or a reload."""

    demonstration: Demonstration
    fresh: bool


def save_draft(
    *,
    prompt: Prompt,
    by: User,
    text: str,
    version: int,
    difficulty: int | None = None,
    active_seconds: float = 0.0,
) -> Saved | Conflict:
    """Keep what is typed, even when the prompt has gone to somebody else meanwhile.

    `active_seconds` is what their page has counted since they got the prompt.
    """
    with transaction.atomic():
        queues.lock(prompt.project)
        mine = _own(prompt, by)
        if conflict := _conflict(mine, text, version):
            return conflict
        marked = mine.difficulty != difficulty and mine.status not in CLOSED
        if mine.text != text or marked or not mine.version:
            mine.text = text
            mine.difficulty = difficulty
            mine.version += 1
            mine.save()
        lease = None if mine.status in CLOSED else queues.hold_prompt(prompt, by)
        if lease and active_seconds:
            active_time.keep(lease, active_seconds)
    return Saved(mine.version, mine.saved_at, held=mine.status in CLOSED or lease is not None)


def submit(
    *,
    prompt: Prompt,
    by: User,
    text: str,
    version: int,
    guidelines: Guidelines | None,
    difficulty: int | None = None,
    active_seconds: float = 0.0,
) -> Submitted | Conflict:
    """Hand the response to the reviewers. `guidelines` is the version its author had in view."""
    with transaction.atomic():
        queues.lock(prompt.project)
        mine = _own(prompt, by)
        if conflict := _conflict(mine, text, version):
            return conflict
        if mine.status in CLOSED:
            return Submitted(mine, fresh=False)
        lease = queues.hold_prompt(prompt, by)
        if lease is None:
            open_ = Prompt.objects.awaiting_response().filter(pk=prompt.pk)
            raise Refused(IN_OTHER_HANDS if open_.exists() else ANSWERED)
        spent = active_time.believed(lease, active_seconds)
        mine.text, mine.status, mine.submitted_at = text, Status.SUBMITTED, timezone.now()
        mine.active_seconds += spent
        mine.compared = False
        mine.version += 1
        mine.guidelines = guidelines
        mine.difficulty = difficulty
        mine.save()
        Revision.objects.create(demonstration=mine, text=text, status=mine.status, created_by=by, active_seconds=spent)
        Prompt.objects.filter(pk=prompt.pk).recount_answers()
        queues.finish(Lease.Kind.WRITE, prompt.pk, by)
        number = guidelines.version if guidelines else None
        Event.record("submitted a response", mine, by=by, project=prompt.project, guidelines=number)
    return Submitted(mine, fresh=True)


def reopen(*, demonstration: Demonstration, by: User) -> None:
    """Take a submitted response back, as long as no reviewer has acted on it."""
    project = demonstration.prompt.project
    with transaction.atomic():
        queues.lock(project)
        again = Status.RETURNED if demonstration.note else Status.DRAFT
        reopened = Demonstration.objects.filter(pk=demonstration.pk, author=by, status=Status.SUBMITTED).update(
            status=again, submitted_at=None
        )
        if not reopened:
            raise Refused("A reviewer has acted on this response, so it cannot be taken back.")
        Prompt.objects.filter(pk=demonstration.prompt_id).recount_answers()
        queues.hold_prompt(demonstration.prompt, by)
        Event.record("took a response back", demonstration, by=by, project=project)


def _own(prompt: Prompt, by: User) -> Demonstration:
    mine = Demonstration.objects.select_for_update().filter(prompt=prompt, author=by).order_by().first()
    return mine or Demonstration(prompt=prompt, author=by)


def _conflict(mine: Demonstration, text: str, version: int) -> Conflict | None:
    """The same text twice is a retry, not a conflict."""
    if mine.text == text or mine._state.adding:
        return None
    if mine.status in CLOSED:
        return Conflict(mine.version, {"text": mine.text}, ALREADY_SUBMITTED)
    if mine.version != version:
        return Conflict(mine.version, {"text": mine.text})
    return None
