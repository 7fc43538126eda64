from __future__ import annotations

from collections.abc import Iterable

from django.db import models

from annotation.models.projects import Priority, Project, Role


class Assignment(models.Model):
    """People and roles for whom items are kept: what points here (a prompt, a comparison, the outputs of an evaluation)
    is handed to nobody else.

    One row for each set of them, however many items it has: the queue looks for the first open item of each set that
    names somebody, and never walks over the items of others.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="assignments")
    people = models.JSONField(default=list, help_text="Ids of users, in order.")
    roles = models.JSONField(default=list)
    key = models.CharField(max_length=500, help_text="Both, as text: what makes two sets the same.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["project", "key"], name="one_assignment_per_set")]

    def __str__(self) -> str:
        return self.key

    @classmethod
    def of(cls, project: Project, people: Iterable[int], roles: Iterable[str]) -> Assignment | None:
        """The row of this set; None for the empty one, which means everybody."""
        chosen, named = sorted(set(people)), [role for role in Role.values if role in set(roles)]
        if not chosen and not named:
            return None
        key = " ".join([*named, *map(str, chosen)])
        if not project.has_assignments:
            project.has_assignments = True
            project.save(update_fields=["has_assignments"])
        return cls.objects.get_or_create(project=project, key=key, defaults={"people": chosen, "roles": named})[0]


class Assignable(models.Model):
    """Waits in a queue: when it comes, and for whom."""

    priority = models.SmallIntegerField(choices=Priority.choices, default=Priority.USUAL)
    assignment = models.ForeignKey(
        Assignment,
        on_delete=models.SET_NULL,
        null=True,
        db_index=False,
        related_name="+",
        help_text="For whom; none: for everybody.",
    )

    class Meta:
        abstract = True
