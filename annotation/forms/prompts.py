from __future__ import annotations

from typing import Any

from django import forms

from annotation import selection
from annotation.forms.fields import field_of
from annotation.models import Demonstration, Difficulty, Priority, Project, PromptQuerySet, Split

MOST_TASK_TYPES = 200


class PromptFilterForm(forms.Form):
    """What the list shows. Nonsense in the address filters nothing; it never fails."""

    q = forms.CharField(label="Search", required=False, max_length=200)
    split = forms.ChoiceField(required=False, choices=[("", "All"), *Split.choices])
    status = forms.ChoiceField(
        label="Response",
        required=False,
        choices=[("", "All"), ("none", "None yet"), *Demonstration.Status.choices],
    )
    task_type = forms.ChoiceField(required=False)
    difficulty = forms.ChoiceField(
        required=False, choices=[("", "All"), *((str(value), label) for value, label in Difficulty.choices)]
    )
    priority = forms.ChoiceField(
        required=False, choices=[("", "All"), *((str(value), label) for value, label in Priority.choices)]
    )
    assigned = forms.ChoiceField(required=False, choices=[("", "All"), ("yes", "To somebody"), ("no", "To nobody")])

    def __init__(self, data: Any, *, project: Project) -> None:
        super().__init__(data)
        self.project = project
        types = selection.task_types(project, MOST_TASK_TYPES)
        field_of(self, "task_type", forms.ChoiceField).choices = [("", "All"), *((kind, kind) for kind in types)]
        self.is_valid()

    def chosen(self) -> dict[str, str]:
        return {name: self.cleaned_data.get(name, "") for name in self.fields}

    def matching(self) -> PromptQuerySet:
        return selection.matching(self.project, self.chosen())
