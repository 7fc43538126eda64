"""Whose threads are whose: who may read what is said about a prompt, and what of it is new to them."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import BooleanField, Exists, OuterRef, Q, QuerySet, Subquery, Value

from annotation.access import SENIOR
from annotation.models import Comment, Comparison, Demonstration, Flag, Lease, Membership, Prompt, ThreadRead

DRAFT = Demonstration.Status.DRAFT


# Of a remark or a flag, its project. No join: a database that joins may begin with the prompts, a million perhaps.
OF_PROMPT = Subquery(Prompt.objects.filter(pk=OuterRef("prompt_id")).values("project_id")[:1])


def may_read(prompt: Prompt, user: User, role: str) -> bool:
    """Reviewers and admins; of experts, those who wrote for the prompt or are writing for it.

    What of it they read is another question: `readable_by`.
    """
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


def readable_by(user: User) -> Q:
    """Of remarks in threads that are open to this person: those they may read.

    While a prompt needs several answers, remarks are about others' answers too: an expert reads them once their own
    is handed in.
    """
    own = Demonstration.objects.filter(prompt_id=OuterRef("prompt_id"), author=user)
    handed_in = Exists(own.exclude(status=DRAFT))
    senior = Exists(Membership.objects.filter(project__prompts=OuterRef("prompt_id"), user=user, role__in=SENIOR))
    only_one = Exists(Prompt.objects.filter(pk=OuterRef("prompt_id"), answers_needed__lte=1))
    return Q(author=user) | Q(only_one) | Q(handed_in) | Q(senior)


def waits(prompt: Prompt, user: User) -> bool:
    """Whether others' remarks are kept from this person until their own answer is handed in: see `readable_by`."""
    if prompt.answers_needed <= 1 or prompt.project.role_of(user) in SENIOR:
        return False
    return not Demonstration.objects.filter(prompt=prompt, author=user).exclude(status=DRAFT).exists()


def remarks_for(user: User) -> QuerySet[Comment]:
    return Comment.objects.filter(readable_by(user), private=False)


def new_to(user: User) -> QuerySet[Comment]:
    """Remarks by others, later than this person's last look, on prompts that concern them.

    An expert wrote for them; a reviewer read a response to them; either has said something themselves.
    """
    read = ThreadRead.objects.filter(prompt_id=OuterRef("prompt_id"), user=user, read_at__gte=OuterRef("created_at"))
    mine = Demonstration.objects.filter(prompt_id=OuterRef("prompt_id")).filter(Q(author=user) | Q(reviewed_by=user))
    said = Comment.objects.filter(prompt_id=OuterRef("prompt_id"), author=user, private=False)
    others = remarks_for(user).exclude(author=user)
    return others.filter(Exists(mine) | Exists(said)).filter(~Exists(read))


@dataclass(frozen=True)
class Talk:
    """What the work screens show of it: the number of remarks, one's own note, one's own open flag."""

    remarks: int = 0
    unread: bool = False
    note: str = ""
    flag: str = ""


def talk_of(prompt: Prompt, user: User) -> Talk:
    """One question; more only where others have said something."""
    said = Comment.objects.visible_to(user).filter(prompt=prompt).order_by()
    flags = Flag.objects.open().filter(prompt=prompt, raised_by=user).order_by()
    rows = list(
        said.values_list("private", "author_id", "created_at", "text").union(
            flags.values_list(Value(None, output_field=BooleanField()), "raised_by_id", "raised_at", "reason"), all=True
        )
    )
    theirs = [at for private, author, at, _text in rows if private is False and author != user.pk]
    if theirs and waits(prompt, user):
        rows, theirs = [row for row in rows if row[1] == user.pk], []
    read = ThreadRead.objects.filter(prompt=prompt, user=user, read_at__gte=max(theirs)) if theirs else None
    return Talk(
        remarks=sum(private is False for private, *_rest in rows),
        unread=read is not None and not read.exists(),
        note=next((text for private, _author, _at, text in rows if private), ""),
        flag=next((text for private, _author, _at, text in rows if private is None), ""),
    )
