"""What people say about a prompt: remarks, notes to themselves, flags."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotation import threads
from annotation.actions import Refused
from annotation.models import Comment, Event, Flag, Prompt, ThreadRead


def remark(*, prompt: Prompt, by: User, text: str) -> Comment:
    with transaction.atomic():
        made = Comment.objects.create(prompt=prompt, author=by, text=text)
        if not threads.waits(prompt, by):  # else what others have said is still to be read
            mark_read(prompt=prompt, by=by)
        Event.record("remarked on a prompt", made, by=by, project=prompt.project)
    return made


def keep_note(*, prompt: Prompt, by: User, text: str) -> None:
    """One note for each prompt and person; an empty one is none."""
    mine = Comment.objects.filter(prompt=prompt, author=by, private=True)
    if not text:
        mine.delete()
        return
    if mine.update(text=text):
        return
    try:
        with transaction.atomic():
            Comment.objects.create(prompt=prompt, author=by, text=text, private=True)
    except IntegrityError:  # leaving the field and sending it came at once
        mine.update(text=text)


def raise_flag(*, prompt: Prompt, by: User, reason: str) -> Flag:
    try:
        with transaction.atomic():
            made = Flag.objects.create(prompt=prompt, raised_by=by, reason=reason)
            Event.record("flagged a prompt", made, by=by, project=prompt.project)
    except IntegrityError as error:
        raise Refused("You have flagged this prompt already; a reviewer looks at it.") from error
    return made


def lower_flag(*, prompt: Prompt, by: User) -> None:
    """Its own author takes it back, as long as nobody has closed it."""
    with transaction.atomic():
        mine = Flag.objects.open().filter(prompt=prompt, raised_by=by).first()
        if mine is None:
            raise Refused("Your flag has been closed already.")
        _close(mine, by, "Taken back by whoever raised it.", "took a flag back")


def close_flag(*, flag: Flag, by: User, outcome: str) -> None:
    with transaction.atomic():
        _close(flag, by, outcome, "closed a flag")


def _close(flag: Flag, by: User, outcome: str, verb: str) -> None:
    closed = Flag.objects.open().filter(pk=flag.pk)
    if not closed.update(closed_by=by, closed_at=timezone.now(), outcome=outcome):
        raise Refused("Somebody else has closed this flag already.")
    Event.record(verb, flag, by=by, project=flag.prompt.project, outcome=outcome)


def mark_read(*, prompt: Prompt, by: User) -> None:
    """Up to now."""
    ThreadRead.objects.update_or_create(prompt=prompt, user=by, defaults={"read_at": timezone.now()})
