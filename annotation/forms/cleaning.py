from __future__ import annotations

from typing import Any

from django import forms

from annotation.cleaning import KINDS
from annotation.forms.fields import LinesField
from annotation.models import Decision, Finding, Scope

GROUPS = {
    "personal": "Personal data",
    "wording": "Wording",
    "whole text": "The text as a whole",
    "between texts": "Texts with one another",
}
CHOICES = [
    (label, [(kind.name, kind.title) for kind in KINDS.values() if kind.group == group])
    for group, label in GROUPS.items()
]
TITLES = [(kind.name, kind.title) for kind in KINDS.values()]


class RunForm(forms.Form):
    scopes = forms.MultipleChoiceField(
        label="Which texts",
        choices=Scope.choices,
        initial=Scope.values,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose which texts to look at."},
    )
    kinds = forms.MultipleChoiceField(
        label="What to look for",
        choices=CHOICES,
        initial=list(KINDS),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose what to look for."},
    )


class FindingsFilter(forms.Form):
    """What is left out chooses nothing; what was made up is passed over."""

    kind = forms.ChoiceField(label="Kind", required=False, choices=[("", "Every kind"), *CHOICES])
    status = forms.ChoiceField(label="State", required=False, choices=Finding.Status.choices, initial="open")

    def __init__(self, data: Any) -> None:
        super().__init__({"status": "open", **{name: data[name] for name in ("kind", "status") if data.get(name)}})
        self.is_valid()

    @property
    def chosen(self) -> dict[str, str]:
        data = self.cleaned_data
        return {"kind": data.get("kind", ""), "status": data.get("status") or Finding.Status.OPEN}


class DecisionForm(forms.Form):
    act = forms.ChoiceField(choices=Decision.choices)
    replacement = forms.CharField(label="What stands there instead", required=False, strip=False)

    @property
    def typed(self) -> str | None:
        """None where the field was not sent at all: what was proposed is taken."""
        return self.cleaned_data["replacement"] if "replacement" in self.data else None


class DecideAllForm(forms.Form):
    kind = forms.ChoiceField(label="Kind", choices=TITLES)
    act = forms.ChoiceField(choices=[choice for choice in Decision.choices if choice[0] != Decision.UNDO])
    expected = forms.IntegerField(required=False, min_value=0)


class TermForm(forms.Form):
    preferred = forms.CharField(label="Preferred form", max_length=120)
    variants = LinesField(label="Other forms to replace", rows=3, help_text="One on each line.")
    note = forms.CharField(label="Note", max_length=300, required=False)


class PatternForm(forms.Form):
    name = forms.CharField(label="What it finds", max_length=60, help_text="For example: Client number.")
    expression = forms.CharField(
        label="Pattern",
        max_length=200,
        strip=False,
        help_text="A regular expression, such as KL-\\d{4,6} for KL- and four to six digits.",
    )
