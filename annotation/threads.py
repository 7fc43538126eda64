"""Whose threads are whose: who may read what is said about a prompt, and what of it is new to them."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Coalesce

from annotation.access import SENIOR
from annotation.models import Comment, Comparison, Demonstration, Flag, Lease, Prompt, PromptQuerySet, ThreadRead


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


def with_talk(prompts: PromptQuerySet, user: User) -> PromptQuerySet:
    """Each with what the work screens show of its talk: the number of remarks, one's own note, one's own open flag."""
    remarks = Comment.objects.filter(prompt_id=OuterRef("pk"), private=False).order_by().values("prompt_id")
    own_note = Comment.objects.filter(prompt_id=OuterRef("pk"), private=True, author=user).values("text")[:1]
    own_flag = Flag.objects.open().filter(prompt_id=OuterRef("pk"), raised_by=user)
    read = ThreadRead.objects.filter(prompt_id=OuterRef("pk"), user=user).values("read_at")[:1]
    last = Comment.objects.filter(prompt_id=OuterRef("pk"), private=False).exclude(author=user)
    return prompts.annotate(
        remarks=Coalesce(Subquery(remarks.annotate(number=Count("pk")).values("number")), 0),
        own_note=Coalesce(Subquery(own_note), Value(""), output_field=TextField()),
        own_flag=Subquery(own_flag.values("reason")[:1]),
        read_up_to=Subquery(read),
        last_remark=Subquery(last.order_by("-created_at").values("created_at")[:1]),
    )


def is_unread(prompt: Prompt) -> bool:
    """Of one that came `with_talk`."""
    last, read = getattr(prompt, "last_remark", None), getattr(prompt, "read_up_to", None)
    return last is not None and (read is None or read < last)
