"""A better answer than the candidates: a demonstration, which wins over them once a reviewer has approved it."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from annotation import queues
from annotation.actions import Refused
from annotation.actions.writing import CLOSED
from annotation.models import (
    Candidate,
    Comparison,
    Correction,
    Demonstration,
    Event,
    Guidelines,
    Lease,
    Prompt,
    Ranker,
    Revision,
    Split,
)
from annotation.queues import Conflict, Saved

Status, Origin = Demonstration.Status, Demonstration.Origin
HELD_OUT = "This prompt is held out to test the model, so nobody writes an answer for it."
NOT_IN_HAND = "Rank these answers first, or take them from the queue: then you can write a better one."
HAVE_ONE = "You have an answer to this prompt already. It is shown here; nothing has been saved over it."


def may_correct(comparison: Comparison, user: User) -> bool:
    """Those who have it in hand, and those who have judged it."""
    if comparison.prompt.split == Split.EVALUATION:
        return False
    in_hand = Lease.objects.live().filter(kind=Lease.Kind.RANK, item_id=comparison.pk, user=user, release="")
    return comparison.rankings.filter(ranker=user).exists() or in_hand.exists()


def own_answer(prompt: Prompt, user: User) -> Demonstration | None:
    return Demonstration.objects.filter(prompt=prompt, author=user).first()


def save_draft(
    *, comparison: Comparison, by: User, text: str, version: int, edited: Candidate | None = None
) -> Saved | Conflict:
    """Keep what is typed as this person's own answer to the prompt, of which they have one."""
    _refuse(comparison, by)
    with transaction.atomic():
        queues.lock(comparison.prompt.project)
        mine = _own_for_writing(comparison.prompt, by)
        if mine.text == text and mine.version:
            return Saved(mine.version, mine.saved_at)
        if mine.status in CLOSED:
            return Conflict(mine.version, {"text": mine.text}, HAVE_ONE)
        if mine.version != version and not mine._state.adding:
            return Conflict(mine.version, {"text": mine.text})
        _set_text(mine, text, edited, by)
        mine.save()
    return Saved(mine.version, mine.saved_at)


def correct(
    *,
    comparison: Comparison,
    by: User,
    text: str,
    version: int = 0,
    edited: Candidate | None = None,
    guidelines: Guidelines | None = None,
    active_seconds: float = 0.0,
) -> Correction | Conflict:
    """Hand in a better answer: than `edited`, which it was made from, or than every candidate.

    It goes to the reviewers as any response does. One that its author has begun or got back becomes this one, and its
    text stays among the revisions; one that is with the reviewers already, or approved, is not touched.
    """
    prompt, project = comparison.prompt, comparison.prompt.project
    _refuse(comparison, by)
    with transaction.atomic():
        queues.lock(project)
        mine = _own_for_writing(prompt, by)
        if mine.status in CLOSED:
            if mine.text != text:
                return Conflict(mine.version, {"text": mine.text}, HAVE_ONE)
            return _linked(comparison, mine, edited, by)
        if mine.text != text and mine.version != version and not mine._state.adding:
            return Conflict(mine.version, {"text": mine.text})
        _set_text(mine, text, edited, by)
        mine.status, mine.submitted_at, mine.guidelines = Status.SUBMITTED, timezone.now(), guidelines
        mine.active_seconds += active_seconds
        mine.compared = False
        mine.save()
        Revision.objects.create(demonstration=mine, text=text, status=mine.status, created_by=by)
        Prompt.objects.filter(pk=prompt.pk).recount_answers()
        queues.finish(Lease.Kind.WRITE, prompt.pk, by)
        number = guidelines.version if guidelines else None
        Event.record("submitted a response", mine, by=by, project=project, guidelines=number, origin=mine.origin)
        return _linked(comparison, mine, edited, by)


def use_own_answer(*, comparison: Comparison, by: User, edited: Candidate | None = None) -> Correction:
    """Say that one's own answer, with the reviewers or approved, is better than these."""
    _refuse(comparison, by)
    with transaction.atomic():
        queues.lock(comparison.prompt.project)
        mine = own_answer(comparison.prompt, by)
        if mine is None or mine.status not in CLOSED:
            raise Refused("You have not handed in an answer to this prompt. Write one here.")
        return _linked(comparison, mine, edited, by)


def why_not(comparison: Comparison) -> str:
    return HELD_OUT if comparison.prompt.split == Split.EVALUATION else NOT_IN_HAND


def _refuse(comparison: Comparison, by: User) -> None:
    if not may_correct(comparison, by):
        raise Refused(why_not(comparison))


def _own_for_writing(prompt: Prompt, by: User) -> Demonstration:
    mine = Demonstration.objects.select_for_update().filter(prompt=prompt, author=by).first()
    return mine or Demonstration(prompt=prompt, author=by)


def _set_text(mine: Demonstration, text: str, edited: Candidate | None, by: User) -> None:
    """What was begun as something else stays readable: it joins the revisions, unless it is among them."""
    origin = Origin.EDITED if edited else Origin.BETTER
    begun_otherwise = mine.text.strip() and mine.origin != origin and mine.text != text
    if begun_otherwise and not mine.revisions.filter(text=mine.text).exists():
        Revision.objects.create(demonstration=mine, text=mine.text, status=Status.DRAFT, created_by=by)
    mine.text, mine.origin = text, origin
    mine.version += 1


def _linked(comparison: Comparison, mine: Demonstration, edited: Candidate | None, by: User) -> Correction:
    made, fresh = Correction.objects.get_or_create(
        comparison=comparison, demonstration=mine, edited=edited, defaults={"created_by": by}
    )
    if fresh:
        Ranker.let_stand(comparison)
        Event.record("gave a better answer", comparison, by=by, project=comparison.prompt.project)
    return made
