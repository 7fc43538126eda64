from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from annotation.models import Project

EVERY = "*"
MOST_TASK_TYPES = 50


class AskAgainForm(forms.Form):
    """Which earlier work goes back to its authors."""

    versions = forms.TypedMultipleChoiceField(
        label="Done under",
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one version."},
    )
    kinds = forms.MultipleChoiceField(
        label="What",
        choices=[("responses", "Responses"), ("rankings", "Rankings")],
        initial=["responses", "rankings"],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose responses, rankings or both."},
    )
    task_type = forms.ChoiceField(label="Task type", required=False, initial=EVERY)

    def __init__(self, *args: Any, project: Project, versions: Sequence[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["versions"]
        chosen.choices = [(number, f"version {number}") for number in versions]
        self.initial.setdefault("versions", list(versions))
        types = project.prompts.order_by("task_type").values_list("task_type", flat=True).distinct()[:MOST_TASK_TYPES]
        named: Any = self.fields["task_type"]
        named.choices = [(EVERY, "Every task type"), *((name, name or "Without a task type") for name in types)]

    def asked(self) -> dict[str, Any]:
        data = self.cleaned_data
        task_type = data["task_type"]
        return {
            "versions": data["versions"],
            "responses": "responses" in data["kinds"],
            "rankings": "rankings" in data["kinds"],
            "task_type": None if task_type == EVERY else task_type,
        }
