"""What people say to each other, and to themselves, about an item; and what they want somebody to look at."""

from __future__ import annotations

from typing import Self

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q

from annotation.models.projects import AnyUser, UUIDModel
from annotation.models.prompts import Prompt


class CommentQuerySet(models.QuerySet["Comment"]):
    def visible_to(self, user: AnyUser) -> Self:
        """Notes are their author's own."""
        return self.filter(Q(private=False) | Q(author_id=user.pk))


class Comment(UUIDModel):
    """One remark in the thread of a prompt, or a note that only its author sees."""

    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="comments")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    private = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CommentQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        indexes = [models.Index(fields=["prompt", "created_at"])]
        constraints = [
            models.UniqueConstraint(fields=["prompt", "author"], condition=Q(private=True), name="one_note_per_person")
        ]

    def __str__(self) -> str:
        return f"remark on {self.prompt_id}"


class FlagQuerySet(models.QuerySet["Flag"]):
    def open(self) -> Self:
        return self.filter(closed_at=None)


class Flag(UUIDModel):
    """Somebody found something wrong with a prompt or its candidates; an admin or reviewer closes it."""

    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="flags")
    reason = models.CharField(max_length=500)
    raised_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    raised_at = models.DateTimeField(auto_now_add=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=500, blank=True)

    objects = FlagQuerySet.as_manager()

    class Meta:
        ordering = ["raised_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["prompt", "raised_by"], condition=Q(closed_at=None), name="one_open_flag_per_person"
            )
        ]

    def __str__(self) -> str:
        return f"flag on {self.prompt_id}"


class ThreadRead(models.Model):
    """Up to when somebody has read the thread of a prompt."""

    prompt = models.ForeignKey(Prompt, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    read_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["prompt", "user"], name="one_place_in_a_thread")]

    def __str__(self) -> str:
        return f"thread of {self.prompt_id} read by {self.user_id}"
