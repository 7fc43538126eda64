"""What somebody who ranks sends. Letters are all that the browser knows of a candidate."""

from __future__ import annotations

from typing import Any

from django import forms

from annotation.forms.work import LongText, WorkForm
from annotation.ranking import LETTERS


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
