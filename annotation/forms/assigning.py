from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from annotation.actions.assigning import ONE_APPROVES
from annotation.arranging import APPROVE, RANK, WRITE
from annotation.forms.fields import field_of
from annotation.forms.projects import MOST_PER_ITEM
from annotation.models import Priority, Project, Role, name_of

WORK = [(WRITE, "Writing"), (RANK, "Ranking"), (APPROVE, "Approving what is written")]


class ArrangeForm(forms.Form):
    """What is to change for the prompts that fit; a field that is left alone changes nothing."""

    work = forms.ChoiceField(label="For", choices=WORK, initial=WRITE)
    assign = forms.ChoiceField(
        label="Who gets them",
        required=False,
        choices=[("", "As it is"), ("everybody", "Everybody"), ("named", "Only these people and roles")],
    )
    people = forms.MultipleChoiceField(label="People", required=False, widget=forms.CheckboxSelectMultiple)
    roles = forms.MultipleChoiceField(
        label="Roles", required=False, choices=Role.choices, widget=forms.CheckboxSelectMultiple
    )
    priority = forms.ChoiceField(
        label="When they come",
        required=False,
        choices=[("", "As it is"), *((str(v), name) for v, name in Priority.choices)],
    )
    needed = forms.IntegerField(
        label="People per item",
        required=False,
        min_value=1,
        max_value=MOST_PER_ITEM,
        help_text="How many people write for each prompt, or rank each set of candidates. Empty: as it is.",
    )

    def __init__(self, data: Any = None, *, project: Project) -> None:
        super().__init__(data)
        members = [each.user for each in project.memberships.select_related("user")]
        self.members = {str(user.pk): user for user in members}
        field_of(self, "people", forms.MultipleChoiceField).choices = [
            (pk, name_of(user)) for pk, user in self.members.items()
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        named = data.get("people") or data.get("roles")
        if data.get("assign") == "named" and not named and not self.errors:
            self.add_error("people", "Choose at least one person or role, or give them to everybody.")
        if named and data.get("assign") != "named" and not self.errors:
            self.add_error("assign", "Choose “Only these people and roles” to assign to those chosen below.")
        for name in ("priority", "needed"):
            if data.get("work") == APPROVE and data.get(name):
                self.add_error(name, ONE_APPROVES)
        if not self.errors and not (data.get("assign") or data.get("priority") or data.get("needed")):
            raise ValidationError("Choose what to change.")
        return data

    def changes(self) -> dict[str, Any]:
        """As `arrange` takes them."""
        data = self.cleaned_data
        everybody: tuple[list[User], list[str]] = ([], [])
        named = ([self.members[pk] for pk in data["people"]], data["roles"])
        return {
            "work": data["work"],
            "assign": {"everybody": everybody, "named": named}.get(data["assign"]),
            "priority": int(data["priority"]) if data["priority"] else None,
            "people": data["needed"],
        }
