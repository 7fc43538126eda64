"""What somebody who ranks sends. Letters are all that the browser knows of a candidate."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from annotation import marks as marking
from annotation import rubric
from annotation.forms.quiet import QuietForm
from annotation.forms.work import LongText, WorkForm
from annotation.models import Mark, Project, ReasonRequired
from annotation.ranking import Said
from annotation.widgets import FlatSelect, Line

CHIP = re.compile(r"chip-\d{1,2}")
QUOTES = 2  # of each answer, where no script helps to mark


def quote_names(letter: str) -> list[tuple[str, str]]:
    """Of the fields for words, and for what is wrong with them."""
    return [(f"quote-{letter.lower()}-{at}", f"kind-{letter.lower()}-{at}") for at in range(QUOTES)]


def quote_fields(letter: str) -> dict[str, forms.Field]:
    words, kinds = f"Words in {letter} with an error", Mark.Kind.choices
    fields: dict[str, forms.Field] = {}
    for name, named in quote_names(letter):
        fields[name] = forms.CharField(required=False, max_length=500, label=words, widget=Line)
        fields[named] = forms.ChoiceField(
            required=False, choices=kinds, label="What is wrong with them", widget=FlatSelect
        )
    return fields


def shown_quotes(form: forms.Form, letter: str) -> SafeString:
    fields = [(form[words], form[kind]) for words, kind in quote_names(letter)]
    return render_to_string("annotation/rank_quotes.html", {"letter": letter, "fields": fields})


@cache
def blank_quotes(letter: str) -> SafeString:
    """The same in every comparison: what is seldom seen need not take its time on each page."""
    form = QuietForm()
    form.fields.update(quote_fields(letter))
    return shown_quotes(form, letter)


class RankingForm(WorkForm):
    """What one thinks of the letters: on each criterion and on the whole, why, and where the errors are."""

    reason = LongText(required=False, max_length=5_000, label="Why")
    marks = forms.CharField(required=False, max_length=5_000)
    all_are_bad = "all are bad"

    def __init__(self, *args: Any, texts: Mapping[str, str], project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.texts = {letter: marking.shown(text) for letter, text in texts.items()}
        self.letters = list(texts)
        self.project = project
        asked = project.criteria_compared
        self.criteria = [each for each in rubric.criteria(project.rubric) if each.key in asked]
        for criterion in self.criteria:
            self.fields[f"on-{criterion.key}"] = self.criterion_field(criterion)
        if self.is_bound:
            for letter in self.letters:
                self.fields.update(quote_fields(letter))

    # --- What the template asks ------------------------------------------------------------------------------

    def criteria_fields(self) -> list[forms.BoundField]:
        return [self[f"on-{criterion.key}"] for criterion in self.criteria]

    def chips(self) -> list[tuple[str, str, bool]]:
        """Name, words, and whether chosen."""
        chosen = self._chips_sent()
        return [(f"chip-{at}", words, words in chosen) for at, words in enumerate(self.project.ranking_reasons)]

    def quotes(self, letter: str) -> SafeString:
        """Where errors are named without a script."""
        return shown_quotes(self, letter) if self.is_bound else blank_quotes(letter)

    def when_needed(self) -> str:
        if self.project.reason_required == ReasonRequired.ALL_BAD:
            return f"optional, but needed when {self.all_are_bad}"
        return "a reason or some words" if self.project.reason_required == ReasonRequired.ALWAYS else "optional"

    # --- What was sent ---------------------------------------------------------------------------------------

    def criterion_field(self, criterion: rubric.Criterion) -> forms.ChoiceField:
        return forms.ChoiceField(
            label=criterion.label,
            help_text=criterion.question,
            choices=[("", "Not judged"), *self.points()],
            required=False,
            widget=forms.RadioSelect,
        )

    def points(self) -> list[tuple[str, str]]:
        """What can be said of them on one criterion: which is the best."""
        return [(letter, f"{letter} is best") for letter in self.letters]

    def on_criterion(self, choice: str) -> dict[str, Any]:
        others = [letter for letter in self.letters if letter != choice]
        return {"order": [[choice], others], "strength": None}

    def _chips_sent(self) -> list[str]:
        sent = self.data if self.is_bound else self.initial
        return [str(sent[name]) for name in sent if CHIP.fullmatch(name) and sent[name]]

    def clean_reason(self) -> str:
        return self.cleaned_data["reason"].strip()

    def clean_marks(self) -> list[marking.Mark]:
        try:
            return marking.parse(self.cleaned_data["marks"], self.texts)
        except marking.Unclear as unclear:
            raise forms.ValidationError(str(unclear)) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned["chips"] = self._chips_sent()
        if set(cleaned["chips"]) - set(self.project.ranking_reasons):
            self.add_error("reason", "The reasons to choose from have changed meanwhile. Choose again.")
        self._clean_quotes(cleaned)
        given = cleaned["chips"] or cleaned.get("reason")
        if not given and "reason" not in self.errors and self.project.asks_why(self.is_all_bad(cleaned)):
            self.add_error("reason", self._ask_why(cleaned))
        return cleaned

    def _clean_quotes(self, cleaned: dict[str, Any]) -> None:
        found = list(cleaned.get("marks") or [])
        for letter in self.letters:
            for name, named in quote_names(letter):
                words, kind = cleaned.get(name), cleaned.get(named)
                if not words:
                    continue
                place = marking.quoted(words, self.texts[letter])
                if place is None:
                    self.add_error(name, f"These words do not stand in answer {letter}.")
                elif not kind:
                    self.add_error(name, "Say what is wrong with them.")
                else:
                    found.append(marking.Mark(letter, *place, kind))
        cleaned["marks"] = sorted(set(found))

    def _ask_why(self, cleaned: dict[str, Any]) -> str:
        if self.is_all_bad(cleaned):
            return f"Say why {self.all_are_bad}."
        return "Choose a reason, or say it in your own words."

    def is_all_bad(self, cleaned: dict[str, Any]) -> bool:
        return bool(cleaned.get("all_bad"))

    def _why(self) -> dict[str, Any]:
        """What both kinds of forms have in common."""
        return {
            "chips": self.cleaned_data["chips"],
            "reason": self.cleaned_data["reason"],
            "active_seconds": self.cleaned_data["active_seconds"],
        }

    def _on_criteria(self) -> dict[str, dict[str, Any]]:
        given = {each.key: self.cleaned_data.get(f"on-{each.key}") for each in self.criteria}
        return {key: self.on_criterion(choice) for key, choice in given.items() if choice}


class PairForm(RankingForm):
    """Two candidates: one choice of five or that both are bad, whose values are its keys as well."""

    BAD = "0"
    UNSAID = "Choose one of the six."
    SCALE = {  # value -> (order, strength)
        "1": ([["A"], ["B"]], 2),
        "2": ([["A"], ["B"]], 1),
        "3": ([["A", "B"]], None),
        "4": ([["B"], ["A"]], 1),
        "5": ([["B"], ["A"]], 2),
    }
    WORDS = {"1": "A much better", "2": "A better", "3": "Tie", "4": "B better", "5": "B much better"}
    choice = forms.ChoiceField(
        label="Which answer is better?",
        choices=[*WORDS.items(), (BAD, "Both are bad")],
        widget=forms.RadioSelect,
        error_messages={"required": UNSAID, "invalid_choice": UNSAID},
    )
    all_are_bad = "both are bad"

    def points(self) -> list[tuple[str, str]]:
        return list(self.WORDS.items())

    def is_all_bad(self, cleaned: dict[str, Any]) -> bool:
        return cleaned.get("choice") == self.BAD

    def on_criterion(self, choice: str) -> dict[str, Any]:
        order, strength = self.SCALE[choice]
        return {"order": order, "strength": strength}

    def said(self) -> Said:
        choice = self.cleaned_data["choice"]
        if choice == self.BAD:
            return Said([self.letters], all_bad=True, acceptable=0, criteria=self._on_criteria(), **self._why())
        return Said(**self.on_criterion(choice), criteria=self._on_criteria(), **self._why())


class PlacesForm(RankingForm):
    """Three and more: a place for each, and how far down they are good enough."""

    line = forms.ChoiceField(required=False, label="Good enough down to")
    all_bad = forms.BooleanField(required=False, label="All are bad")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = [str(place) for place in range(1, len(self.letters) + 1)]
        line = [("", "no line"), *((place, f"place {place}") for place in places)]
        self.fields["line"] = forms.ChoiceField(required=False, label=self.fields["line"].label, choices=line)
        for letter in self.letters:
            self.fields[place_name(letter)] = forms.ChoiceField(
                label=f"Place of {letter}",
                choices=[("", "–"), ("1", "1 (best)"), *((place, place) for place in places[1:])],
                required=False,
            )

    def place_fields(self) -> list[forms.BoundField]:
        return [self[place_name(letter)] for letter in self.letters]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("all_bad"):
            return cleaned
        unplaced = [letter for letter in self.letters if not cleaned.get(place_name(letter))]
        if unplaced:
            raise forms.ValidationError(_ask_for(unplaced))
        if cleaned.get("line") and not self._good(cleaned):
            self.add_error("line", "No answer stands above this line. Say that all are bad, or draw it lower.")
        return cleaned

    def _good(self, cleaned: dict[str, Any]) -> int:
        """How many places, from the best on, are above the line."""
        taken = {int(cleaned[place_name(letter)]) for letter in self.letters}
        return sum(place <= int(cleaned["line"]) for place in taken)

    def said(self) -> Said:
        cleaned, why = self.cleaned_data, {"criteria": self._on_criteria(), **self._why()}
        if cleaned["all_bad"]:
            return Said([self.letters], all_bad=True, acceptable=0, **why)
        places: dict[int, list[str]] = {}
        for letter in self.letters:
            places.setdefault(int(cleaned[place_name(letter)]), []).append(letter)
        acceptable = self._good(cleaned) if cleaned["line"] else None
        return Said([places[place] for place in sorted(places)], acceptable=acceptable, **why)


def place_name(letter: str) -> str:
    return f"rank-{letter.lower()}"


def ranking_form(*args: Any, texts: Mapping[str, str], project: Project, **kwargs: Any) -> PairForm | PlacesForm:
    return (PairForm if len(texts) == 2 else PlacesForm)(*args, texts=texts, project=project, **kwargs)


def filled_in(said: Said, found: list[marking.Mark], reasons: list[str]) -> dict[str, str]:
    """The fields in which somebody would have said this, in letters: what a judgement taken back leaves as a draft."""
    letters = sorted(letter for group in said.order for letter in group)
    two = len(letters) == 2
    fields = _choice_of(said) if two else _places_of(said)
    for key, on in said.criteria.items():
        fields[f"on-{key}"] = _point(on["order"], on["strength"]) if two else on["order"][0][0]
    for at, words in enumerate(reasons):
        if words in said.chips:
            fields[f"chip-{at}"] = words
    return {**fields, "reason": said.reason, "marks": marking.write(found)}


def _choice_of(said: Said) -> dict[str, str]:
    return {"choice": PairForm.BAD if said.all_bad else _point(said.order, said.strength)}


def _point(order: list[list[str]], strength: int | None) -> str:
    if len(order) == 1:
        return "3"
    return next(value for value, known in PairForm.SCALE.items() if known == (order, strength or 1))


def _places_of(said: Said) -> dict[str, str]:
    if said.all_bad:
        return {"all_bad": "on"}
    places = {place_name(letter): str(at) for at, group in enumerate(said.order, 1) for letter in group}
    return {**places, "line": str(said.acceptable or "")}


def _ask_for(unplaced: list[str]) -> str:
    if len(unplaced) == 1:
        return f"Give {unplaced[0]} a place."
    return f"Give {', '.join(unplaced[:-1])} and {unplaced[-1]} a place."
