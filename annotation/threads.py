"""Whose threads are whose: who may read what is said about a prompt, and what of it is new to them."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import BooleanField, Exists, OuterRef, Q, QuerySet, Value

from annotation.access import SENIOR
from annotation.models import Comment, Comparison, Demonstration, Flag, Lease, Prompt, ThreadRead


def may_read(prompt: Prompt, user: User, role: str) -> bool:
    """Reviewers and admins; of experts, those who wrote for the prompt or are writing for it."""
    if role in SENIOR:
        return True
    return _wrote(prompt, user) or Lease.objects.filter(kind=Lease.Kind.WRITE, item_id=prompt.pk, user=user).exists()


def may_flag(prompt: Prompt, user: User, role: str) -> bool:
    """Those too who have its candidates in front of them."""
    if may_read(prompt, user, role):
        return True
    comparisons = Comparison.objects.filter(prompt=prompt).values("pk")
    return Lease.objects.filter(kind=Lease.Kind.RANK, item_id__in=comparisons, user=user).exists()


def _wrote(prompt: Prompt, user: User) -> bool:
    return Demonstration.objects.filter(prompt=prompt, author=user).exists()


def new_to(user: User) -> QuerySet[Comment]:
    """Remarks by others, later than this person's last look, on prompts that concern them.

    An expert wrote for them; a reviewer read a response to them; either has said something themselves.
    """
    read = ThreadRead.objects.filter(prompt_id=OuterRef("prompt_id"), user=user, read_at__gte=OuterRef("created_at"))
    mine = Demonstration.objects.filter(prompt_id=OuterRef("prompt_id")).filter(Q(author=user) | Q(reviewed_by=user))
    said = Comment.objects.filter(prompt_id=OuterRef("prompt_id"), author=user, private=False)
    others = Comment.objects.filter(private=False).exclude(author=user)
    return others.filter(Exists(mine) | Exists(said)).filter(~Exists(read))


@dataclass(frozen=True)
class Talk:
    """What the work screens show of it: the number of remarks, one's own note, one's own open flag."""

    remarks: int = 0
    unread: bool = False
    note: str = ""
    flag: str = ""


def talk_of(prompt: Prompt, user: User) -> Talk:
    """One question; another only where others have said something."""
    said = Comment.objects.visible_to(user).filter(prompt=prompt).order_by()
    flags = Flag.objects.open().filter(prompt=prompt, raised_by=user).order_by()
    rows = list(
        said.values_list("private", "author_id", "created_at", "text").union(
            flags.values_list(Value(None, output_field=BooleanField()), "raised_by_id", "raised_at", "reason"), all=True
        )
    )
    last = max((at for private, author, at, _text in rows if private is False and author != user.pk), default=None)
    read = ThreadRead.objects.filter(prompt=prompt, user=user, read_at__gte=last) if last else None
    return Talk(
        remarks=sum(private is False for private, *_rest in rows),
        unread=read is not None and not read.exists(),
        note=next((text for private, _author, _at, text in rows if private), ""),
        flag=next((text for private, _author, _at, text in rows if private is None), ""),
    )
