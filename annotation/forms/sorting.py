from __future__ import annotations

from typing import Any

from django import forms

from annotation.models import Difficulty


class KindForm(forms.Form):
    """What to say of the prompts that fit; a field that is left alone changes nothing."""

    task_type = forms.CharField(label="Task type", required=False, max_length=80, help_text="Empty: as it is.")
    difficulty = forms.ChoiceField(
        label="Difficulty",
        required=False,
        choices=[
            ("", "As it is"),
            *((str(value), label) for value, label in Difficulty.choices),
            ("0", "As estimated"),
        ],
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("task_type") and not data.get("difficulty") and not self.errors:
            raise forms.ValidationError("Choose a task type or a difficulty.")
        return data

    def chosen(self) -> dict[str, Any]:
        data = self.cleaned_data
        said = int(data["difficulty"]) if data["difficulty"] else None
        return {"task_type": data["task_type"].strip() or None, "difficulty": said}
