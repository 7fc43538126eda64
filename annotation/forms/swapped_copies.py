from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms

from annotation.actions.swapped_copies import Act
from annotation.forms.quiet import QuietForm
from annotation.forms.work import LongText
from annotation.models import SwappedCopy

FIRST = {"data-first": ""}  # the key that opens its fold brings one into it
FIELDS = ("instruction", "input", "text")


class CopyForm(QuietForm):
    instruction = LongText(
        label="Instruction",
        widget=forms.Textarea(FIRST),
        error_messages={"required": "The instruction cannot be empty."},
    )
    input = LongText(label="Input", required=False)
    text = LongText(label="Response", error_messages={"required": "The response cannot be empty."})


class DismissForm(QuietForm):
    reason = forms.CharField(
        label="Why not",
        max_length=500,
        widget=forms.TextInput(FIRST),
        error_messages={"required": "Say in a few words why it is dismissed."},
    )


def texts_of(copy: SwappedCopy) -> dict[str, str]:
    return {name: getattr(copy, name) for name in FIELDS}


def form_of(act: str, copy: SwappedCopy, given: Mapping[str, Any]) -> forms.Form:
    """What is said with an act; of the texts of an approved copy those that are not given stay as proposed."""
    if act == Act.DISMISS:
        return DismissForm(given)
    return CopyForm({**texts_of(copy), **given}) if act == Act.APPROVE else QuietForm({})
