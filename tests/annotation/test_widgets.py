"""The same fields as Django writes them, attribute by attribute."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from django import forms

from annotation.widgets import FlatSelect, Hidden, Line

NASTY = "a \"quote\" & <b>'tag'</b>"


def tags(html: str) -> list[Any]:
    found: list[Any] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: found.append((tag, sorted(attrs)))  # type: ignore[method-assign]
    parser.handle_data = lambda data: found.append(data.strip()) if data.strip() else None  # type: ignore[method-assign]
    parser.feed(html)
    return found


def form(hidden: type, line: type, select: type, **given: Any) -> forms.Form:
    class Example(forms.Form):
        version = forms.IntegerField(min_value=0, widget=hidden)
        words = forms.CharField(max_length=500, required=False, widget=line(attrs={"autocomplete": "off"}))
        kind = forms.TypedChoiceField(choices=[("", "None"), (1, "One"), ("two", NASTY)], required=False, widget=select)

    return Example(**given)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"initial": {"version": 0, "words": NASTY, "kind": 1}},
        {"initial": {"version": None, "words": None, "kind": None}},
        {"data": {"version": "x", "words": "w" * 501, "kind": "two"}},
        {"data": {"version": NASTY, "words": NASTY, "kind": NASTY}},
    ],
)
@pytest.mark.parametrize("name", ["version", "words", "kind"])
def test_it_writes_what_django_writes(given: dict[str, Any], name: str) -> None:
    ours, djangos = (
        form(Hidden, Line, FlatSelect, **given),
        form(forms.HiddenInput, forms.TextInput, forms.Select, **given),
    )
    assert tags(str(ours[name])) == tags(str(djangos[name]))
