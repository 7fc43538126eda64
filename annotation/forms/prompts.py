from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q

from annotation.forms.fields import field_of
from annotation.models import Demonstration, Project, PromptQuerySet, Split

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

    def __init__(self, data: Any, *, project: Project) -> None:
        super().__init__(data)
        types = project.prompts.order_by("task_type").exclude(task_type="").values_list("task_type", flat=True)
        field_of(self, "task_type", forms.ChoiceField).choices = [
            ("", "All"),
            *((kind, kind) for kind in types.distinct()[:MOST_TASK_TYPES]),
        ]
        self.is_valid()

    def chosen(self) -> dict[str, str]:
        return {name: self.cleaned_data.get(name, "") for name in self.fields}

    def matching(self, prompts: PromptQuerySet) -> PromptQuerySet:
        chosen = self.chosen()
        prompts = prompts.filter(**{name: chosen[name] for name in ("split", "task_type") if chosen[name]})
        if chosen["status"]:
            prompts = prompts.with_response(chosen["status"])
        for word in chosen["q"].split()[:8]:
            prompts = prompts.filter(
                Q(instruction__icontains=word)
                | Q(input__icontains=word)
                | Q(external_id__icontains=word)
                | Q(group__icontains=word)
            )
        return prompts
