from __future__ import annotations

from django.db import models

from annotation.models.projects import Project


class BiasLists(models.Model):
    """What a project adds to the word lists: groups and outcomes as {"name", "terms"}, party roles as pairs."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="bias_lists")
    groups = models.JSONField(default=list)
    outcomes = models.JSONField(default=list, help_text="Empty: our own list.")
    roles = models.JSONField(default=list, help_text="Pairs that copies exchange, such as landlord and tenant.")

    def __str__(self) -> str:
        return f"word lists of {self.project_id}"

    @classmethod
    def of(cls, project: Project) -> BiasLists:
        """The project's, or empty ones that are not stored yet."""
        return cls.objects.filter(project=project).first() or cls(project=project)
