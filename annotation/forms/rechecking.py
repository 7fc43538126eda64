from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms


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
    task_type = forms.CharField(
        label="Only this task type", required=False, max_length=80, help_text="Empty: every task type."
    )

    def __init__(self, *args: Any, versions: Sequence[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["versions"]
        chosen.choices = [(number, f"version {number}" if number else "no version (imported)") for number in versions]
        self.initial.setdefault("versions", [number for number in versions if number])  # whoever imports wrote little

    def asked(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "versions": data["versions"],
            "responses": "responses" in data["kinds"],
            "rankings": "rankings" in data["kinds"],
            "task_type": data["task_type"] or None,
        }
