"""What a reviewer says of a comparison on behalf of everybody: a decision, or a known answer."""

from __future__ import annotations

from typing import Any

from django import forms

from annotation.forms.ranking import PairForm, place_name
from annotation.forms.work import LongText

Order = list[list[str]]


class VerdictForm(forms.Form):
    """One choice for two answers, a place for each of several; letters only."""

    def __init__(self, *args: Any, letters: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.letters = letters
        self.two = len(letters) == 2
        if self.two:
            self.fields["choice"] = forms.ChoiceField(
                label="Which answer is better?",
                choices=[*PairForm.WORDS.items(), (PairForm.BAD, "Both are bad")],
                widget=forms.RadioSelect,
                error_messages={"required": PairForm.UNSAID, "invalid_choice": PairForm.UNSAID},
            )
            return
        places = [(str(place), str(place)) for place in range(1, len(letters) + 1)]
        for letter in letters:
            self.fields[place_name(letter)] = forms.ChoiceField(
                label=f"Place of {letter}", choices=[("", "–"), *places], required=False
            )
        self.fields["all_bad"] = forms.BooleanField(label="All are bad", required=False)

    def place_fields(self) -> list[forms.BoundField]:
        return [] if self.two else [self[place_name(letter)] for letter in self.letters]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.two and not cleaned.get("all_bad"):
            unplaced = [letter for letter in self.letters if not cleaned.get(place_name(letter))]
            if unplaced:
                raise forms.ValidationError(f"Give every answer a place: {', '.join(unplaced)}.")
        return cleaned

    def verdict(self) -> tuple[Order, int | None, bool]:
        """In letters: the order, how much better the first of two is, and whether all are bad."""
        cleaned = self.cleaned_data
        if cleaned.get("all_bad") or cleaned.get("choice") == PairForm.BAD:
            return [self.letters], None, True
        if self.two:
            order, strength = PairForm.SCALE[cleaned["choice"]]
            return [list(group) for group in order], strength, False
        places: dict[str, list[str]] = {}
        for letter in self.letters:
            places.setdefault(cleaned[place_name(letter)], []).append(letter)
        return [places[place] for place in sorted(places)], None, False


def filled(order: Order, strength: int | None, all_bad: bool) -> dict[str, Any]:
    """The fields that say this, in letters."""
    if sum(map(len, order)) == 2:
        if all_bad:
            return {"choice": PairForm.BAD}
        point = next((value for value, said in PairForm.SCALE.items() if said == (order, strength or 1)), "3")
        return {"choice": point}
    if all_bad:
        return {"all_bad": True}
    return {place_name(letter): str(at) for at, group in enumerate(order, 1) for letter in group}


class DecisionForm(VerdictForm):
    reason = LongText(
        label="Why", max_length=5_000, error_messages={"required": "Say why: the others learn how to judge from it."}
    )


class KnownAnswerForm(VerdictForm):
    explanation = LongText(
        label="Why this is the answer",
        max_length=5_000,
        required=False,
        help_text="Shown to people in training beside what they said. Nobody sees it in production.",
    )
    for_training = forms.BooleanField(
        label="For training",
        required=False,
        help_text="New people judge it before they begin, and see the answer afterwards. Otherwise it comes among the "
        "usual comparisons, and nothing tells it from them.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("for_training") and not (cleaned.get("explanation") or "").strip():
            self.add_error("explanation", "In training people learn from the explanation. Write one.")
        return cleaned
