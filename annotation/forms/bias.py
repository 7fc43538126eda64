from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from annotation.forms.fields import LinesField
from annotation.models import BiasLists

Lines = list[str]


class BiasListsForm(forms.Form):
    groups = LinesField(
        label="Groups of your own",
        help_text="One per line, its name and the words that name it: Tenants: tenant, renter, lessee",
    )
    outcomes = LinesField(
        label="Outcomes",
        help_text="One per line, as above: Refused: refused, denied, turned down. Empty: the usual list.",
    )
    roles = LinesField(
        label="Party roles",
        help_text="Pairs that swapped copies exchange, one per line: landlord, tenant",
    )

    def __init__(self, data: Any = None, *, lists: BiasLists) -> None:
        initial = {
            "groups": as_lines(lists.groups),
            "outcomes": as_lines(lists.outcomes),
            "roles": [", ".join(pair) for pair in lists.roles],
        }
        super().__init__(data, initial=initial)

    def clean_groups(self) -> list[dict[str, Any]]:
        return named_from(self.cleaned_data["groups"])

    def clean_outcomes(self) -> list[dict[str, Any]]:
        return named_from(self.cleaned_data["outcomes"])

    def clean_roles(self) -> list[list[str]]:
        return pairs_from(self.cleaned_data["roles"])


def as_lines(named: list[dict[str, Any]]) -> Lines:
    return [f"{each['name']}: {', '.join(each['terms'])}" for each in named]


def named_from(lines: Lines) -> list[dict[str, Any]]:
    return _each(lines, _named)


def pairs_from(lines: Lines) -> list[list[str]]:
    return _each(lines, _pair)


def _each(lines: Lines, read: Callable[[str], Any]) -> list[Any]:
    return [read(line) for line in map(str.strip, lines) if line]


def _named(line: str) -> dict[str, Any]:
    name, colon, terms = line.partition(":")
    if not colon:
        raise ValidationError(f"“{line[:60]}” has no colon between the name and its words.")
    return {"name": name.strip(), "terms": _words(terms)}


def _pair(line: str) -> list[str]:
    pair = _words(line)
    if len(pair) != 2:
        raise ValidationError(f"“{line[:60]}” is not a pair: two roles with a comma between them.")
    return pair


def _words(text: str) -> list[str]:
    return [word for word in map(str.strip, text.split(",")) if word]
