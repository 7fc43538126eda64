"""What experts and reviewers send from their work screens."""

from __future__ import annotations

from typing import Any

from django import forms

from annotation.models import Guidelines, Project
from annotation.ranking import LETTERS

LONGEST = 100_000


class LongText(forms.CharField):
    """A text as it was typed: nothing stripped, line ends as on every other system."""

    widget = forms.Textarea

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"strip": False, "max_length": LONGEST, **kwargs})

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n").replace("\r", "\n")

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        # a browser would cut a longer text off silently; the server says so instead
        return {name: value for name, value in super().widget_attrs(widget).items() if name != "maxlength"}


class WorkForm(forms.Form):
    """`version` is the save the person's page started from; `guidelines` the version they had beside it."""

    use_required_attribute = False  # the message stands beside the field, in our words
    version = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)
    guidelines = forms.IntegerField(min_value=0, max_value=2**31 - 1, required=False, widget=forms.HiddenInput)

    def guidelines_seen(self, project: Project) -> Guidelines | None:
        return project.guidelines.filter(version=self.cleaned_data.get("guidelines") or 0).first()


class ResponseForm(WorkForm):
    text = LongText(label="Your response", error_messages={"required": "Write a response before you submit."})

    def clean_text(self) -> str:
        text = self.cleaned_data["text"].strip()
        if not text:
            raise forms.ValidationError("Write a response before you submit.")
        return text


class DraftForm(WorkForm):
    """The same fields, unfinished: anything goes, even nothing."""

    text = LongText(required=False)


class ApproveForm(forms.Form):
    """`response` is the version of the text that the reviewer has read."""

    use_required_attribute = False
    response = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)


class FixForm(ApproveForm):
    text = LongText(label="The response", error_messages={"required": "The response cannot be empty."})

    def clean_text(self) -> str:
        text = self.cleaned_data["text"].strip()
        if not text:
            raise forms.ValidationError("The response cannot be empty.")
        return text


class ReturnForm(ApproveForm):
    note = LongText(
        label="What should the author change?",
        help_text="They see this above their text when they open it again.",
        max_length=5_000,
        error_messages={"required": "Say what to change, so that the author knows."},
    )

    def clean_note(self) -> str:
        note = self.cleaned_data["note"].strip()
        if not note:
            raise forms.ValidationError("Say what to change, so that the author knows.")
        return note


class RankingForm(WorkForm):
    """A place for each letter. Letters are all that the browser knows of a candidate."""

    all_bad = forms.BooleanField(required=False, label="None is acceptable")
    reason = LongText(
        required=False,
        max_length=5_000,
        label="Why",
        help_text="A sentence on what decided it. Needed when none is acceptable.",
    )

    def __init__(self, *args: Any, candidates: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.letters = LETTERS[:candidates]
        best_to_worst = [(str(place), str(place)) for place in range(1, candidates + 1)]
        best_to_worst[0] = ("1", "1 (best)")
        for letter in self.letters:
            self.fields[f"rank-{letter.lower()}"] = forms.ChoiceField(
                label=f"Place of {letter}", choices=[("", "–"), *best_to_worst], required=False
            )

    def place_fields(self) -> list[forms.BoundField]:
        return [self[f"rank-{letter.lower()}"] for letter in self.letters]

    def clean_reason(self) -> str:
        return self.cleaned_data["reason"].strip()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("all_bad"):
            if not cleaned.get("reason") and "reason" not in self.errors:
                self.add_error("reason", "Say why none is acceptable.")
            return cleaned
        unplaced = [letter for letter in self.letters if not cleaned.get(f"rank-{letter.lower()}")]
        if unplaced:
            raise forms.ValidationError(self._ask_for(unplaced))
        return cleaned

    def groups(self) -> list[list[str]]:
        """The letters, best first; equal places in one group. All of them tie when none is acceptable."""
        places: dict[str, list[str]] = {}
        for letter in self.letters:
            place = "" if self.cleaned_data["all_bad"] else self.cleaned_data[f"rank-{letter.lower()}"]
            places.setdefault(place, []).append(letter)
        return [places[place] for place in sorted(places)]

    def _ask_for(self, unplaced: list[str]) -> str:
        if len(self.letters) == 2:
            return "Say which is better, or that they are equally good."
        if len(unplaced) == 1:
            return f"Give {unplaced[0]} a place."
        return f"Give {', '.join(unplaced[:-1])} and {unplaced[-1]} a place."
