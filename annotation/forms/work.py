"""What experts and reviewers send from their work screens."""

from __future__ import annotations

from typing import Any

from django import forms

from annotation.forms.quiet import QuietForm
from annotation.models import Demonstration, Guidelines, Project
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


class WorkForm(QuietForm):
    """`version` is the save the person's page started from; `guidelines` the version they had beside it."""

    version = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)
    guidelines = forms.IntegerField(min_value=0, max_value=2**31 - 1, required=False, widget=forms.HiddenInput)

    def guidelines_seen(self, project: Project) -> Guidelines | None:
        return project.guidelines.filter(version=self.cleaned_data.get("guidelines") or 0).first()


class WritingForm(WorkForm):
    """`difficulty` is its author's mark, for rounds that go from easy to hard."""

    difficulty = forms.TypedChoiceField(
        label="How hard was it?",
        choices=[("", "Not marked"), *Demonstration.Difficulty.choices],
        coerce=int,
        empty_value=None,
        required=False,
    )


class ResponseForm(WritingForm):
    text = LongText(label="Your response", error_messages={"required": "Write a response before you submit."})

    def clean_text(self) -> str:
        text = self.cleaned_data["text"].strip()
        if not text:
            raise forms.ValidationError("Write a response before you submit.")
        return text


class DraftForm(WritingForm):
    """The same fields, unfinished: anything goes, even nothing."""

    text = LongText(required=False)


class ApproveForm(QuietForm):
    """`response` is the version of the text that the reviewer has read."""

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
    """What one thinks of the letters. Letters are all that the browser knows of a candidate."""

    reason = LongText(required=False, max_length=5_000, label="Why")
    bad_without_reason = "Say why all are bad."

    def __init__(self, *args: Any, candidates: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.letters = LETTERS[:candidates]

    def clean_reason(self) -> str:
        return self.cleaned_data["reason"].strip()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.is_all_bad(cleaned) and not cleaned.get("reason") and "reason" not in self.errors:
            self.add_error("reason", self.bad_without_reason)
        return cleaned

    def is_all_bad(self, cleaned: dict[str, Any]) -> bool:
        return bool(cleaned.get("all_bad"))

    def place_of(self, letter: str) -> str:
        return str(self.cleaned_data[place_name(letter)])

    def judgement(self) -> tuple[list[list[str]], bool]:
        """The letters, best first and those that tie in one group; and whether all are bad, which ties them all."""
        all_bad = self.is_all_bad(self.cleaned_data)
        places: dict[str, list[str]] = {}
        for letter in self.letters:
            places.setdefault("" if all_bad else self.place_of(letter), []).append(letter)
        return [places[place] for place in sorted(places)], all_bad


class PairForm(RankingForm):
    """Two candidates: one choice, whose values are its keys as well."""

    TIE, BAD = "t", "0"
    UNSAID = "Choose one of the four."
    choice = forms.ChoiceField(
        label="Which answer is better?",
        choices=[("a", "A is better"), (TIE, "Tie"), ("b", "B is better"), (BAD, "Both are bad")],
        widget=forms.RadioSelect,
        error_messages={"required": UNSAID, "invalid_choice": UNSAID},
    )
    bad_without_reason = "Say why both are bad."

    def is_all_bad(self, cleaned: dict[str, Any]) -> bool:
        return cleaned.get("choice") == self.BAD

    def place_of(self, letter: str) -> str:
        return "1" if self.cleaned_data["choice"] in (self.TIE, letter.lower()) else "2"


class PlacesForm(RankingForm):
    """Three and more: a place for each."""

    all_bad = forms.BooleanField(required=False, label="All are bad")

    def __init__(self, *args: Any, candidates: int, **kwargs: Any) -> None:
        super().__init__(*args, candidates=candidates, **kwargs)
        best_to_worst = [(str(place), str(place)) for place in range(1, candidates + 1)]
        best_to_worst[0] = ("1", "1 (best)")
        for letter in self.letters:
            self.fields[place_name(letter)] = forms.ChoiceField(
                label=f"Place of {letter}", choices=[("", "–"), *best_to_worst], required=False
            )

    def place_fields(self) -> list[forms.BoundField]:
        return [self[place_name(letter)] for letter in self.letters]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        unplaced = [letter for letter in self.letters if not cleaned.get(place_name(letter))]
        if unplaced and not cleaned.get("all_bad"):
            raise forms.ValidationError(_ask_for(unplaced))
        return cleaned


def place_name(letter: str) -> str:
    return f"rank-{letter.lower()}"


def ranking_form(*args: Any, candidates: int, **kwargs: Any) -> PairForm | PlacesForm:
    return (PairForm if candidates == 2 else PlacesForm)(*args, candidates=candidates, **kwargs)


def _ask_for(unplaced: list[str]) -> str:
    if len(unplaced) == 1:
        return f"Give {unplaced[0]} a place."
    return f"Give {', '.join(unplaced[:-1])} and {unplaced[-1]} a place."
