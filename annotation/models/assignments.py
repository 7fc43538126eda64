from __future__ import annotations

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q

from annotation.models.leases import Lease
from annotation.models.projects import Project, Role


class Assignment(models.Model):
    """An item for named people, or for a role: once it has an assignment, nobody else is handed it.

    `item_id` is what a lease of this kind has, without a foreign key for the same reason.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="assignments")
    kind = models.CharField(max_length=10, choices=Lease.Kind.choices)
    item_id = models.UUIDField()
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="assignments")
    role = models.CharField(max_length=10, choices=Role.choices, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["kind", "item_id"]), models.Index(fields=["user", "kind", "project"])]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "item_id", "user"], condition=Q(role=""), name="assigned_to_a_person_once"
            ),
            models.UniqueConstraint(
                fields=["kind", "item_id", "role"], condition=~Q(role=""), name="assigned_to_a_role_once"
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=False, role="") | (Q(user__isnull=True) & ~Q(role="")),
                name="assigned_to_a_person_or_a_role",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user_id or self.role}"
